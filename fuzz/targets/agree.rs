//! Sets that a generator makes from the bytes: the engine and the naive reading of the language agree, and evaluating
//! a result again changes nothing.

#![no_main]

use imageswap_tests_support::agree::{decided, said_to_be_idle};
use imageswap_tests_support::generate::Choices;
use imageswap_tests_support::fixed::fixed;
use imageswap_tests_support::naive::Naive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let keeps = choices.below(2) == 1;
    let mut generated = choices.files();
    let loaded = fixed(&mut generated.files, keeps);
    let idle = said_to_be_idle(&loaded);
    let texts = generated
        .files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    let naive = Naive::new(texts);
    while !choices.is_at_end() {
        let image = choices.image(&generated.forms);
        decided(loaded.set(), &idle, &naive, &image, &choices.setting().context());
    }
});

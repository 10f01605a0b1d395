//! Sets that a generator makes of the bytes: the engine and the other reading of the language decide alike, and what
//! was decided stays.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/agree.rs"]
mod agree;
#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/generate/mod.rs"]
mod generate;
#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/mended.rs"]
mod mended;
#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/naive/mod.rs"]
mod naive;
#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/support.rs"]
mod support;

use generate::Choices;

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let keeps = choices.below(2) == 1;
    let mut generated = choices.files();
    let loaded = mended::mended(&mut generated.files, keeps);
    let idle = agree::said_to_be_idle(&loaded);
    let texts = generated
        .files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    let naive = naive::Naive::new(texts);
    while !choices.is_at_end() {
        let image = choices.image(&generated.forms);
        agree::decided(loaded.set(), &idle, &naive, &image, &choices.setting().context());
    }
});

//! Laws that hold of every set of rules and every image.

use imageswap_engine::diagnostic::Code;
use proptest::collection::vec;
use proptest::prelude::*;

use super::agree::{decided, said_to_be_idle};
use super::generate::Choices;
use super::mended::{Files, apply, loaded, mend, mended};
use super::naive::Naive;

proptest! {
    #[test]
    fn both_readings_agree_and_deciding_twice_is_deciding_once(
        rules in vec(any::<u8>(), 0..300),
        images in vec(any::<u8>(), 0..400),
        keeps in any::<bool>(),
    ) {
        let mut generated = Choices::new(&rules).files();
        let loaded = mended(&mut generated.files, keeps);
        let set = loaded.set();
        let idle = said_to_be_idle(&loaded);
        let naive = Naive::new(generated.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let mut choices = Choices::new(&images);
        while !choices.is_at_end() {
            let image = choices.image(&generated.forms);
            decided(set, &idle, &naive, &image, &choices.setting().context());
        }
    }

    #[test]
    fn the_keep_that_is_offered_mends_a_circle(rules in vec(any::<u8>(), 0..300)) {
        let mut files = Choices::new(&rules).files().files;
        mended_up_to_circles(&mut files);
        for _ in 0..20 {
            let loaded = loaded(&files);
            let circles: Vec<_> = loaded
                .errors()
                .into_iter()
                .filter(|error| error.code == Code::CIRCLE && error.suggestion.is_some())
                .cloned()
                .collect();
            let Some(circle) = circles.first() else { return Ok(()) };
            apply(&mut files, &loaded.sources, circle.suggestion.as_ref().unwrap());
        }
        prop_assert!(false, "{files:?}\n{}", loaded(&files).short());
    }
}

/// Leaves out what has any other error.
fn mended_up_to_circles(files: &mut Files) {
    for _ in 0..200 {
        let loaded = loaded(files);
        let errors = loaded.errors();
        let Some(error) = errors
            .iter()
            .find(|error| error.code != Code::CIRCLE && error.code != Code::TEST_FAILED)
        else {
            return;
        };
        mend(files, &loaded, error, false);
    }
    panic!("{files:?}\n{}", loaded(files).short());
}

//! Laws of comparing.

use imageswap_engine::compare::{Cases, Comparison, difference};
use imageswap_engine::rules::{Effect, RuleSet};

use super::mutate::Mutation;
use super::share::{Bytes, generated};
use crate::mended::loaded;

/// The differences over the images that are made, as text.
fn differences(old: &RuleSet, new: &RuleSet) -> Vec<(String, String, String)> {
    Cases::new(&[old, new])
        .filter_map(|case| {
            let context = case.setting.context();
            let found = difference(old, new, &case.image, &context)?;
            // What differs is what two decisions say.
            assert_eq!(found.old, old.decide(&case.image, &context));
            assert_eq!(found.new, new.decide(&case.image, &context));
            let case = format!("{} {}", case.image, case.setting);
            Some((
                case,
                format!("{:?}", found.old.effect),
                format!("{:?}", found.new.effect),
            ))
        })
        .collect()
}

#[test]
fn a_set_does_not_differ_from_itself_and_a_comparison_has_two_sides() {
    let mut bytes = Bytes::new(3);
    let mut count = 0;
    for _ in 0..300 {
        let files = generated(&mut bytes).files;
        let first = loaded(&files);
        assert_eq!(differences(first.set(), first.set()), []);
        assert_eq!(Comparison::new(first.set(), first.set()).changes.all(), []);
        for mutation in Mutation::ALL {
            let Some(other) = mutation.of(&files, &bytes.take(8)) else {
                continue;
            };
            let second = loaded(&other);
            if !second.errors().is_empty() {
                continue;
            }
            let there: std::collections::BTreeSet<_> =
                differences(first.set(), second.set()).into_iter().collect();
            for (case, old, new) in differences(second.set(), first.set()) {
                // Which images are made depends a little on which set comes first.
                if let Some((_, was, is)) = there.iter().find(|(known, _, _)| *known == case) {
                    assert_eq!((was, is), (&new, &old), "{case}\n{files:?}\n{other:?}");
                }
            }
            count += there.len();
        }
    }
    assert!(count > 1_000, "{count}");
}

#[test]
fn an_image_that_is_spelled_otherwise_is_no_difference() {
    let short = crate::support::load_text("rules v1\nswap quay.io/a/nginx -> docker.io/nginx\n");
    let long = crate::support::load_text("rules v1\nswap quay.io/a/nginx -> docker.io/library/nginx\n");
    assert!(differences(short.set(), long.set()).is_empty());
    let map = |target: &str| {
        let files = [("maps".to_owned(), format!("[EXACT]a/nginx::{target}\n"))];
        crate::support::load(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    };
    let (short, long) = (map("nginx"), map("docker.io/library/nginx"));
    let decided = |set: &RuleSet| {
        set.decide("a/nginx", &imageswap_engine::rules::Context::default())
            .effect
    };
    assert_eq!(decided(short.set()), Effect::Swap("nginx".to_owned()));
    assert_eq!(
        decided(long.set()),
        Effect::Swap("docker.io/library/nginx".to_owned())
    );
    assert!(differences(short.set(), long.set()).is_empty());
}

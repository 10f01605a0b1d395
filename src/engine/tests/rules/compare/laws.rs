//! Laws of comparing.

use imageswap_engine::compare::{Cases, Comparison, difference};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::rules::Effect;
use imageswap_tests_support::loaded::{load, load_text};
use imageswap_tests_support::mended::loaded;

use super::mutate::Mutation;
use super::share::{Bytes, generated};

/// The differences over the images that are made, as text.
fn differences(old: &RuleSet, new: &RuleSet) -> Vec<(String, String, String)> {
    Cases::new(&[old, new])
        .filter_map(|case| {
            let context = case.setting.context();
            let found = difference(old, new, &case.image, &context)?;
            // What differs is what two decisions say.
            assert_eq!(found.old, old.evaluate(&case.image, &context));
            assert_eq!(found.new, new.evaluate(&case.image, &context));
            let case = format!("{} {}", case.image, case.setting);
            Some((
                case,
                format!("{:?}", found.old.effect()),
                format!("{:?}", found.new.effect()),
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
    let short = load_text("rules v1\nswap quay.io/a/nginx -> docker.io/nginx\n");
    let long = load_text("rules v1\nswap quay.io/a/nginx -> docker.io/library/nginx\n");
    assert!(differences(short.set(), long.set()).is_empty());
    let map = |target: &str| {
        let files = [("maps".to_owned(), format!("[EXACT]a/nginx::{target}\n"))];
        load(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    };
    let (short, long) = (map("nginx"), map("docker.io/library/nginx"));
    let decided = |set: &RuleSet| {
        set.evaluate("a/nginx", &imageswap_engine::context::Context::default())
            .into_effect()
    };
    assert_eq!(decided(short.set()), Effect::Swap("nginx".to_owned()));
    assert_eq!(
        decided(long.set()),
        Effect::Swap("docker.io/library/nginx".to_owned())
    );
    assert!(differences(short.set(), long.set()).is_empty());
}

/// Asserts that each change of a rule shows in an image that is made, in either direction.
#[track_caller]
fn assert_seen(one: &str, other: &str) {
    let [one, other] = [one, other].map(|rules| load_text(&format!("rules v1\nhome h.io/\n{rules}\n")));
    assert!(!differences(one.set(), other.set()).is_empty());
    assert!(!differences(other.set(), one.set()).is_empty());
}

#[test]
fn a_value_that_a_long_list_loses_is_seen() {
    let teams: Vec<String> = (0..60).map(|number| format!("team-{number}")).collect();
    let all = teams.join(", ");
    for lost in ["team-0, ", "team-42, ", ", team-59"] {
        let fewer = all.replace(lost, "");
        for rules in [
            "swap docker.io/ -> h.io/hub/ when namespace TEAMS",
            "keep x.io/ when not namespace TEAMS\nswap x.io/a/ -> h.io/x/",
            "keep x.io/ when namespace TEAMS\nswap x.io/a/ -> h.io/x/",
            "keep ** when not namespace TEAMS\nswap x.io/ -> h.io/x/",
            "deny **:latest when kind Pod and not label team=TEAMS",
        ] {
            assert_seen(&rules.replace("TEAMS", &all), &rules.replace("TEAMS", &fewer));
        }
    }
}

#[test]
fn what_one_pattern_of_a_rule_matches_and_the_other_does_not_is_seen() {
    for (one, other) in [
        ("written quay.io/[uv]*", "written quay.io/[u]*"),
        ("written quay.io/?", "written quay.io/[ab]"),
        ("written quay.io/[a-y]/*", "written quay.io/[ac-y]/*"),
        ("quay.io/team*/", "quay.io/team*-7/"),
    ] {
        assert_seen(&format!("deny {one} as it"), &format!("deny {other} as it"));
        assert_seen(
            &format!("deny quay.io/a/** as first\nwarn {one} as it"),
            &format!("deny quay.io/a/** as first\nwarn {other} as it"),
        );
    }
}

#[test]
fn a_condition_that_tells_in_few_names_alone_is_seen() {
    assert_seen(
        "deny **\ndeny **/app when namespace *",
        "deny ** when operation create\ndeny **/app when namespace *",
    );
}

#[test]
fn what_the_caller_is_told_and_the_pull_secrets_are_compared() {
    assert_seen("keep quay.io/ pull-secret a", "keep quay.io/ pull-secret b");
    assert_seen("deny quay.io/ because \"a\"", "deny quay.io/ because \"b\"");
    assert_seen("warn quay.io/ because \"a\"", "warn quay.io/ because \"b\"");
    assert_seen("warn quay.io/", "warn quay.io/\nwarn quay.io/a/");
}

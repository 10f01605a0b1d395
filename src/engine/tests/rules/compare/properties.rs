//! Properties of a comparison.

use imageswap_engine::compare::{Cases, Comparison, difference};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::rules::Effect;
use imageswap_tests_support::fixed::loaded;
use imageswap_tests_support::loaded::{load, load_text};

use super::coverage::{Bytes, generated};
use super::mutate::Mutation;

/// Returns the differences over the sample images, as text.
fn differences(old: &RuleSet, new: &RuleSet) -> Vec<(String, String, String)> {
    let mut comparison = Comparison::new(old, new);
    Cases::new(&[old, new])
        .filter_map(|case| {
            let context = case.setting.context();
            let found = difference(old, new, &case.image, &context);
            // Evaluations that share their rounds differ for the same images.
            assert_eq!(comparison.cause(&case).is_some(), found.is_some(), "{case:?}");
            let found = found?;
            // A difference has the decisions of both sets.
            assert_eq!(found.old, old.evaluate(&case.image, &context));
            assert_eq!(found.new, new.evaluate(&case.image, &context));
            // The outcomes that people see are those of the decisions.
            let outcomes = comparison.outcomes(&case).unwrap();
            for (outcome, decision) in outcomes.iter().zip([&found.old, &found.new]) {
                assert_eq!(outcome.effect, *decision.effect(), "{case:?}");
                assert_eq!(outcome.warnings, decision.warnings());
                assert_eq!(outcome.pull_secrets, decision.pull_secrets());
                let denied_by = decision.last_rule().filter(|_| outcome.effect == Effect::Deny);
                assert_eq!(outcome.denied_by, denied_by);
            }
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
fn set_does_not_differ_from_itself() {
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
                // The sample images depend slightly on the order of the sets.
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
fn other_spelling_is_not_a_difference() {
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

/// Asserts that a sample image shows each change of a rule, in either direction.
#[track_caller]
fn assert_seen(one: &str, other: &str) {
    let [one, other] = [one, other].map(|rules| load_text(&format!("rules v1\nhome h.io/\n{rules}\n")));
    assert!(!differences(one.set(), other.set()).is_empty());
    assert!(!differences(other.set(), one.set()).is_empty());
}

#[test]
fn value_removed_from_a_long_list_is_found() {
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
fn image_of_only_one_pattern_is_found() {
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
fn condition_that_matters_for_few_names_is_found() {
    assert_seen(
        "deny **\ndeny **/app when namespace *",
        "deny ** when operation create\ndeny **/app when namespace *",
    );
}

#[test]
fn warnings_denials_and_pull_secrets_are_compared() {
    assert_seen("keep quay.io/ pull-secret a", "keep quay.io/ pull-secret b");
    assert_seen("deny quay.io/ because \"a\"", "deny quay.io/ because \"b\"");
    assert_seen("warn quay.io/ because \"a\"", "warn quay.io/ because \"b\"");
    assert_seen("warn quay.io/", "warn quay.io/\nwarn quay.io/a/");
}

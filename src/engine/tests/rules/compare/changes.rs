//! The rules that two sets share, and the change that causes a difference.

use imageswap_engine::compare::{Cause, Change, Comparison};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::{Case, Setting};
use imageswap_engine::rules::RuleId;
use imageswap_tests_support::loaded::load_text;

const HEAD: &str = "rules v1\nhome h.io/\n";

/// Returns the changes from one set to another: kind, old and new name.
fn changes(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (
        load_text(&format!("{HEAD}{old}")),
        load_text(&format!("{HEAD}{new}")),
    );
    let comparison = Comparison::new(old.set(), new.set());
    let name = |set: &RuleSet, rule: Option<RuleId>| {
        rule.map_or("-".into(), |rule| set.rule_name(rule).into_owned())
    };
    let line = |change: &imageswap_engine::compare::RuleChange| {
        format!(
            "{:?}{} {} {}",
            change.change,
            if change.is_moved && change.change != Change::Moved {
                " and moved"
            } else {
                ""
            },
            name(old.set(), change.old),
            name(new.set(), change.new)
        )
    };
    comparison.changes.all().iter().map(line).collect()
}

#[test]
fn rule_is_matched_by_name_or_by_text() {
    assert_eq!(
        changes(
            "swap quay.io/ -> h.io/a/ as quay\n",
            "swap ghcr.io/ -> h.io/b/ as quay\n"
        ),
        ["Changed quay quay"]
    );
    assert_eq!(
        changes(
            "keep a.io/\nkeep b.io/\n",
            "# a comment\nkeep a.io/\nkeep b.io/\n"
        ),
        [""; 0]
    );
    assert_eq!(
        changes(
            "swap quay.io/ -> h.io/a/\n",
            "swap quay.io/ -> h.io/b/ when kind Pod\n"
        ),
        ["Changed a.rules:3 a.rules:3"]
    );
    assert_eq!(
        changes("swap quay.io/ -> h.io/a/\n", "swap gcr.io/ -> h.io/a/\n"),
        ["Changed a.rules:3 a.rules:3"]
    );
    assert_eq!(
        changes("keep quay.io/\n", "deny quay.io/\n"),
        ["Changed a.rules:3 a.rules:3"]
    );
    assert_eq!(
        changes("deny quay.io/ because \"a\"\n", "deny quay.io/ because \"b\"\n"),
        ["Changed a.rules:3 a.rules:3"]
    );
    assert_eq!(
        changes("keep quay.io/\n", "keep gcr.io/\n"),
        ["Removed a.rules:3 -", "Added - a.rules:3"]
    );
}

#[test]
fn only_rules_in_another_order_have_moved() {
    let rules = ["keep a.io/\n", "keep b.io/\n", "keep c.io/\n", "keep d.io/\n"];
    let [a, b, c, d] = rules;
    assert_eq!(
        changes(&rules.concat(), &[b, c, d, a].concat()),
        ["Moved a.rules:3 a.rules:6"]
    );
    assert_eq!(
        changes(&rules.concat(), &[a, "keep x.io/\n", b, d].concat()),
        ["Added - a.rules:4", "Removed a.rules:5 -",]
    );
    assert_eq!(
        changes(&rules.concat(), &[d, a, "deny b.io/\n", c].concat()),
        ["Moved a.rules:6 a.rules:3", "Changed a.rules:4 a.rules:5"]
    );
}

#[test]
fn rule_turned_off_or_on_is_not_a_changed_rule() {
    let rule = "swap quay.io/ -> h.io/ as quay\n";
    let off = format!("{rule}off quay\n");
    assert_eq!(changes(rule, &off), ["Off quay quay"]);
    assert_eq!(changes(&off, rule), ["On quay quay"]);
}

#[test]
fn changed_constant_or_header_changes_its_rules() {
    let rule = |hub: &str| format!("let hub = {hub}\nswap quay.io/ -> {{hub}}/\n");
    assert_eq!(
        changes(&rule("h.io"), &rule("g.io")),
        ["Changed a.rules:4 a.rules:4"]
    );
}

/// Returns the cause of the difference of an image: the names of the rule before and after.
fn cause(old: &str, new: &str, image: &str) -> String {
    let (old, new) = (load_text(old), load_text(new));
    let mut comparison = Comparison::new(old.set(), new.set());
    match comparison.cause(&Case::new(image, &Setting::default())).unwrap() {
        Cause::Rule(place) => {
            let change = &comparison.changes.all()[place];
            let name = |set: &RuleSet, rule: Option<RuleId>| {
                rule.map_or("-".into(), |rule| set.rule_name(rule).into_owned())
            };
            format!(
                "{:?} {} {}",
                change.change,
                name(old.set(), change.old),
                name(new.set(), change.new)
            )
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn difference_has_the_change_that_causes_it() {
    let base = "rules v1\nhome h.io/\nswap quay.io/x/ -> h.io/x/ as x\nswap quay.io/ -> h.io/quay/ as quay\ndeny h.io/quay/bad/ as bad\n";
    let with = |from: &str, to: &str| base.replacen(from, to, 1);
    assert_eq!(
        cause(base, &with("h.io/x/ as", "h.io/y/ as"), "quay.io/x/a"),
        "Changed x x"
    );
    assert_eq!(
        cause(
            base,
            &with("swap quay.io/x/ -> h.io/x/ as x\n", ""),
            "quay.io/x/a"
        ),
        "Removed x -"
    );
    assert_eq!(
        cause(
            base,
            &with("home h.io/\n", "home h.io/\nkeep quay.io/z/ as z\n"),
            "quay.io/z/a"
        ),
        "Added - z"
    );
    // The evaluations differ in a later round.
    assert_eq!(
        cause(base, &with("deny h.io/quay/bad/ as bad\n", ""), "quay.io/bad/a"),
        "Removed bad -"
    );
    let moved = "rules v1\nhome h.io/\nswap quay.io/ -> h.io/quay/ as quay\nswap quay.io/x/ -> h.io/x/ as x\ndeny h.io/quay/bad/ as bad\n";
    assert!(cause(base, moved, "quay.io/x/a").starts_with("Moved "));
    let home = "rules v1\nhome h.io/, a.io/\nswap ** -> h.io/{path}\n";
    assert_eq!(
        cause("rules v1\nhome h.io/\nswap ** -> h.io/{path}\n", home, "a.io/x"),
        "Home"
    );
}

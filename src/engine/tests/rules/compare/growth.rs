//! The time to load and to compare sets grows with the number of their rules, whatever their patterns have in common.
//!
//! The times are CPU times of one thread, and only their ratios within one run are compared. For four times the rules,
//! linear work takes four times as long, and quadratic work 16 times.

use std::fs;
use std::time::Duration;

use imageswap_engine::compare::{Cases, Comparison};
use imageswap_tests_support::growth::{KINDS, Kind, rules};
use imageswap_tests_support::loaded::load_text;

const FEW: usize = 400;
const MANY: usize = 4 * FEW;

/// Returns the CPU time of the thread.
fn cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// Loads two sets and compares them. Returns the time, and the number of images that differ.
fn compared(old: &str, new: &str) -> (Duration, usize) {
    let begin = cpu_time();
    let (old, new) = (load_text(old), load_text(new));
    let (old, new) = (old.set(), new.set());
    let mut comparison = Comparison::new(old, new);
    let differ = Cases::new(&[old, new]).filter(|case| comparison.cause(case).is_some());
    let differ = differ.count();
    (cpu_time() - begin, differ)
}

/// Compares sets of few and of many rules, and asserts the ratio of the times.
#[track_caller]
fn assert_linear(kind: Kind, change: impl Fn(Kind, usize) -> String) {
    let (mut least, mut found) = (f64::MAX, Vec::new());
    // Other processes disturb a run, so the best of a few counts.
    for _ in 0..3 {
        let [few, many] = [FEW, MANY].map(|count| compared(&rules(kind, 0, count), &change(kind, count)));
        found = vec![few.1, many.1];
        least = least.min(many.0.as_secs_f64() / few.0.as_secs_f64());
        if least < 7.0 {
            break;
        }
    }
    println!(
        "{}: {least:.1} for four times the rules, {found:?} images differ",
        kind.0
    );
    assert!(least < 9.0, "{}: {least}", kind.0);
}

#[test]
fn time_grows_with_the_number_of_changed_rules() {
    for kind in KINDS {
        assert_linear(kind, |kind, count| rules(kind, 3 * count, count));
    }
}

#[test]
fn time_grows_with_the_number_of_equal_rules() {
    for kind in KINDS {
        assert_linear(kind, |kind, count| rules(kind, 0, count));
    }
}

#[test]
fn time_grows_with_the_number_of_removed_rules() {
    for kind in KINDS {
        assert_linear(kind, |_, _| "rules v1\n".to_owned());
    }
}

#[test]
fn pair_of_rules_is_found_among_all_rules_of_a_small_set() {
    let others: String = (0..140)
        .map(|number| format!("keep r{number}.example.com/a/b/\n"))
        .collect();
    let old = format!("rules v1\n{others}deny a.example.com/x/\n");
    let new = format!("rules v1\nkeep **/*qqq*:v1.2*\n{others}deny a.example.com/x/\n");
    // Only an image such as `a.example.com/x/qqq:v1.2` is denied by the old set and kept by the new one.
    assert!(compared(&old, &new).1 > 0);
}

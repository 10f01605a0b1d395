//! Reviews that are interrupted.

use std::cell::Cell;
use std::fmt::Write as _;

use imageswap_engine::admission::{Caller, ReviewError, review};
use imageswap_engine::rules::Interrupt;
use imageswap_tests_support::loaded::load;
use serde_json::json;

use crate::support::{of_pod, policy};

fn body(images: usize, image: &str) -> Vec<u8> {
    let containers: Vec<_> = (0..images)
        .map(|number| json!({"name": format!("c{number}"), "image": image}))
        .collect();
    of_pod(json!({"name": "a"}), json!({"containers": containers}))
}

/// Returns the number of times that the interrupt was asked, and the error.
fn asked(rules: &str, body: &[u8], due_after: usize) -> (usize, Option<ReviewError>) {
    let loaded = load([("a.rules", rules)]);
    let asked = Cell::new(0);
    let is_due = || {
        asked.set(asked.get() + 1);
        asked.get() > due_after
    };
    let interrupt = Interrupt::new(&is_due);
    let caller = Caller {
        interrupt: Some(&interrupt),
        ..Caller::default()
    };
    let error = review(body, &policy(loaded.set()), &caller).err();
    (asked.get(), error)
}

#[test]
fn small_review_is_never_asked() {
    let (asked, error) = asked(
        "rules v1\nswap docker.io/ -> h.example.com/\n",
        &body(20, "nginx"),
        0,
    );
    assert_eq!((asked, error), (0, None));
}

#[test]
fn review_ends_soon_after_it_is_due() {
    let mut denials = "rules v1\n".to_owned();
    let mut warnings = denials.clone();
    let mut chain = denials.clone();
    for number in 0..2_000 {
        writeln!(
            denials,
            "deny docker.io/ when place init and not label team{number}"
        )
        .unwrap();
        writeln!(warnings, "warn written * when not namespace x{number}").unwrap();
        writeln!(chain, "swap docker.io/a{number} -> docker.io/a{}", number + 1).unwrap();
    }
    let many = "rules v1\nkeep docker.io/\n".to_owned();
    let long = format!("docker.io/{}", "a/".repeat(100) + "b");
    for (rules, body) in [
        // Many images, many rules of one image, many rounds, and images that are long.
        (&many, body(2_000, "nginx")),
        (&denials, body(1, "nginx")),
        (&warnings, body(1, "nginx")),
        (&chain, body(1, "a0")),
        (&many, body(1_000, &long)),
    ] {
        let (all, error) = asked(rules, &body, usize::MAX);
        assert!(all >= 2 && error.is_none(), "{all}, {error:?}");
        for due_after in [0, all / 2, all - 1] {
            let (asked, error) = asked(rules, &body, due_after);
            assert_eq!((asked, error), (due_after + 1, Some(ReviewError::Interrupted)));
        }
    }
}

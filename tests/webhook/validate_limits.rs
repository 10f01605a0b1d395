//! Limits of `POST /validate`: length of the message, time and memory.

use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Answer, eventually};
use serde_json::{Value, json};

use super::validate::{create, mounted, review, serve};

#[test]
fn message_is_bounded_with_a_count_of_the_rest() {
    let (_rules, server) = mounted();
    let text = format!("rules v1\n{}", "swop quay.io/ -> x.io/\n".repeat(1000));
    let message = create(&server, json!({"10-a.rules": text})).denial().unwrap();
    assert!(message.contains(": 1000 errors\n"), "{message}");
    assert!(
        message.ends_with("\n\nand 990 more errors; run `imageswap check` to see all"),
        "{message}"
    );
    assert!(message.len() < 9 << 10, "{}", message.len());
    let long = format!("rules v1\nswop {}\n", "ü".repeat(300_000));
    let message = create(&server, json!({"10-a.rules": long})).denial().unwrap();
    assert!(message.len() < 9 << 10, "{}", message.len());
}

#[test]
fn evaluations_wait_for_one_another_and_end_at_the_deadline() {
    let (_rules, server) = mounted();
    // A set that takes a while to compile.
    let rule = |number: usize| format!("swap r{number}.example.com/ -> h.example.com/m{number}/\n");
    let text = format!("rules v1\n{}", (0..15_000).map(rule).collect::<String>());
    let slow = review("CREATE", Value::Null, json!({"x.rules": text})).to_string();
    let (server, slow) = (&server, slow.as_bytes());
    thread::scope(|scope| {
        let clients: Vec<_> = (0..40)
            .map(|_| scope.spawn(|| server.connect().post("/validate?timeout=1s", slow)))
            .collect();
        // Reviews of Pods go on meanwhile.
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(500) {
            let asked = Instant::now();
            assert!(server.swap("quay.io/x").is_some());
            assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        }
        let answers: Vec<Answer> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        let late = answers.iter().filter(|answer| answer.status == 408).count();
        tell!("{late} of 40 evaluations of 15,000 rules passed the deadline of 1 s");
        assert!((1..40).contains(&late), "{late}");
        for answer in answers.iter().filter(|answer| answer.status != 408) {
            assert_eq!(answer.denial(), None);
        }
        // Some begin so late that the rest of their body misses the deadline.
        let count = |outcome: &str| server.metric("imageswap_requests_total", outcome);
        assert!(count("outcome=\"timed-out\"") > 0.0);
        assert_eq!(
            count("outcome=\"timed-out\"") + count("outcome=\"too-slow\""),
            late as f64
        );
    });
    // None of them is left over.
    eventually("the end of the evaluations", || {
        server.connect().post("/validate?timeout=10s", slow).status == 200
    });
}

#[test]
fn hostile_reviews_stay_below_the_memory_limit() {
    let (rules, server) = mounted();
    drop(server);
    let lines = |length: usize| {
        let mut map = "default::\n".to_owned();
        for number in 0.. {
            if map.len() > length - 100 {
                return map;
            }
            map.push_str(&format!("r{number}.example.com::h.example.com/m{number}\n"));
        }
        unreachable!()
    };
    let rule = |number: usize| format!("swap r{number}.example.com/ -> h.example.com/m{number}/\n");
    let swaps = format!("rules v1\n{}", (0..15_000).map(rule).collect::<String>());
    let bad_lines = |line: &str| line.repeat(24_000);
    for (data, is_allowed) in [
        (json!({"maps": lines(7 << 20)}), false),
        (json!({"maps": lines(1 << 20)}), true),
        (json!({"a.rules": swaps}), true),
        (json!({"maps": "x\n".repeat((1 << 19) - 10)}), true),
        (json!({"maps": bad_lines("a b c d e f g h i\n")}), true),
        (json!({"a.rules": bad_lines("x\n")}), false),
        (json!({"a.rules": "x\n".repeat((1 << 19) - 10)}), false),
        (json!({"a.rules": bad_lines("swop a.io -> b.io\n")}), false),
        (
            json!({"a.rules": format!("rules v1\n{}", bad_lines("swap {a} -> {b}\n"))}),
            false,
        ),
    ] {
        let server = serve(rules.path());
        let body = review("CREATE", Value::Null, data).to_string();
        let started = Instant::now();
        let answer = server.connect().post("/validate", body.as_bytes());
        assert_eq!(answer.review()["response"]["allowed"], is_allowed);
        tell!(
            "{} bytes are validated in {:?}, with {} MiB",
            body.len(),
            started.elapsed(),
            server.peak_memory() >> 10
        );
        thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| server.connect().post("/validate?timeout=20s", body.as_bytes()));
            }
        });
        let peak = server.peak_memory() >> 10;
        tell!("12 at once: {peak} MiB");
        assert!(peak < 160, "{peak} MiB");
    }
}

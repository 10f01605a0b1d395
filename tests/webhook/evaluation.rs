//! The time of evaluations: their deadline, the requests beside them, and patterns with several wildcards.

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Connection, Server, Start, eventually, pod};

use crate::IMAGESWAP;

/// Returns a webhook with rules, one for each number that the text is made with.
fn serve(count: usize, rule: impl Fn(usize) -> String) -> (tempfile::TempDir, Server) {
    let rules = tempfile::tempdir().unwrap();
    let mut text = "rules v1\nhome h.example.com/\n".to_owned();
    for number in 0..count {
        writeln!(text, "{}", rule(number)).unwrap();
    }
    fs::write(rules.path().join("a.rules"), text).unwrap();
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(&rules.path().join("a.rules"))
        .serve();
    (rules, server)
}

/// An image of 230 bytes whose segments begin as those of the patterns do.
fn long_image() -> String {
    format!("a.example.com/{}b", "a/".repeat(107))
}

/// Number of slow rules, by which the evaluation of 900 long images takes more than a minute: many times the deadline.
pub(crate) const SLOW: usize = 20_000;

/// A rule that matches no long image, although its pattern begins as they do. It loads at once, and the index cannot
/// exclude it, since it has no two characters in a row.
pub(crate) fn slow_rule(number: usize) -> String {
    let [one, two, three, four] = [1, 26, 26 * 26, 26 * 26 * 26].map(|place| letter(number / place));
    format!("deny written a*[bc]{one}*[bc]{two}*[bc]{three}*[bc]{four}*")
}

fn letter(number: usize) -> char {
    char::from(b'a' + u8::try_from(number % 26).unwrap())
}

pub(crate) fn slow_pod(images: usize) -> Vec<u8> {
    pod(&vec![long_image().as_str(); images])
}

#[test]
fn evaluation_ends_at_the_deadline() {
    let (_rules, server) = serve(SLOW, slow_rule);
    // One is large by its length, and one only by its time.
    for images in [10_000, 900] {
        let body = slow_pod(images);
        let started = Instant::now();
        let answer = server.connect().post("/?timeout=1s", &body);
        let took = started.elapsed();
        tell!(
            "{images} images and {SLOW} rules: {} after {took:?}",
            answer.status
        );
        assert_eq!(answer.status, 408, "{}", answer.text());
        assert_eq!(
            answer.text(),
            "imageswap: the evaluation did not end before the deadline\n"
        );
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
    assert!(server.metric("imageswap_requests_total", "outcome=\"timed-out\"") >= 2.0);
    // The webhook works on.
    assert_eq!(server.post(&pod(&["nginx"])).status, 200);
}

#[test]
fn evaluation_ends_if_its_caller_is_gone() {
    let (_rules, server) = serve(SLOW, slow_rule);
    let body = slow_pod(10_000);
    // As many as run at once on any machine.
    let connections = [(); 2].map(|()| {
        let mut connection = server.connect();
        connection.send_post("/", &body).unwrap();
        connection
    });
    let used = || {
        let before = server.cpu_time();
        thread::sleep(Duration::from_millis(500));
        server.cpu_time() - before
    };
    eventually("the start of the evaluations", || {
        used() > Duration::from_millis(50)
    });
    drop(connections);
    eventually("the end of the evaluations", || {
        used() < Duration::from_millis(50)
    });
}

#[test]
fn probes_and_small_reviews_are_answered_beside_large_ones() {
    let (_rules, server) = serve(SLOW, slow_rule);
    let (server, body) = (&server, &slow_pod(10_000));
    let address = server.address;
    thread::scope(|scope| {
        // More than there are workers, on a machine of any size that the tests run on.
        let clients: Vec<_> = (0..2 * thread::available_parallelism().unwrap().get())
            .map(|_| scope.spawn(move || Connection::open(address).post("/?timeout=3s", body).status))
            .collect();
        thread::sleep(Duration::from_millis(500));
        let (mut slowest, mut count) = (Duration::ZERO, 0);
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(2) {
            let asked = Instant::now();
            assert_eq!(server.get("/readyz").status, 200);
            assert_eq!(server.get("/healthz").status, 200);
            slowest = slowest.max(asked.elapsed() / 2);
            // All slow rules are examined for it.
            assert_eq!(server.post(&pod(&["nginx"])).status, 200);
            count += 1;
        }
        tell!(
            "{count} times two probes and a small review beside large ones, the slowest probes in {slowest:?}"
        );
        assert!(slowest < Duration::from_secs(1), "{slowest:?}");
        assert!(count > 3, "{count}");
        for client in clients {
            assert_eq!(client.join().unwrap(), 408);
        }
    });
}

#[test]
fn several_wildcards_cost_about_as_much_as_one() {
    // As many as the index examines one by one.
    const RULES: usize = 60;
    const IMAGES: usize = 10_000;
    let segments = long_image();
    let letters = format!("a.example.com/{}", "a".repeat(216));
    let tag = format!("a.example.com/b:{}", "a".repeat(120));
    // The first of each group has one wildcard, which reads the image to its end.
    let groups = [
        vec![
            (&letters, "written a*b{}"),
            (&letters, "written a*x*b{}"),
            (&letters, "written *a*a*a*b{}*a"),
            (&letters, "written a*[ab]aaa?aaa?aaa?b{}*a"),
        ],
        vec![
            (&letters, "a.example.com/*/b{}"),
            (&segments, "a.example.com/**/a*b{}*/**/b"),
            (&segments, "a.example.com/**/a*/a*/a*/b{}*/**/b"),
            (&segments, "**/a*b{}*/**/b"),
            (&segments, "a.example.com/**/b{}*/"),
            (&letters, "a.example.com/*a*b{}*a"),
            (&tag, "a.example.com/b:a*b{}*a*a"),
        ],
    ];
    for group in groups {
        let servers: Vec<_> = group
            .iter()
            .map(|(image, pattern)| {
                let rule = |number: usize| {
                    let name = String::from_iter([letter(number / 26), letter(number)]);
                    format!("deny {}", pattern.replace("{}", &name))
                };
                (serve(RULES, rule), pod(&vec![image.as_str(); IMAGES]))
            })
            .collect();
        // Less than half of it is other work, so the least of several runs is compared.
        let mut least = vec![Duration::MAX; group.len()];
        for _ in 0..4 {
            for (((_, server), body), least) in servers.iter().zip(&mut least) {
                let before = server.cpu_time();
                let answer = server.post(body);
                assert_eq!((answer.status, answer.images().len()), (200, 0));
                *least = (*least).min(server.cpu_time() - before);
            }
        }
        let one = least[0];
        for ((_, pattern), took) in group.iter().zip(least) {
            let ratio = took.as_secs_f64() / one.as_secs_f64();
            tell!("{pattern}: {took:?} of CPU time, {ratio:.2} of one wildcard");
            // Twice as much, and the precision of the clock.
            assert!(
                took <= 3 * one + Duration::from_millis(50),
                "{pattern}: {took:?}, {one:?}"
            );
        }
    }
}

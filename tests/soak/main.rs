//! A soak: two replicas, clients that behave, reloads every second and attacks one after another, for as long as
//! `IMAGESWAP_TEST_SOAK` says, in seconds. `tests/soak/run` sets it.
//!
//! Of the clients that behave, no request fails. Memory and descriptors of the replica that is never ended are the same
//! at the end as after the first quiet time, within a tenth and what the allocator keeps.

mod attacks;
mod clients;
mod replicas;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use attacks::{ATTACKS, Attack};
use clients::Clients;
use replicas::{Figures, Replicas};

/// Program under test.
const IMAGESWAP: &str = env!("CARGO_BIN_EXE_imageswap");

/// Memory that the allocator keeps of long attacks, in KiB: parts of pages in the arena of each thread. It is reached after
/// some minutes, and does not grow then.
const OF_ALLOCATOR: u64 = 2 << 10;

/// Time without attacks before figures are taken. Connections without a review are closed after ten seconds.
const QUIET: Duration = Duration::from_secs(11);

/// Times of a soak.
struct Plan {
    whole: Duration,
    /// Time of an attack before the first figures.
    first: Duration,
    /// Time of an attack after them.
    attack: Duration,
}

impl Plan {
    /// Returns the plan for a time: the first figures are those after about a minute, or in a short soak after 15 seconds.
    fn new(whole: Duration) -> Self {
        let [first, attack] = match whole >= Duration::from_secs(300) {
            true => [6_000, 15_000],
            false => [500, 4_000],
        };
        Self {
            whole,
            first: Duration::from_millis(first),
            attack: Duration::from_millis(attack),
        }
    }
}

fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "soak: {what}");
}

#[test]
fn clients_that_behave_are_served_through_reloads_restarts_and_attacks() {
    let Ok(seconds) = std::env::var("IMAGESWAP_TEST_SOAK") else {
        return say("not run, because IMAGESWAP_TEST_SOAK is not set");
    };
    let seconds: u64 = seconds
        .parse()
        .expect("IMAGESWAP_TEST_SOAK is a number of seconds");
    let plan = Plan::new(Duration::from_secs(seconds.max(60)));
    let started = Instant::now();
    let replicas = Arc::new(Replicas::start());
    let clients = Clients::start(&replicas);
    let is_over = Arc::new(AtomicBool::new(false));
    let helpers = [Replicas::reload_every_second, Replicas::restart_now_and_then].map(|task| {
        let (replicas, is_over) = (Arc::clone(&replicas), Arc::clone(&is_over));
        thread::spawn(move || task(&replicas, &is_over))
    });

    let run = |(name, attack): &(&str, Attack), time: Duration| {
        attack(&replicas, time);
        let (now, summary) = (started.elapsed().as_secs(), clients.summary());
        say(&format!("{now:4} s: {name}; {summary}"));
    };
    let figures = || {
        thread::sleep(QUIET);
        // A reload needs memory for a moment, and there is one each second.
        let figures = replicas.least_figures(Duration::from_secs(3));
        say(&format!("{:4} s: {figures}", started.elapsed().as_secs()));
        figures
    };
    // Each attack once, so that both figures are those after all of them.
    for attack in &ATTACKS {
        run(attack, plan.first);
    }
    let first = figures();
    let reloads = replicas.reloads("ok");
    for attack in ATTACKS.iter().cycle() {
        let left = plan.whole.saturating_sub(QUIET + started.elapsed());
        if left.is_zero() {
            break;
        }
        run(attack, left.min(plan.attack));
    }
    let last = figures();

    is_over.store(true, Ordering::Relaxed);
    for helper in helpers {
        helper.join().unwrap();
    }
    let result = clients.end();
    say(&result.to_string());
    assert!(result.failures.is_empty(), "{:#?}", result.failures);
    assert!(result.answers > 20 * seconds, "only {} answers", result.answers);
    let [ok, failed] = ["ok", "failed"].map(|result| replicas.reloads(result));
    assert!(ok > reloads && ok > seconds as f64 / 4.0, "{reloads}, then {ok}");
    assert_eq!(failed, 0.0);
    assert_near(&first, &last);
}

/// Asserts that nothing has grown by more than a tenth, besides what the allocator keeps, and the connections of the clients
/// that behave.
#[track_caller]
fn assert_near(first: &Figures, last: &Figures) {
    let is_near = |first: u64, last: u64| last * 10 <= first * 11;
    assert!(
        is_near(first.memory + OF_ALLOCATOR, last.memory),
        "{first}; {last}"
    );
    let connections = clients::NUMBER as u64;
    assert!(
        is_near(first.descriptors + connections, last.descriptors),
        "{first}; {last}"
    );
}

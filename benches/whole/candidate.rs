//! The latency of requests with a candidate of 100,000 rules, compared with that without a candidate.
//!
//! Both servers have the same active rules, on one core, and get the same steady load in turns. The candidate shares the
//! core with the requests, which is the worst case: with a second core, its thread would rarely be in their way.
//!
//! Every image differs, so the candidate counts each, and logs its samples.
//!
//! Measured on two virtual cores, medians of 24 ratios: p99 0.63 times and p50 1.05 times that without a candidate, whose p99
//! was 0.42 ms.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::CONNECTIONS;
use crate::client::{Connection, median, request};
use crate::rules;
use crate::server::{Server, on_core};
use crate::table::{Goal, Table};

/// Pairs of turns.
pub(crate) const ROUNDS: usize = 24;
/// Interval between requests, of which the server needs a small part.
const PACE: Duration = Duration::from_millis(1);
/// Requests of one turn, without the first ones.
const REQUESTS: usize = 2_000;
/// First requests of a turn, which fill the caches.
const WARM_UP: usize = 200;

/// Measures both servers in turns.
pub(crate) fn measure(table: &mut Table, rounds: usize, directory: &Path, body: &Path) {
    let active = rules::write(directory, "active");
    let candidate = rules::write(directory, "candidate");
    rules::turn(&candidate);
    let without = Server::with_rules(&active, directory, "0");
    let with = Server::with_candidate(&active, &candidate, directory);
    let log = directory.join(format!("log-{}", with.port));
    let logs = |message: &str| fs::read_to_string(&log).expect("the log").contains(message);
    let started = Instant::now();
    while !logs("\"message\":\"loaded\"") {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the candidate never loaded"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    for server in [&with, &without] {
        turn(server, body);
    }
    let turns: Vec<[(f64, f64); 2]> = (0..rounds)
        .map(|round| match round % 2 {
            0 => [turn(&with, body), turn(&without, body)],
            _ => {
                let second = turn(&without, body);
                [turn(&with, body), second]
            }
        })
        .collect();
    assert!(
        logs("\"message\":\"candidate differs\""),
        "the candidate evaluates"
    );
    let ratio = |figure: fn(&(f64, f64)) -> f64| {
        median(
            turns
                .iter()
                .map(|[with, without]| figure(with) / figure(without))
                .collect(),
        )
    };
    let p99s = median(turns.iter().map(|[_, without]| without.1 * 1e3).collect());
    table.row(
        "candidate of 100,000 rules: p99, of that without",
        ratio(|turn| turn.1),
        "x",
        Goal::AtMost(1.1),
    );
    table.row(
        "candidate of 100,000 rules: p50, of that without",
        ratio(|turn| turn.0),
        "x",
        Goal::None,
    );
    table.row("without a candidate: p99", p99s, "ms", Goal::None);
}

/// Returns p50 and p99 of a turn, in seconds.
fn turn(server: &Server, body: &Path) -> (f64, f64) {
    let this = std::env::current_exe().expect("this program");
    let output = on_core(1, this.to_str().expect("a path in UTF-8"))
        .args(["paced", &server.port.to_string()])
        .arg(body)
        .output()
        .expect("the client");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("figures");
    let mut figures = text
        .split_whitespace()
        .map(|word| word.parse().expect("a figure"));
    figures.next().zip(figures.next()).expect("two figures")
}

/// Runs in a process of the client. Prints p50 and p99 in seconds, each counted from the time at which a request is due.
pub(crate) fn run(port: u16, body: &Path) {
    let request = request(&fs::read(body).expect("the body"));
    let mut connections: Vec<(Connection, Option<Instant>)> =
        (0..CONNECTIONS).map(|_| (Connection::open(port), None)).collect();
    let mut due = Instant::now();
    let mut latencies = Vec::with_capacity(WARM_UP + REQUESTS);
    while latencies.len() < WARM_UP + REQUESTS {
        // It never sleeps, so that no latency is that of its own waking.
        for (connection, asked) in &mut connections {
            if asked.is_none() && due <= Instant::now() {
                connection.send(&request);
                *asked = Some(due);
                due += PACE;
            }
            if let Some(since) = *asked
                && connection.answered().is_some()
            {
                *asked = None;
                latencies.push(since.elapsed().as_secs_f64());
            }
        }
    }
    let mut measured = latencies.split_off(WARM_UP);
    measured.sort_by(f64::total_cmp);
    println!(
        "{} {}",
        measured[measured.len() / 2],
        measured[measured.len() * 99 / 100]
    );
}

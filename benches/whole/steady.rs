//! A steady load, well below what the server can take, while a set of rules is replaced.
//!
//! A request is due every millisecond, even if earlier ones are not answered yet. Its latency counts from the time at
//! which it is due. Otherwise a server that stops for a while would delay only one request for each connection.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::CONNECTIONS;
use crate::client::{Connection, request};
use crate::rules;

/// Interval between requests.
const PACE: Duration = Duration::from_millis(1);
/// Time of the measurement before the change.
const BEFORE: Duration = Duration::from_secs(5);
/// Time of the measurement after the change, while the previous set is dropped.
const AFTER: Duration = Duration::from_secs(1);
/// Maximum time of the change.
const MAX_CHANGE: Duration = Duration::from_secs(60);

/// Runs in a process of the client. Prints the seconds until the new set is active, the p99 before, until then and
/// afterwards, and the slowest request since the change.
///
/// With a core of its own it never sleeps, so that no latency is that of its own waking.
pub(crate) fn run(port: u16, body: &Path, directory: &Path, has_core: bool) {
    let request = request(&std::fs::read(body).expect("the body"));
    let mut connections: Vec<(Connection, Option<Instant>)> =
        (0..CONNECTIONS).map(|_| (Connection::open(port), None)).collect();
    let started = Instant::now();
    let mut due = started;
    let mut changed = None;
    let mut active: Option<Instant> = None;
    let [mut quiet, mut busy, mut after] = [const { Vec::new() }; 3];
    let mut first = Vec::new();
    while active.is_none_or(|active| active.elapsed() < AFTER) {
        if !has_core {
            std::thread::sleep(PACE / 4);
        }
        let now = Instant::now();
        if changed.is_none() && now - started > BEFORE {
            rules::turn(directory);
            changed = Some(now);
        }
        assert!(
            now - started < BEFORE + MAX_CHANGE,
            "the new set never became active"
        );
        for (connection, asked) in &mut connections {
            if asked.is_none() && due <= now {
                connection.send(&request);
                *asked = Some(due);
                due += PACE;
            }
        }
        for (connection, asked) in &mut connections {
            let Some(since) = *asked else { continue };
            if connection.answered().is_none() {
                continue;
            }
            *asked = None;
            let latencies = match (changed, active) {
                (_, Some(_)) => &mut after,
                (Some(changed), None) if since >= changed => &mut busy,
                _ => &mut quiet,
            };
            latencies.push(since.elapsed().as_secs_f64());
            if first.is_empty() {
                first.extend_from_slice(connection.body());
            } else if active.is_none() && connection.body() != first {
                active = Some(Instant::now());
            }
        }
    }
    let active = active
        .zip(changed)
        .map(|(active, changed)| active - changed)
        .expect("a change");
    // The first requests fill the caches.
    quiet.drain(..quiet.len() / 10);
    for latencies in [&mut quiet, &mut busy, &mut after] {
        latencies.sort_by(f64::total_cmp);
    }
    let p99 = |latencies: &[f64]| latencies[latencies.len() * 99 / 100];
    println!(
        "{} {} {} {} {}",
        active.as_secs_f64(),
        p99(&quiet),
        p99(&busy),
        p99(&after),
        busy[busy.len() - 1].max(after[after.len() - 1])
    );
}

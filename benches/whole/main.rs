//! The whole webhook against a floor: what reading, deciding and answering a review costs.
//!
//! The floor is a server with the same salvo, rustls and settings that reads the body, parses nothing and
//! gives a fixed answer. Both serve on one core, in turns of the same load from a client on the other, so that
//! every figure is a ratio in one run: the machine may be slow or noisy, the ratio holds.
//!
//! `cargo bench --bench whole` prints the table; `-- --rounds N` takes more or fewer turns, `-- --rules N` only
//! has the large set of rules come into force, so many times, `-- --candidate N` only compares with a candidate, in so
//! many turns, and `-- --scrape` only scrapes the metrics.

mod candidate;
mod client;
mod floor;
mod maps;
mod rules;
mod scrape;
mod server;
mod steady;
mod table;

use std::path::Path;
use std::process::ExitCode;

use imageswap_tests_support::recorded::{large_review, small_review};

use crate::client::Load;
use crate::rules::Change;
use crate::server::Server;
use crate::table::{Goal, Table};

/// Kept connections, each with one request at a time.
const CONNECTIONS: usize = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["floor", port] => floor::serve(port.parse().expect("a port")),
        ["client", port, body, requests] => {
            client::run(
                port.parse().expect("a port"),
                body.as_ref(),
                requests.parse().expect("a number"),
            );
        }
        ["paced", port, body] => candidate::run(port.parse().expect("a port"), body.as_ref()),
        ["steady", port, body, directory, how] => {
            steady::run(
                port.parse().expect("a port"),
                body.as_ref(),
                directory.as_ref(),
                *how == "spin",
            );
        }
        ["--rules", rounds, ..] => {
            let rounds = rounds.parse().expect("--rules takes a number");
            let directory = tempfile::tempdir().expect("a temporary directory");
            let small = directory.path().join("small.json");
            std::fs::write(&small, small_review()).expect("a writable directory");
            let mut table = Table::default();
            measure_rules(&mut table, rounds, directory.path(), &small);
            print!("{table}");
        }
        ["--candidate", rounds, ..] => {
            let rounds = rounds.parse().expect("--candidate takes a number");
            let directory = tempfile::tempdir().expect("a temporary directory");
            let small = directory.path().join("small.json");
            std::fs::write(&small, small_review()).expect("a writable directory");
            let mut table = Table::default();
            candidate::measure(&mut table, rounds, directory.path(), &small);
            print!("{table}");
        }
        ["--scrape", ..] => {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let mut table = Table::default();
            scrape::measure(&mut table, directory.path());
            print!("{table}");
        }
        _ => {
            let rounds = words
                .iter()
                .position(|word| *word == "--rounds")
                .and_then(|at| words.get(at + 1));
            measure(rounds.map_or(7, |rounds| rounds.parse().expect("--rounds takes a number")));
        }
    }
    ExitCode::SUCCESS
}

fn measure(rounds: usize) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, body: Vec<u8>| {
        let path = directory.path().join(name);
        std::fs::write(&path, body).expect("a writable directory");
        path
    };
    let small = write("small.json", small_review());
    let large = write("large.json", large_review());
    let few_lines = maps::write(directory.path(), "few", 10);
    let many_lines = maps::write(directory.path(), "many", 100_000);

    let floor = Server::floor();
    let few = Server::webhook(&few_lines, directory.path());
    let many = Server::webhook(&many_lines, directory.path());
    let mut table = Table::default();
    table.row(
        "ready after start, 10 lines",
        few.ready_after,
        "ms",
        Goal::AtMost(60.0),
    );

    let small_load = Load {
        body: &small,
        requests: 6_000,
    };
    let large_load = Load {
        body: &large,
        requests: 1_500,
    };
    for (name, load, throughput) in [("small", small_load, 0.65), ("large", large_load, 0.3)] {
        let ratios = client::in_turns(rounds, &load, &few, &floor);
        table.row(
            &format!("{name}: requests a second, of the floor's"),
            ratios.rate,
            "x",
            Goal::AtLeast(throughput),
        );
        let goal = if name == "small" {
            Goal::AtMost(2.5)
        } else {
            Goal::None
        };
        table.row(&format!("{name}: p99, of the floor's"), ratios.p99, "x", goal);
        table.row(
            &format!("{name}: p50, of the floor's"),
            ratios.p50,
            "x",
            Goal::None,
        );
        table.row(
            &format!("{name}: the floor's requests a second"),
            ratios.floor_rate,
            "/s",
            Goal::None,
        );
        table.row(
            &format!("{name}: CPU time a request, of the floor's"),
            ratios.cpu,
            "x",
            Goal::None,
        );
        table.row(
            &format!("{name}: load of the floor's core"),
            ratios.floor_load,
            "x",
            Goal::None,
        );
    }
    table.row(
        "resident after load, 10 lines",
        few.resident(),
        "MiB",
        Goal::AtMost(12.0),
    );

    let ratios = client::in_turns(rounds, &small_load, &many, &few);
    table.row(
        "100,000 lines: CPU time a request, of 10 lines'",
        ratios.cpu,
        "x",
        Goal::AtMost(1.1),
    );
    table.row(
        "100,000 lines: resident after load",
        many.resident(),
        "MiB",
        Goal::AtMost(40.0),
    );
    let active_after = maps::replace(&many_lines, 100_000, &many, &small);
    table.row(
        "100,000 lines: a changed map is active after",
        active_after,
        "s",
        Goal::AtMost(1.0),
    );
    table.row(
        "100,000 lines: resident at the peak, with the change",
        many.peak(),
        "MiB",
        Goal::None,
    );
    measure_rules(&mut table, rounds.div_ceil(2), directory.path(), &small);
    candidate::measure(&mut table, candidate::ROUNDS, directory.path(), &small);
    scrape::measure(&mut table, directory.path());
    print!("{table}");
}

/// A large set of rules becomes active: on one core, with the client on the other, and on both.
fn measure_rules(table: &mut Table, rounds: usize, directory: &Path, small: &Path) {
    for (name, cores, has_core) in [("one core", "0", true), ("two cores", "0,1", false)] {
        let changes: Vec<Change> = (0..rounds)
            .map(|round| {
                let rules = rules::write(directory, &format!("{name} {round}"));
                let server = Server::with_rules(&rules, directory, cores);
                rules::change(&rules, &server, small, has_core)
            })
            .collect();
        let median = |figure: fn(&Change) -> f64| client::median(changes.iter().map(figure).collect());
        let mut row = |row: &str, figure: fn(&Change) -> f64, unit, goal| {
            table.row(
                &format!("100,000 rules, {name}: {row}"),
                median(figure),
                unit,
                goal,
            );
        };
        row(
            "active after",
            |change| change.active_after,
            "s",
            Goal::AtMost(1.5),
        );
        row(
            "resident at the peak",
            |change| change.peak,
            "MiB",
            Goal::AtMost(128.0),
        );
        row(
            "resident afterwards",
            |change| change.resident,
            "MiB",
            Goal::AtMost(64.0),
        );
        row(
            "p99 meanwhile, of before",
            |change| change.p99,
            "x",
            Goal::AtMost(1.5),
        );
        row(
            "p99 just after, of before",
            |change| change.p99_after,
            "x",
            Goal::None,
        );
        row("p99 before", |change| change.quiet, "ms", Goal::None);
        row("slowest request", |change| change.slowest, "ms", Goal::None);
    }
}

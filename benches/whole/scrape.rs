//! Scrapes of the metrics of a set of 1,000 rules, each of which has decided.
//!
//! Measured on two virtual cores that also did other work: 1.9 ms, and 8.4 ms at the 99th percentile.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use imageswap_tests_support::webhook::{Connection, pod};

use crate::client::median;
use crate::server::Server;
use crate::table::{Goal, Table};

/// Number of rules, and of their series.
const RULES: usize = 1_000;
/// Containers of a Pod of the load.
const CONTAINERS: usize = 50;
const SCRAPES: usize = 300;

/// Adds the time of a scrape, with the connection that a Prometheus keeps.
pub(crate) fn measure(table: &mut Table, directory: &Path) {
    let rules = directory.join("scrape");
    fs::create_dir(&rules).expect("a writable directory");
    let text = (0..RULES).fold("rules v1\n".to_owned(), |mut text, rule| {
        let _ = writeln!(
            text,
            "swap docker.io/org{rule}/ -> harbor.example.com/hub/org{rule}/"
        );
        text
    });
    fs::write(rules.join("10.rules"), text).expect("a writable directory");
    let server = Server::with_rules(&rules, directory, "0");
    let mut connection = Connection::open(SocketAddr::from(([127, 0, 0, 1], server.port)));
    let images: Vec<String> = (0..RULES).map(|rule| format!("org{rule}/app:1")).collect();
    for pods in images.chunks(CONTAINERS) {
        let images: Vec<&str> = pods.iter().map(String::as_str).collect();
        assert_eq!(connection.post("/", &pod(&images)).images().len(), CONTAINERS);
    }
    let mut times: Vec<f64> = (0..SCRAPES)
        .map(|_| {
            let begin = Instant::now();
            let metrics = connection.get("/metrics");
            let time = begin.elapsed().as_secs_f64() * 1_000.0;
            assert_eq!(metrics.text().matches("\nimageswap_images_total{").count(), RULES);
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let name = |part| format!("scrape of {RULES} rules, {part}");
    table.row(&name("p99"), times[SCRAPES * 99 / 100], "ms", Goal::AtMost(10.0));
    table.row(&name("p50"), median(times), "ms", Goal::None);
}

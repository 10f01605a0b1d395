//! Metrics, and their check with promtool.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use imageswap_engine::admission::{ReviewOutcome, SkipReason};
use imageswap_tests_support::recorded::review;
use imageswap_tests_support::repository::read;
use imageswap_tests_support::webhook::{MAP, Server, Start, Volume, eventually, eventually_within, pod};

use crate::IMAGESWAP;

#[test]
fn requests_and_images_are_counted() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map("default::\ndocker.io::h.io/hub\nquay.io::\n")
        .serve();
    let mut connection = server.connect();
    connection.post("/", &pod(&["nginx", "redis", "quay.io/x", "Bad", "auto"]));
    connection.post("/", &review("041-create-pods-glass.json"));
    connection.post("/", &review("016-create-deployments-web.json"));
    let cases = [
        (
            "imageswap_requests_total",
            "dry_run=\"false\",kind=\"Pod\",operation=\"CREATE\",outcome=\"patched\"",
            1.0,
        ),
        (
            "imageswap_requests_total",
            "kind=\"Pod\",operation=\"CREATE\",outcome=\"skipped\"",
            1.0,
        ),
        ("imageswap_requests_total", "kind=\"Deployment\"", 1.0),
        ("imageswap_images_total", "effect=\"swap\",rule=\"map\"", 3.0),
        ("imageswap_images_total", "effect=\"keep\",rule=\"(none)\"", 1.0),
        ("imageswap_images_skipped_total", "reason=\"invalid-image\"", 1.0),
        ("imageswap_images_skipped_total", "reason=\"auto\"", 1.0),
        ("imageswap_images_skipped_total", "reason=\"disabled\"", 1.0),
        ("imageswap_request_duration_seconds_count", "", 3.0),
        ("imageswap_build_info", "version=", 1.0),
        ("imageswap_dry_run", "", 0.0),
        ("imageswap_rules_info", "digest=", 1.0),
    ];
    for (name, label, expected) in cases {
        assert_eq!(server.metric(name, label), expected, "{name} {label}");
    }
    assert!(server.metric("imageswap_rules_loaded_timestamp_seconds", "") > 1.7e9);
    assert!(server.metric("process_start_time_seconds", "") > 1.7e9);
    assert!(server.metric("process_resident_memory_bytes", "") > f64::from(1 << 20));
    assert!(server.metric("process_open_fds", "") > 3.0);
}

#[test]
fn rules_and_lines_are_counted_as_they_are_active() {
    let totals =
        |server: &Server| ["imageswap_rules", "imageswap_rules_off"].map(|name| server.metric(name, ""));
    let text = "rules v1\nkeep ghcr.io/ as a\nswap quay.io/ -> h.io/ as b\ndeny **:latest\noff b\n";
    let mut rules = Volume::mount(&[("a.rules", text.as_bytes())]);
    let server = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    assert_eq!(totals(&server), [2.0, 1.0]);
    let with_another = format!("{text}keep gcr.io/\n");
    server.reloads_when(|| rules.update(&[("a.rules", with_another.as_bytes())]));
    assert_eq!(totals(&server), [3.0, 1.0]);
    let map = "default::\ndocker.io::h.io/hub\nquay.io::\n[REPLACE]a*::h.io/b\n";
    let server = Start::new(IMAGESWAP).self_signed().map(map).serve();
    assert_eq!(totals(&server), [4.0, 0.0]);
    let server = Start::new(IMAGESWAP).self_signed().prefix("h.io/hub").serve();
    assert_eq!(totals(&server), [1.0, 0.0]);
}

#[test]
fn memory_of_bodies_and_those_that_wait_for_it_are_shown() {
    const MIB: usize = 1 << 20;
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map("")
        .args(["--max-body-memory", "16"])
        .serve();
    let in_use = || server.metric("imageswap_body_memory_bytes", "");
    let waiting = || server.metric("imageswap_reviews_waiting", "");
    server.post(&pod(&["nginx"]));
    assert_eq!((in_use(), waiting()), (0.0, 0.0));
    // 7 MiB are there for bodies, and 8 MiB for one more that needs them. The third has to wait.
    let head = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
        8 * MIB
    );
    let mut clients = Vec::new();
    for (length, charged) in [(6 * MIB, 6 * MIB), (6 * MIB, 14 * MIB), (1, 14 * MIB)] {
        let mut client = server.connect();
        client.send(head.as_bytes()).unwrap();
        client.send(&vec![b' '; length]).unwrap();
        clients.push(client);
        // Two bodies that are read at the same time would divide the memory in another way.
        eventually("the body is read", || in_use() >= charged as f64);
    }
    eventually("a body waits", || {
        // A little at a time, or the send itself would wait.
        clients[2].send(&[b' '; MIB / 32]).unwrap();
        waiting() >= 1.0
    });
    assert!(in_use() > (8 * MIB) as f64 && in_use() <= (16 * MIB) as f64);
    clients.clear();
    eventually("all memory is given back", || in_use() == 0.0 && waiting() == 0.0);
}

/// Returns the metrics of the page, each with its labels and its row.
fn metrics_of_page(page: &str) -> BTreeMap<String, (BTreeSet<String>, String)> {
    // After this heading are the names of another program.
    let page = page.split("\n### Dashboards of v1.5.3").next().unwrap();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| `imageswap_") || line.starts_with("| `process_"));
    let mut metrics = BTreeMap::new();
    for row in rows {
        let cell = row.split(" | ").next().unwrap();
        for metric in cell.split('`').filter(|part| part.contains('_')) {
            let (name, labels) = metric.split_once('{').unwrap_or((metric, ""));
            let labels = labels.trim_end_matches('}').split(',');
            let labels = labels.filter(|label| !label.is_empty()).map(ToOwned::to_owned);
            metrics.insert(name.to_owned(), (labels.collect(), row.to_owned()));
        }
    }
    metrics
}

/// Returns the metrics of an answer to `/metrics`, each with its labels.
fn metrics_of(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut metrics: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            metrics
                .entry(family.split(' ').next().unwrap().to_owned())
                .or_default();
        } else if let Some((series, labels)) = line.split_once('{') {
            let family = series.strip_suffix("_bucket").unwrap_or(series);
            let labels = labels.split("\",").map(|label| label.split('=').next().unwrap());
            let labels = labels.filter(|label| *label != "le").map(ToOwned::to_owned);
            metrics.get_mut(family).unwrap().extend(labels);
        }
    }
    metrics
}

#[test]
fn page_lists_exactly_the_served_metrics() {
    let candidate = Volume::mount(&[("a.rules", b"rules v1\n")]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--candidate", candidate.path().to_str().unwrap()])
        .serve();
    eventually_within(Duration::from_secs(80), "a difference of the candidate", || {
        server.post(&pod(&["nginx", "auto"]));
        server.metric("imageswap_candidate_differences_total", "rule=") > 0.0
    });
    let served = metrics_of(&server.get("/metrics").text());
    let page = metrics_of_page(&read("docs/operations.md"));
    let named: BTreeMap<_, _> = page
        .iter()
        .map(|(name, (labels, _))| (name.clone(), labels.clone()))
        .collect();
    assert_eq!(named, served);
    // The page about Git shows some of them, with values of labels.
    for (name, (labels, row)) in metrics_of_page(&read("docs/git.md")) {
        let is_served = |label: &String| served[&name].contains(label.split('=').next().unwrap());
        assert!(labels.iter().all(is_served), "{row}");
    }
    let has_value = |name: &str, value: &str| page[name].1.contains(&format!("`{value}`"));
    for outcome in ReviewOutcome::ALL {
        assert!(
            has_value("imageswap_requests_total", outcome.as_str()),
            "{outcome:?}"
        );
    }
    for reason in SkipReason::ALL {
        assert!(
            has_value("imageswap_images_skipped_total", reason.as_str()),
            "{reason:?}"
        );
    }
}

#[test]
fn unknown_kind_has_the_label_other() {
    let server = Server::start(IMAGESWAP);
    let body = String::from_utf8(pod(&["nginx"])).unwrap();
    server.post(
        body.replace("\"kind\":\"Pod\"", "\"kind\":\"Made-Up\"")
            .as_bytes(),
    );
    assert_eq!(server.metric("imageswap_requests_total", "kind=\"other\""), 1.0);
    assert!(!server.get("/metrics").text().contains("Made-Up"));
}

#[test]
fn promtool_accepts_the_metrics() {
    if std::env::var_os("IMAGESWAP_TEST_PROMTOOL").is_none() {
        eprintln!("not run: it needs promtool, of the package prometheus; IMAGESWAP_TEST_PROMTOOL=1 runs it");
        return;
    }
    let server = Server::start(IMAGESWAP);
    server.post(&pod(&["nginx", "quay.io/x", "Bad"]));
    server.post(b"no review");
    // The texts of rules are labels.
    let text = b"rules v1\ndeny **:latest because \"pin a \\\"version\\\" \\\\ or \xc3\xb6\"\n  when not hook a\nkeep quay.io/ as q\n";
    let rules = Volume::mount(&[("a.rules", text)]);
    let by_rules = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    by_rules.post(&pod(&["nginx", "quay.io/x:1", "ghcr.io/x:1", "Bad"]));
    for server in [server, by_rules] {
        let said = promtool(&server.get("/metrics").body);
        assert_eq!(said, "");
    }
}

/// Returns the output of promtool, which accepts the metrics.
fn promtool(metrics: &[u8]) -> String {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool, of the package prometheus");
    promtool.stdin.take().unwrap().write_all(metrics).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    said
}

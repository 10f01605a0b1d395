//! The candidate set.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Server, Start, Volume, eventually, eventually_within, pod};
use serde_json::Value;

use crate::evaluation::{SLOW, slow_pod, slow_rule};
use crate::rules_answers::changed;
use crate::{IMAGESWAP, series};

const FILE: &str = "10-a.rules";
const ACTIVE: &[u8] = b"rules v1\nswap quay.io/ -> old.example.com/ as quay\ndeny gcr.io/ because \"a\"\n";

/// Time in which the candidate evaluates a review. It has a processor only while nothing else wants one, and other tests do.
const LONG: Duration = Duration::from_secs(80);

/// Starts a webhook with the active rules, and a candidate.
fn serve(candidate: &Path) -> (Volume, Server) {
    let active = Volume::mount(&[(FILE, ACTIVE)]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(active.path())
        .args(["--candidate", candidate.to_str().unwrap()])
        .serve();
    (active, server)
}

/// Starts a webhook with a candidate, and waits until it is loaded.
fn serve_with(candidate: &str) -> (Volume, Volume, Server) {
    let mounted = Volume::mount(&[(FILE, candidate.as_bytes())]);
    let (active, server) = serve(mounted.path());
    is_loaded(&server);
    (active, mounted, server)
}

fn is_loaded(server: &Server) {
    eventually("the candidate", || {
        server.metric("imageswap_config_last_reload_successful", "what=\"candidate\"") == 1.0
    });
}

fn evaluated(server: &Server) -> f64 {
    server.metric("imageswap_candidate_images_total", "")
}

fn dropped(server: &Server) -> f64 {
    server.metric("imageswap_candidate_dropped_total", "")
}

/// Waits until the candidate has evaluated a number of images in all.
#[track_caller]
fn evaluates(server: &Server, images: f64) {
    eventually_within(LONG, "the evaluation", || evaluated(server) >= images);
    assert_eq!(evaluated(server), images);
    assert_eq!(dropped(server), 0.0);
}

/// Returns the differences by rule.
fn differences(server: &Server) -> BTreeMap<String, f64> {
    server.series("imageswap_candidate_differences_total", "rule")
}

/// Waits until the log has a number of samples, and returns them.
#[track_caller]
fn samples(server: &Server, least: usize) -> Vec<Value> {
    eventually_within(LONG, "the samples", || logged_samples(server).len() >= least);
    logged_samples(server)
}

fn logged_samples(server: &Server) -> Vec<Value> {
    let lines = server.log().into_iter();
    lines
        .filter(|line| line["message"] == "candidate differs")
        .collect()
}

#[test]
fn differences_count_for_the_rule_of_the_candidate_and_change_no_answer() {
    let (_active, _candidate, server) = serve_with(
        "rules v1\nswap quay.io/ -> new.example.com/ as quay\nkeep gcr.io/ok/\nswap docker.io/ -> new.example.com/hub/\n\
         deny ghcr.io/ because \"b\"\nwarn registry.k8s.io/ because \"c\" as k8s\n",
    );
    let digest = server.digest();
    // In this order: another target, a denial that ends, one with another reason, a new swap, a new denial, a new warning,
    // and no difference.
    let answer = server.post(&pod(&[
        "quay.io/a",
        "nginx",
        "ghcr.io/a",
        "registry.k8s.io/pause",
        "mcr.microsoft.com/a",
    ]));
    assert_eq!(answer.images(), ["old.example.com/a"]);
    assert_eq!(
        answer.review()["response"]["auditAnnotations"]["digest"],
        digest.as_str()
    );
    assert!(answer.warnings().is_empty());
    assert!(server.post(&pod(&["gcr.io/ok/a"])).denial().is_some());
    assert!(server.post(&pod(&["gcr.io/b"])).denial().is_some());
    evaluates(&server, 7.0);
    assert_eq!(
        differences(&server),
        series([
            ("quay", 1.0),
            ("10-a.rules swap docker.io/ -> new.example.com/hub/", 1.0),
            ("10-a.rules deny ghcr.io/ because \\\"b\\\"", 1.0),
            ("10-a.rules keep gcr.io/ok/", 1.0),
            // The warning, and a denial that has become no decision.
            ("(none)", 2.0),
        ])
    );
    let results: BTreeMap<String, (String, String)> = samples(&server, 5)
        .iter()
        .map(|line| {
            let text = |field: &str| {
                line[field]
                    .as_str()
                    .unwrap_or_else(|| panic!("{line}"))
                    .to_owned()
            };
            assert_eq!(
                (text("namespace"), text("kind")),
                ("default".to_owned(), "Pod".to_owned())
            );
            (text("image"), (text("active"), text("candidate")))
        })
        .collect();
    let result = |image: &str| results.get(image).map(|(old, new)| (old.as_str(), new.as_str()));
    assert_eq!(
        result("quay.io/a"),
        Some(("-> old.example.com/a", "-> new.example.com/a"))
    );
    assert_eq!(
        result("nginx"),
        Some(("keep", "-> new.example.com/hub/library/nginx"))
    );
    assert_eq!(result("ghcr.io/a"), Some(("keep", "deny")));
    assert_eq!(result("gcr.io/ok/a"), Some(("deny", "keep")));
    let quay = samples(&server, 5)
        .into_iter()
        .find(|line| line["rule"] == "quay")
        .unwrap();
    assert_eq!(
        (&quay["rule_line"], &quay["suppressed"]),
        (&"10-a.rules:2".into(), &0.into())
    );
    // The images of the webhook count for the active rules only.
    assert_eq!(
        server.metric("imageswap_images_total", "effect=\"swap\",rule=\"quay\""),
        1.0
    );
}

#[test]
fn candidate_evaluates_what_the_webhook_evaluates() {
    let (_active, _candidate, server) =
        serve_with("rules v1\nswap ** -> new.example.com/{domain}/{path} when hook a\n");
    server.post(&changed(&["quay.io/a"], |request| {
        request["dryRun"] = true.into()
    }));
    let update = |request: &mut Value| {
        request["operation"] = "UPDATE".into();
        request["oldObject"] = request["object"].clone();
    };
    server.post(&changed(&["quay.io/a"], update));
    server.post(&changed(&["quay.io/a"], |request| {
        request["object"]["metadata"]["labels"] = serde_json::json!({"k8s.twr.io/imageswap": "disabled"});
    }));
    server.post(b"no review");
    // Of an UPDATE it evaluates the images that change, and it sees the entry that called.
    let added = changed(&["quay.io/a"], |request| {
        update(request);
        let containers = request["object"]["spec"]["containers"].as_array_mut().unwrap();
        let mut added = containers[0].clone();
        added["name"] = "added".into();
        added["image"] = "quay.io/b".into();
        containers.push(added);
    });
    server.connect().post("/hook/a", &added);
    server.connect().post("/hook/b", &pod(&["mcr.microsoft.com/a"]));
    evaluates(&server, 2.0);
    assert_eq!(differences(&server).into_values().sum::<f64>(), 1.0);
    assert_eq!(samples(&server, 1)[0]["image"], "quay.io/b");
}

#[test]
fn invalid_candidate_ends_nothing_and_a_repaired_one_becomes_active() {
    let mut candidate = Volume::mount(&[(FILE, b"rules v1\nswap quay.io/ -> {hubb}/\n")]);
    let (_active, server) = serve(candidate.path());
    let reloads = |result: &str| {
        server.metric(
            "imageswap_reloads_total",
            &format!("result=\"{result}\",what=\"candidate\""),
        )
    };
    let last = || server.metric("imageswap_config_last_reload_successful", "what=\"candidate\"");
    eventually("the failure", || reloads("failed") == 1.0);
    assert_eq!(last(), 0.0);
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 200);
    let line = "ready\ncandidate: reload failed, no candidate is active: invalid rules: ";
    assert!(ready.text().starts_with(line), "{}", ready.text());
    assert!(
        ready.text().contains("10-a.rules:2:18: ") && ready.text().contains("E0104"),
        "{}",
        ready.text()
    );
    let failed = server
        .log()
        .into_iter()
        .find(|line| line["message"] == "reload failed")
        .unwrap();
    assert_eq!(
        (&failed["what"], &failed["level"]),
        (&"candidate".into(), &"ERROR".into())
    );
    // The webhook answers, and no candidate evaluates.
    let (digest, swapped) = (server.digest(), Some("old.example.com/x".to_owned()));
    assert_eq!(server.swap("quay.io/x"), swapped);

    candidate.update(&[(
        FILE,
        b"rules v1\nswap quay.io/ -> new.example.com/ as quay\nkeep gcr.io/ as gone\n",
    )]);
    eventually("the repaired candidate", || last() == 1.0);
    assert_eq!(
        (reloads("ok"), server.get("/readyz").text().as_str()),
        (1.0, "ready\n")
    );
    server.post(&pod(&["quay.io/x", "gcr.io/x"]));
    evaluates(&server, 2.0);
    assert_eq!(differences(&server), series([("quay", 1.0), ("gone", 1.0)]));

    // An invalid one, and one that lost its rules, leave the previous one.
    let invalid: (&str, &[u8]) = (FILE, b"rules v1\nkeep gcr.io/ when\n");
    let misspelled: (&str, &[u8]) = ("10-a.rule", b"rules v1\nkeep gcr.io/\n");
    for (count, file) in [(2.0, invalid), (3.0, misspelled)] {
        candidate.update(&[file]);
        eventually("the failure", || reloads("failed") == count);
        assert_eq!(last(), 0.0);
        let ready = server.get("/readyz");
        let line = "ready\ncandidate: reload failed, the previous candidate stays active: ";
        assert!(
            ready.status == 200 && ready.text().starts_with(line),
            "{}",
            ready.text()
        );
    }
    assert!(
        server.get("/readyz").text().contains("to want no rules"),
        "{}",
        server.get("/readyz").text()
    );
    server.post(&pod(&["quay.io/x", "gcr.io/x"]));
    evaluates(&server, 4.0);

    // Counts survive a reload, and those of removed rules are forgotten.
    candidate.update(&[(FILE, b"rules v1\n\nswap quay.io/ -> newer.example.com/ as quay\n")]);
    eventually("the next candidate", || last() == 1.0);
    eventually("the end of removed rules", || {
        differences(&server) == series([("quay", 2.0)])
    });
    server.post(&pod(&["quay.io/x"]));
    evaluates(&server, 5.0);
    assert_eq!(differences(&server), series([("quay", 3.0)]));
    assert_eq!((server.digest(), server.swap("quay.io/x")), (digest, swapped));
    assert_eq!(server.metric("imageswap_reloads_total", "what=\"rules\""), 0.0);
}

#[test]
fn candidate_that_is_missing_at_the_start_is_found_later() {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("candidate.rules");
    let (_active, server) = serve(&path);
    eventually("the failure", || {
        server
            .get("/readyz")
            .text()
            .contains("candidate: reload failed, no candidate is active: ")
    });
    fs::write(&path, "rules v1\n").unwrap();
    is_loaded(&server);
    assert_eq!(server.get("/readyz").text(), "ready\n");
    // SIGHUP checks the files of both.
    server.signal("HUP");
    let line = server.wait_for_log(|line| line["signal"] == "SIGHUP");
    assert_eq!(line["directories"], 2);
}

#[test]
fn variable_names_the_candidate() {
    let candidate = Volume::mount(&[(FILE, b"rules v1\n")]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .prefix("h.example.com")
        .env("IMAGESWAP_CANDIDATE", candidate.path().to_str().unwrap())
        .serve();
    is_loaded(&server);
    assert_eq!(server.swap("nginx").as_deref(), Some("h.example.com/nginx"));
    evaluates(&server, 1.0);
    assert_eq!(differences(&server), series([("(none)", 1.0)]));
}

#[test]
fn samples_of_a_rule_are_at_most_one_a_second() {
    let (_active, _candidate, server) =
        serve_with("rules v1\nswap quay.io/ -> new.example.com/ as quay\nkeep gcr.io/ as gcr\n");
    let started = Instant::now();
    let mut connection = server.connect();
    let mut posted = 0;
    while logged_samples(&server).len() < 4 && started.elapsed() < LONG {
        connection.post("/", &pod(&["quay.io/a", "quay.io/b", "gcr.io/a"]));
        posted += 1;
        thread::sleep(Duration::from_millis(20));
    }
    evaluates(&server, 3.0 * f64::from(posted));
    let most = started.elapsed().as_secs() + 1;
    assert_eq!(
        differences(&server),
        series([("quay", f64::from(2 * posted)), ("gcr", f64::from(posted))])
    );
    for rule in ["quay", "gcr"] {
        let lines: Vec<Value> = samples(&server, 4)
            .into_iter()
            .filter(|line| line["rule"] == rule)
            .collect();
        assert!(
            (2..=most).contains(&(lines.len() as u64)),
            "{} lines for {rule}, {posted} reviews",
            lines.len()
        );
        assert!(lines[1]["suppressed"].as_u64().unwrap() > 0, "{lines:?}");
    }
}

#[test]
fn slow_candidate_delays_no_answer_and_its_queue_is_bounded() {
    let mut text = "rules v1\n".to_owned();
    for number in 0..SLOW {
        writeln!(text, "{}", slow_rule(number)).unwrap();
    }
    let (_active, _candidate, server) = serve_with(&text);
    let slow = slow_pod(900);
    let before = server.memory() >> 10;
    // The queue has room for 39 of them, and the candidate evaluates each until its limit of five seconds.
    let mut connection = server.connect();
    let mut slowest = Duration::ZERO;
    for _ in 0..100 {
        let started = Instant::now();
        assert_eq!(connection.post("/?timeout=5s", &slow).status, 200);
        slowest = slowest.max(started.elapsed());
    }
    let waiting = 100.0 - dropped(&server);
    assert!((1.0..50.0).contains(&waiting), "{waiting} reviews wait");
    for _ in 0..2_500 {
        assert_eq!(connection.post("/", &pod(&["nginx"])).status, 200);
    }
    let all = 2_600.0 - dropped(&server);
    assert!(all <= 2_100.0, "{all} reviews wait");
    let grown = (server.memory() >> 10).saturating_sub(before);
    tell!("slowest answer {slowest:?}; {waiting} large and then {all} reviews wait; {grown} MiB more");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert!(grown < 40, "{grown} MiB more");
    // An evaluation that takes too long ends, and counts as dropped.
    let before = dropped(&server);
    eventually_within(LONG, "the end of an evaluation", || dropped(&server) > before);
    // The end of the process does not wait for it.
    let mut server = server;
    server.signal("TERM");
    assert!(server.wait().success());
}

//! The lines of the log that docs/operations.md describes, and their fields.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use imageswap_tests_support::repository::read;
use imageswap_tests_support::webhook::{STOPPED, Start, Volume, eventually, pod};
use serde_json::{Value, json};

use crate::IMAGESWAP;
use crate::rules_answers::changed;

/// Fields by message.
type Lines = BTreeMap<String, BTreeSet<String>>;

const RULES: &str =
    "rules v1\ndeny **:latest because \"x\" as pinned\nswap quay.io/ -> h.example.com/q/ as q\n";
const FINDING: &str = "a finding of the rules";

/// Returns the rows of the table.
fn documented() -> Lines {
    let page = read("docs/operations.md");
    let (_, section) = page.split_once("\n## Logs\n").unwrap();
    let (_, table) = section
        .split_once("\n| message | level | fields |\n|---|---|---|\n")
        .unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').splitn(3, " | ").collect::<Vec<_>>());
    cells
        .map(|cells| {
            let fields = cells[2]
                .split(',')
                .map(|field| field.trim_matches([' ', '`']).to_owned());
            (cells[0].trim_matches([' ', '`']).to_owned(), fields.collect())
        })
        .collect()
}

fn add(lines: &mut Lines, log: &[Value], wanted: &Lines) {
    for line in log {
        let line = line.as_object().unwrap();
        let message = match line["message"].as_str().unwrap() {
            _ if line.contains_key("code") => FINDING,
            message => message,
        };
        if wanted.contains_key(message) {
            let names = line
                .keys()
                .filter(|name| !["timestamp", "level", "message"].contains(&name.as_str()));
            lines
                .entry(message.to_owned())
                .or_default()
                .extend(names.cloned());
        }
    }
}

#[test]
fn table_has_the_fields_of_the_real_lines() {
    let wanted = documented();
    assert!(
        wanted.len() >= 10 && wanted.values().all(|fields| !fields.is_empty()),
        "{wanted:?}"
    );
    let mut rules = Volume::mount(&[("10.rules", RULES.as_bytes())]);
    let mut settings = Volume::mount(&[("other", b"")]);
    let mut server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(rules.path())
        .args([
            "--candidate",
            rules.path().to_str().unwrap(),
            "--max-file-size",
            "2",
            "--pod-name",
            "p",
        ])
        .args(["--log-level-file", settings.file("log-level").to_str().unwrap()])
        .env("IMAGESWAP_SHUTDOWN_DELAY", "0")
        .serve();
    let update = |request: &mut Value| {
        request["operation"] = "UPDATE".into();
        request["oldObject"] = request["object"].clone();
        request["dryRun"] = true.into();
    };
    let label = |request: &mut Value| {
        request["name"] = "p".into();
        request["object"]["metadata"]["labels"] = json!({"k8s.twr.io/imageswap": "disabled"});
    };
    for body in [
        pod(&["nginx", "quay.io/x:1"]),
        pod(&["Bad"; 30]),
        changed(&["quay.io/x:1"], update),
        changed(&["quay.io/x:1"], label),
        b"nonsense".to_vec(),
    ] {
        server.post(&body);
    }
    settings.update(&[("log-level", b"debug")]);
    server.wait_for_log(|line| line["message"] == "log level changed");
    rules.update(&[("10.rules", b"rules v1\nswap quay.io/ -> {x}/\n")]);
    server.wait_for_log(|line| line["message"] == "reload failed");
    rules.update(&[("10.rules", b"rules v1\nswap quay.io/ -> h.example.com/\n")]);
    server.wait_for_log(|line| line["message"] == "reloaded");
    server.signal("TERM");
    assert!(server.wait().success());
    let mut real = Lines::new();
    add(&mut real, &server.log(), &wanted);
    let (_, log) = Start::new(IMAGESWAP).env("IMAGESWAP_TLS", "x").end();
    add(&mut real, &log, &wanted);
    assert_eq!(real, wanted);
    assert!(wanted.contains_key(STOPPED) && wanted.contains_key(FINDING));
}

#[test]
fn line_of_the_start_has_version_configuration_and_digest() {
    let directory = tempfile::tempdir().unwrap();
    // More paths than anybody reads.
    let paths: Vec<String> = (0..200)
        .map(|number| {
            let path = directory.path().join(format!("{number}.rules"));
            fs::write(&path, "rules v1\n").unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect();
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .env("IMAGESWAP_RULES", &paths.join(":"))
        .env("IMAGESWAP_DRY_RUN", "true")
        .env("IMAGESWAP_LOG_LEVEL", "DEBUG")
        .args([
            "--record-originals",
            "--disable-label",
            "example.com/x",
            "--max-connections",
            "77",
        ])
        .serve();
    let log = server.log();
    let lines: Vec<&Value> = log.iter().filter(|line| line["message"] == "serving").collect();
    assert_eq!(lines.len(), 1);
    let line = lines[0];
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(line["digest"], server.digest());
    for (field, value) in [
        ("dry_run", json!(true)),
        ("record_originals", json!(true)),
        ("disable_label", json!("example.com/x")),
        ("max_connections", json!(77)),
        ("max_rules", json!(100_000)),
        ("log_level", json!("debug")),
        ("tls", json!("self-signed")),
        ("last_good", json!(false)),
        ("shutdown_delay_seconds", json!(8.0)),
        (
            "variables",
            json!("IMAGESWAP_RULES,IMAGESWAP_DRY_RUN,IMAGESWAP_LOG_LEVEL"),
        ),
        (
            "options",
            json!("disable-label,record-originals,listen,http-listen,self-signed,max-connections,log-format"),
        ),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    assert!(line["rules"].as_str().unwrap().starts_with(&paths[0]));
    assert!(line.to_string().len() < 3000, "{line}");
}

#[test]
fn finding_is_logged_once_until_the_text_of_the_set_changes() {
    const GOOD: &[u8] = b"rules v1\nswap quay.io/ -> h.example.com/\n";
    const BAD: &[u8] = b"rules v1\nswap quay.io/ -> {hubb}/\nkeep x?y\n";
    let mut rules = Volume::mount(&[("10.rules", GOOD)]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(rules.path())
        .args(["--log-level", "debug"])
        .serve();
    let counts = || {
        let log = server.log();
        ["E0104", "E0301"].map(|code| log.iter().filter(|line| line["code"] == code).count())
    };
    let attempts = || {
        server
            .log()
            .iter()
            .filter(|line| line["message"] == "reload attempt started")
            .count()
    };
    // The findings are logged before it.
    let failures = |count| {
        let is_failed = |line: &&Value| line["message"] == "reload failed";
        eventually("the failure", || {
            server.log().iter().filter(is_failed).count() == count
        });
    };
    rules.update(&[("10.rules", BAD)]);
    failures(1);
    // It stays, and is read again because of other files and signals.
    for number in 0..5 {
        let before = attempts();
        if number % 2 == 0 {
            fs::write(rules.file("other"), number.to_string()).unwrap();
        } else {
            server.signal("HUP");
        }
        eventually("an attempt", || attempts() > before);
    }
    assert_eq!(counts(), [1, 1]);
    // The files cannot be read for a while, and then have the same text.
    let away = rules.path().with_extension("away");
    fs::rename(rules.path(), &away).unwrap();
    failures(2);
    fs::rename(&away, rules.path()).unwrap();
    failures(3);
    assert_eq!(counts(), [1, 1]);
    // Another text.
    rules.update(&[("10.rules", b"rules v1\nswap quay.io/ -> {hubb}/\n")]);
    failures(4);
    assert_eq!(counts(), [2, 1]);
    // A fix ends it, so the same mistake is a new one.
    for good in [GOOD, b"rules v1\nswap quay.io/ -> other.example.com/\n"] {
        rules.update(&[("10.rules", good)]);
        eventually("the fix", || server.get("/readyz").text() == "ready\n");
        let [first, _] = counts();
        rules.update(&[("10.rules", BAD)]);
        eventually("the findings again", || counts()[0] == first + 1);
    }
}

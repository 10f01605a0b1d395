//! Errors that end the webhook, as lines of the log and as text for people.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use imageswap_tests_support::webhook::{MAP, STOPPED, Start, Volume, command};
use serde_json::Value;

use crate::IMAGESWAP;

/// Asserts that the last line is about the error that ended the process, and returns its error.
#[track_caller]
fn stopped(status: Option<i32>, log: &[Value]) -> String {
    let last = log.last().expect("a line");
    assert_eq!(
        (&last["level"], &last["message"], &last["exit_status"]),
        (&"ERROR".into(), &STOPPED.into(), &status.into()),
        "{log:?}"
    );
    assert!(last["timestamp"].as_str().unwrap().ends_with('Z'));
    let others = &log[..log.len() - 1];
    assert!(
        others.iter().all(|line| line["message"] != last["message"]),
        "{log:?}"
    );
    last["error"].as_str().unwrap().to_owned()
}

#[test]
fn each_finding_of_invalid_rules_is_a_line_and_the_end_another_one() {
    let rules = Volume::mount(&[
        ("10-a.rules", b"rules v1\nswap docker.io/ -> {hubb}/\nkeep x?y\n"),
        ("20-b.rules", b"rules v1\nkeep quay.io/\n  when namespase a\n"),
    ]);
    for level in ["info", "off"] {
        let start = Start::new(IMAGESWAP).self_signed().rules(rules.path());
        let (status, log) = start.args(["--log-level", level]).end();
        assert_eq!(status, Some(1));
        let error = stopped(status, &log);
        assert!(
            error.contains("10-a.rules:2:") && error.ends_with("; and 2 more errors"),
            "{error}"
        );
        let codes: Vec<&Value> = log.iter().filter_map(|line| line.get("code")).collect();
        assert_eq!(codes.len(), if level == "off" { 0 } else { 3 }, "{log:?}");
    }
}

#[test]
fn every_error_that_ends_the_webhook_is_json() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap().to_owned();
    fs::write(directory.path().join("tls.crt"), "x").unwrap();
    fs::write(directory.path().join("tls.key"), "y").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let start = || Start::new(IMAGESWAP).map(MAP);
    let cases: [(Start, i32, &str); 9] = [
        (start().args(["--tls-dir", &path]), 1, "no valid key pair in "),
        (
            start().self_signed().only("--listen", &address),
            1,
            "Address already in use",
        ),
        (
            Start::new(IMAGESWAP)
                .self_signed()
                .args(["--maps-file", "/missing"]),
            1,
            "cannot read /missing: ",
        ),
        (
            start().self_signed().env("TOKIO_WORKER_THREADS", "x"),
            1,
            "TOKIO_WORKER_THREADS is `x`",
        ),
        (start().args(["--tls", "self-managed"]), 2, "works only in a Pod"),
        (
            start().args(["--mode", "legacy"]),
            2,
            "the mode `legacy` needs a prefix: set IMAGE_PREFIX or --image-prefix",
        ),
        (
            start().args(["--mode", "both"]),
            2,
            "invalid value 'both' for '--mode <MODE>'; [possible values: maps, legacy]",
        ),
        (
            start().args(["--log-level", "loud\u{1b}[2J"]),
            2,
            "[possible values: off, error, ",
        ),
        (
            start().args(["--log-lvl=info"]),
            2,
            "unexpected argument '--log-lvl' found; tip: a similar argument exists: '--log-level",
        ),
    ];
    for (start, expected, reason) in cases {
        let (status, log) = start.end();
        assert_eq!(status, Some(expected), "{log:?}");
        let error = stopped(status, &log);
        assert!(error.contains(reason) && !error.contains('\n'), "{error}");
        assert!(!error.contains("Usage:") && !error.contains("--help"), "{error}");
    }
}

/// Runs the webhook with a usage error, and returns its stderr.
fn usage_error(arguments: &[&str], format: Option<&str>) -> String {
    let mut command = command(IMAGESWAP);
    command.args(arguments);
    if let Some(format) = format {
        command.env("IMAGESWAP_LOG_FORMAT", format);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn format_of_a_usage_error_is_that_of_the_log() {
    let is_json = |text: &str| {
        text.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    };
    let cases: [(&[&str], Option<&str>); 5] = [
        // The default elsewhere than on a terminal.
        (&["serve", "--nonsense"], None),
        (&["serve", "--nonsense"], Some("JSON")),
        (&["serve", "--nonsense", "--log-format", "json"], Some("human")),
        (&["serve", "--log-format=Json", "--nonsense"], Some("human")),
        (&["serve", "--log-format", "xml"], None),
    ];
    for (arguments, format) in cases {
        let text = usage_error(arguments, format);
        assert!(
            is_json(&text) && text.lines().count() == 1,
            "{arguments:?}: {text}"
        );
    }
    let human: [(&[&str], Option<&str>); 4] = [
        (&["serve", "--nonsense"], Some("human")),
        (&["serve", "--nonsense", "--log-format", "human"], Some("json")),
        (&["serve", "--log-format=human", "--nonsense"], None),
        // Other commands have no log.
        (&["check", "--nonsense"], Some("json")),
    ];
    for (arguments, format) in human {
        let text = usage_error(arguments, format);
        assert!(
            text.starts_with("error: unexpected argument '--nonsense' found\n"),
            "{text}"
        );
        assert!(text.contains("\nUsage: imageswap "), "{text}");
    }
    let help = command(IMAGESWAP).args(["serve", "--help"]).output().unwrap();
    assert!(help.status.success() && help.stderr.is_empty());
}

#[test]
fn error_for_people_is_the_last_line() {
    let output = command(IMAGESWAP)
        .args([
            "serve",
            "--self-signed",
            "--rules",
            "/missing/rules",
            "--log-format",
            "human",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.starts_with("imageswap: cannot read /missing/rules: "),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn terminal_gets_text_in_color_with_the_lines_of_the_rules() {
    let rules = Volume::mount(&[("10-a.rules", b"rules v1\nswap docker.io/ -> {hubb}/\n")]);
    let path = rules.path().to_str().unwrap();
    let run = |variable: (&str, &str)| {
        let line = format!("{IMAGESWAP} serve --self-signed --rules {path}");
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        script
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .env(variable.0, variable.1);
        let output = script.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap().replace('\r', "")
    };
    let text = run(("LANG", "C"));
    let excerpt = format!(
        "Z \u{1b}[1;31mERROR\u{1b}[0m error[E0104]: unknown placeholder `{{hubb}}`\n     --> {path}/10-a.rules:2:20\n"
    );
    assert!(text.contains(&excerpt), "{text:?}");
    assert!(
        text.contains("\n    2 | swap docker.io/ -> {hubb}/\n      |                    ^^^^^^ not a "),
        "{text}"
    );
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("imageswap: invalid rules: ") && last.contains("10-a.rules:2:"),
        "{text}"
    );
    let plain = run(("NO_COLOR", "1"));
    assert!(
        plain.contains("Z ERROR error[E0104]") && !plain.contains('\u{1b}'),
        "{plain:?}"
    );
}

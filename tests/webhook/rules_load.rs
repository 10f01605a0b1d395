//! Starts with valid and invalid sets of rules.

use imageswap_tests_support::webhook::{Start, Volume, command};
use serde_json::Value;

use crate::IMAGESWAP;
use crate::rules::{files, rows};

#[test]
fn start_fails_with_file_and_line_if_a_set_is_invalid() {
    let mut wrong = Vec::new();
    let rows: Vec<Value> = rows("load.jsonl")
        .into_iter()
        .filter(|row| !row["category"].is_null())
        .collect();
    assert_eq!(rows.len(), 116);
    for row in &rows {
        let rules = Volume::mount(&files(row));
        let (status, stderr) = Start::new(IMAGESWAP).self_signed().rules(rules.path()).fail();
        if status != Some(1) || !names_the_place(row, rules.path().to_str().unwrap(), &stderr) {
            wrong.push(format!("{row}: {status:?}\n{stderr}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Returns true if the first error is at the line, in both the log and the last line.
fn names_the_place(row: &Value, directory: &str, stderr: &str) -> bool {
    let mut logged = stderr.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["level"] == "ERROR").then(|| (line["message"].as_str().unwrap().to_owned(), line))
    });
    let last = stderr.lines().last().unwrap_or_default();
    let Some((first, line)) = logged.next() else {
        return false;
    };
    let expected: Vec<u64> = match row["lines"].as_array() {
        Some(lines) => lines.iter().filter_map(Value::as_u64).collect(),
        None => row["line"].as_u64().into_iter().collect(),
    };
    let names = row["files"].as_object().unwrap().keys();
    // The error may be on the continuation line of the statement.
    let is_at_its_place = names
        .flat_map(|name| expected.iter().map(move |line| (name, line)))
        .flat_map(|(name, line)| [(name, *line), (name, line + 1)])
        .any(|(name, line)| first.starts_with(&format!("{directory}/{name}:{line}:")));
    let has_code = line["code"]
        .as_str()
        .is_some_and(|code| code.starts_with('E') && first.contains(&format!(": error[{code}]: ")));
    is_at_its_place && has_code && last.starts_with(&format!("imageswap: invalid rules: {first}"))
}

#[test]
fn unusual_but_valid_sets_serve() {
    let rows: Vec<Value> = rows("load.jsonl")
        .into_iter()
        .filter(|row| row["category"].is_null())
        .collect();
    assert_eq!(rows.len(), 37);
    let mut rules = Volume::mount(&files(&rows[0]));
    let server = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    for row in &rows[1..] {
        server.reloads_when(|| rules.update(&files(row)));
        assert_eq!(server.swap("auto"), None, "it answers");
    }
    assert_eq!(
        server.metric("imageswap_reloads_total", "result=\"failed\",what=\"rules\""),
        0.0
    );
}

#[test]
fn failed_start_reports_the_errors_of_all_files() {
    let rules = Volume::mount(&[
        ("10-a.rules", b"rules v1\nswap docker.io/ -> {hubb}/\nkeep x?y\n"),
        ("20-b.rules", b"rules v1\nkeep quay.io/\n  when namespase a\n"),
    ]);
    let (status, stderr) = Start::new(IMAGESWAP).self_signed().rules(rules.path()).fail();
    assert_eq!(status, Some(1));
    for place in ["10-a.rules:2:", "10-a.rules:3:", "20-b.rules:3:"] {
        assert!(stderr.contains(place), "{stderr}");
    }
    assert!(stderr.ends_with("; and 2 more errors\n"), "{stderr}");
    assert!(!stderr.contains("\"serving\""), "{stderr}");
}

#[test]
fn start_fails_if_a_test_fails() {
    let rules = Volume::mount(&[("a.rules", b"rules v1\nkeep quay.io/\ntest quay.io/x deny\n")]);
    let (status, stderr) = Start::new(IMAGESWAP).self_signed().rules(rules.path()).fail();
    assert_eq!(status, Some(1));
    assert!(stderr.contains("a.rules:3:"), "{stderr}");
}

#[test]
fn start_fails_and_names_the_path_if_it_is_missing() {
    let output = command(IMAGESWAP)
        .args([
            "serve",
            "--self-signed",
            "--rules",
            "/missing/rules",
            "--log-format",
            "json",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("cannot read /missing/rules: "), "{stderr}");
}

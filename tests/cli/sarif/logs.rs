//! SARIF: every log is valid by the schema of the standard, and has the same findings as the JSON.

use std::fs;

use imageswap_tests_support::repository;
use serde_json::Value;

use super::log::{assert_valid, cases, log, results, schema, slice};
use super::same::{assert_same, said};
use crate::run::{Ran, run};

/// Sets to check, each with its directory of the repository: without findings, with findings of each kind, in
/// ConfigMaps, from stdin, and unreadable.
const SETS: [&str; 16] = [
    "rules/",
    "broken.rules",
    "failing.rules",
    "lint.rules",
    "latin1.rules",
    "empty.rules",
    "empty/",
    "mixed/",
    "mixed/ maps.conf",
    "single.conf",
    "configmap.yaml",
    "configmap-broken.yaml",
    "list.yaml",
    "open-quote.yaml",
    "nothing-here",
    "- < broken.rules",
];

#[test]
fn every_log_is_valid_by_the_schema() {
    let schema = schema();
    let mut count = 0;
    for command in ["check", "test"] {
        for set in SETS {
            let log = log(
                &format!("imageswap {command} --format sarif {set}"),
                "tests/cli/folder",
            );
            assert_valid(&schema, &log, set);
            count += results(&log).len();
        }
    }
    for case in cases() {
        let log = log(
            &format!("imageswap check --max-rules 100 --format sarif {case}"),
            "grammar",
        );
        assert_valid(&schema, &log, &case);
        count += results(&log).len();
    }
    assert!(count > 300, "{count} results");
}

#[test]
fn schema_rejects_an_invalid_log() {
    let schema = schema();
    let log = log("imageswap check --format sarif broken.rules", "tests/cli/folder");
    for (pointer, value) in [
        ("/version", "2.2.0"),
        ("/runs/0/results/0/level", "notice"),
        (
            "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri",
            "a b",
        ),
    ] {
        let mut log = log.clone();
        *log.pointer_mut(pointer).unwrap() = value.into();
        assert!(!schema.is_valid(&log), "{pointer}");
    }
}

#[test]
fn log_has_the_same_findings_as_json() {
    let folder = SETS.into_iter().map(|set| ("tests/cli/folder", set.to_owned()));
    let cases = cases().into_iter().map(|case| ("grammar", case));
    let mut fixes = 0;
    for (folder, set) in folder.chain(cases) {
        let check = |format| format!("imageswap check --max-rules 100 --format {format} {set}");
        let log = log(&check("sarif"), folder);
        let json = run(&check("json"), folder).stdout;
        let findings: Vec<Value> = json
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(results(&log).len(), findings.len(), "{set}");
        for (result, finding) in results(&log).iter().zip(&findings) {
            assert_same(&log, result, finding);
            fixes += result["fixes"].as_array().map_or(0, Vec::len);
        }
    }
    assert!(fixes > 50, "{fixes} fixes");
}

#[test]
fn region_has_the_text_of_its_snippet() {
    let mut count = 0;
    for case in cases() {
        let log = log(
            &format!("imageswap check --max-rules 100 --format sarif {case}"),
            "grammar",
        );
        for location in results(&log)
            .iter()
            .flat_map(|result| &result["locations"].as_array().unwrap()[..])
        {
            let place = &location["physicalLocation"];
            let Some(snippet) = place["region"]["snippet"]["text"].as_str() else {
                continue;
            };
            let file = repository::path("grammar").join(place["artifactLocation"]["uri"].as_str().unwrap());
            assert_eq!(
                slice(&fs::read_to_string(file).unwrap(), &place["region"]),
                snippet,
                "{case}"
            );
            count += 1;
        }
    }
    assert!(count > 200, "{count} snippets");
}

#[test]
fn fingerprint_is_stable_if_lines_move_and_unique_for_each_line() {
    let folder = tempfile::tempdir().unwrap();
    let fingerprints = |text: &str| -> Vec<String> {
        fs::write(folder.path().join("a.rules"), text).unwrap();
        let log = log(
            "imageswap check --format sarif a.rules",
            folder.path().to_str().unwrap(),
        );
        let results = results(&log).iter();
        results
            .map(|result| {
                result["partialFingerprints"]["lineHash/v1"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    let before = fingerprints("rules v1\nkeep quay.io\nkeep gcr.io\nkeep quay.io\n");
    let after =
        fingerprints("rules v1\n\n# Moved.\nkeep gcr.io\nkeep  quay.io   # and formatted\nkeep quay.io\n");
    assert_eq!(before.len(), 3);
    let (hash, count) = before[0].split_once(':').unwrap();
    assert_eq!((hash.len(), count), (16, "1"));
    assert_eq!(before[2], format!("{hash}:2"));
    assert!(!before[1].starts_with(hash));
    assert_eq!(after[0], before[1]);
    assert_eq!(after[2], before[0], "the one line that is as it was");
}

#[test]
fn file_has_its_path_in_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("rules of ours");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("#1 ö.rules"), "rules v1\nkeep quay.io\n").unwrap();
    fs::write(folder.path().join("outside.rules"), "rules v1\nkeep gcr.io\n").unwrap();
    let log = log(
        "imageswap check --format sarif './#1 ö.rules' ../outside.rules",
        below.to_str().unwrap(),
    );
    assert_valid(&schema(), &log, "files with odd names");
    let location =
        |result: usize| &results(&log)[result]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(location(0)["uri"], "%231%20%C3%B6.rules");
    assert_eq!(location(0)["uriBaseId"], "%SRCROOT%");
    let uri = location(1)["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("file:///") && uri.ends_with("/outside.rules"),
        "{uri}"
    );
    assert!(location(1).get("uriBaseId").is_none());
}

#[test]
fn unreadable_file_fails_the_run_and_still_writes_a_log() {
    let Ran {
        stdout,
        stderr,
        status,
    } = run("imageswap test --format sarif nothing-here", "tests/cli/folder");
    let log: Value = serde_json::from_str(&stdout).unwrap();
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(status, 1);
    assert_eq!(invocation["executionSuccessful"], false);
    let said = said(&invocation["toolExecutionNotifications"][0]["message"]["text"]);
    assert_eq!(format!("imageswap: {said}\n"), stderr);
    assert!(results(&log).is_empty());
}

#[test]
fn brace_in_a_message_is_not_a_placeholder() {
    let log = log(
        "imageswap check --format sarif < broken.rules",
        "tests/cli/folder",
    );
    let result = &results(&log)[0];
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("unknown placeholder `{{hubb}}`"), "{text}");
    assert!(said(&result["message"]["text"]).starts_with("unknown placeholder `{hubb}`"));
    let snippet = &result["locations"][0]["physicalLocation"]["region"]["snippet"];
    assert_eq!(snippet["text"], "{hubb}");
}

#[test]
fn stdin_is_a_stream_without_a_path() {
    let log = log(
        "imageswap check --format sarif < broken.rules",
        "tests/cli/folder",
    );
    let artifact = &log["runs"][0]["artifacts"][0];
    assert_eq!(artifact["roles"][0], "standardStream");
    assert!(artifact["location"].get("uriBaseId").is_none());
}

#[test]
fn unreached_rules_are_reported_on_stderr() {
    let Ran { stdout, stderr, .. } = run(
        "imageswap test --coverage --format sarif rules/",
        "tests/cli/folder",
    );
    assert!(results(&serde_json::from_str(&stdout).unwrap()).is_empty());
    assert!(
        stderr.contains("rules/10-mirror.rules:10: no test reaches "),
        "{stderr}"
    );
}

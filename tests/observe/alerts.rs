//! The alerts by themselves: their tests by promtool, and their run-book.

use std::collections::BTreeMap;
use std::process::Command;

use imageswap_tests_support::pages::{blocks, is_there};
use imageswap_tests_support::repository;
use serde_json::Value;

use crate::{ALERTS, has_prometheus};

/// File with the tests of promtool.
const TESTS: &str = "tests/observe/alerts_test.yaml";

/// An alert of the file.
pub(crate) struct Alert {
    pub(crate) name: String,
    pub(crate) expr: String,
    annotations: Value,
}

/// Returns the alerts.
pub(crate) fn alerts() -> Vec<Alert> {
    let file: Value = serde_saphyr::from_str(&repository::read(ALERTS)).unwrap();
    let text = |rule: &Value, field: &str| rule[field].as_str().unwrap().to_owned();
    let groups = file["groups"].as_array().unwrap().iter();
    groups
        .flat_map(|group| group["rules"].as_array().unwrap())
        .map(|rule| Alert {
            name: text(rule, "alert"),
            expr: text(rule, "expr"),
            annotations: rule["annotations"].clone(),
        })
        .collect()
}

#[test]
fn each_alert_has_a_heading_of_the_run_book_and_no_other_has() {
    let page = repository::read("docs/troubleshooting.md");
    let alerts = alerts();
    let of_page: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let names: Vec<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    assert_eq!(of_page, names);
    let repository = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");
    for alert in &alerts {
        let link = alert.annotations["runbook_url"].as_str().unwrap();
        let link = link.strip_prefix(repository).unwrap();
        assert_eq!(
            link,
            format!("docs/troubleshooting.md#{}", alert.name.to_lowercase())
        );
        assert!(is_there("README.md", link), "{link}");
    }
}

#[test]
fn each_alert_is_tested_firing_and_silent() {
    let file: Value = serde_saphyr::from_str(&repository::read(TESTS)).unwrap();
    let mut seen: BTreeMap<&str, [bool; 2]> = BTreeMap::new();
    let tests = file["tests"].as_array().unwrap().iter();
    for case in tests.flat_map(|test| test["alert_rule_test"].as_array().unwrap()) {
        let of_alert = seen.entry(case["alertname"].as_str().unwrap()).or_default();
        of_alert[usize::from(case["exp_alerts"].is_array())] = true;
    }
    let alerts = alerts();
    let expected: BTreeMap<&str, [bool; 2]> = alerts
        .iter()
        .map(|alert| (alert.name.as_str(), [true; 2]))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn promtool_accepts_the_alerts_their_tests_and_the_configuration_of_the_page() {
    if !has_prometheus() {
        return;
    }
    let page = repository::read("docs/operations.md");
    let (_, section) = page.split_once("\n### Alerts and dashboard\n").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("prometheus.yaml");
    // Debian's package has no discovery of Pods.
    let (head, rest) = blocks(section, "yaml")[0]
        .split_once("  kubernetes_sd_configs:")
        .unwrap();
    let (_, relabeling) = rest.split_once("\n  relabel_configs:").unwrap();
    let of_page =
        format!("{head}  static_configs: [{{targets: ['localhost:9090']}}]\n  relabel_configs:{relabeling}");
    std::fs::write(&config, of_page).unwrap();
    for (arguments, expected) in [
        (
            ["check", "rules", ALERTS],
            format!("SUCCESS: {} rules found", alerts().len()),
        ),
        (["test", "rules", TESTS], "SUCCESS".to_owned()),
        (
            ["check", "config", config.to_str().unwrap()],
            "SUCCESS".to_owned(),
        ),
    ] {
        let promtool = Command::new("promtool")
            .args(arguments)
            .current_dir(repository::path(""))
            .output()
            .expect("promtool, of the package prometheus");
        let said = String::from_utf8_lossy(&promtool.stdout).into_owned()
            + &String::from_utf8_lossy(&promtool.stderr);
        assert!(promtool.status.success() && said.contains(&expected), "{said}");
    }
}

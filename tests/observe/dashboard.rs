//! The dashboard by itself: Grafana's own types decode it.

use std::fs;

use imageswap_tests_support::repository;
use imageswap_tests_support::tools::Tools;
use serde_json::Value;

use crate::DASHBOARD;

/// Returns the dashboard.
pub(crate) fn dashboard() -> Value {
    serde_json::from_str(&repository::read(DASHBOARD)).unwrap()
}

/// Returns the queries of the panels, each with the title of its panel.
pub(crate) fn queries() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| (text(&panel["title"]), text(&target["expr"])))
    });
    targets.collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn grafana_decodes_the_dashboard_strictly() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["dashboard"]) else {
        return;
    };
    let decoded = tools.succeed(&format!("dashboard <{DASHBOARD}"));
    let decoded: Vec<Value> = serde_json::from_str(&decoded).unwrap();
    let decoded: Vec<(String, String)> = decoded
        .iter()
        .map(|query| (text(&query["panel"]), text(&query["expr"])))
        .collect();
    assert_eq!(decoded, queries());
    // It finds a fault at each depth.
    let source = repository::read(DASHBOARD);
    for (part, by, fault) in [
        (
            "\"legendFormat\"",
            "\"legend\"",
            "Dataquery: unexpected field 'legend'",
        ),
        (
            "\"placement\": \"bottom\"",
            "\"place\": \"bottom\"",
            "unexpected field 'place'",
        ),
        (
            "\"type\": \"state-timeline\"",
            "\"type\": \"timeline\"",
            "unknown type \"timeline\"",
        ),
        ("\"id\": 3,", "\"id\": 2,", "have the number 2"),
        ("\"gridPos\"", "\"grid\"", "unexpected field 'grid'"),
    ] {
        assert!(source.contains(part), "{part}");
        let file = tools.path("faulty.json");
        fs::write(&file, source.replace(part, by)).unwrap();
        let ran = tools.run(&format!("dashboard <'{}'", file.display()));
        assert!(
            !ran.is_success && ran.stderr.contains(fault),
            "{part}: {}",
            ran.stderr
        );
    }
}

#[test]
fn panels_do_not_overlap_and_fill_the_width() {
    let dashboard = dashboard();
    let mut cells = std::collections::BTreeMap::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let position = |field: &str| panel["gridPos"][field].as_u64().unwrap();
        for y in position("y")..position("y") + position("h") {
            for x in position("x")..position("x") + position("w") {
                assert!(x < 24, "{}", panel["title"]);
                let other = cells.insert((y, x), panel["title"].clone());
                assert_eq!(other, None, "{}", panel["title"]);
            }
        }
        // A panel says what it shows, by its title or below it.
        assert!(!panel["title"].as_str().unwrap().is_empty());
    }
}

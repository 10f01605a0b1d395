//! The chart: its versions, its values, its unit tests, and the files that it packs.

use std::fs;

use imageswap_tests_support::repository;
use imageswap_tests_support::tools::Tools;
use serde_json::Value;

use super::copy::Deploy;
use super::schemas::VALUES;

#[test]
fn versions_are_those_of_the_program() {
    let chart = repository::read("deploy/chart/Chart.yaml");
    for field in ["version", "appVersion"] {
        let line = format!("\n{field}: {}\n", env!("CARGO_PKG_VERSION"));
        assert!(chart.contains(&line), "{line}");
    }
}

#[test]
fn every_value_has_a_schema_and_a_default() {
    let schema: Value = serde_json::from_str(&repository::read("deploy/chart/values.schema.json")).unwrap();
    let values = repository::read("deploy/chart/values.yaml");
    let is_top_level = |line: &&str| line.starts_with(|first: char| first.is_ascii_alphabetic());
    let mut defaults: Vec<&str> = values
        .lines()
        .filter(is_top_level)
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    let mut known: Vec<&str> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    // Helm adds it, for the parent of a chart.
    known.retain(|name| *name != "global");
    defaults.sort_unstable();
    known.sort_unstable();
    assert_eq!(defaults, known);
}

#[test]
fn lint_finds_nothing() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["helm", "helm3"]) else {
        return;
    };
    for helm in ["helm", "helm3"] {
        for (name, values) in VALUES {
            let linted = tools.succeed(&format!("{helm} lint --strict deploy/chart {values}"));
            assert!(
                linted.contains("1 chart(s) linted, 0 chart(s) failed"),
                "{helm} {name}: {linted}"
            );
        }
        let invalid = tools.run(&format!("{helm} lint --strict deploy/chart --set image.tagg=v2"));
        assert!(!invalid.is_success, "{helm}");
    }
}

#[test]
fn helm_3_and_helm_4_render_the_same() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["helm", "helm3"]) else {
        return;
    };
    let deploy = Deploy::copy(&tools);
    for (name, values) in VALUES {
        let [helm4, helm3] = ["helm", "helm3"].map(|helm| {
            let rendered = deploy.template(helm, "1.33.0", values);
            // The order of hooks differs.
            let mut lines: Vec<String> = rendered
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(str::to_owned)
                .collect();
            lines.sort();
            lines
        });
        assert_eq!(helm4, helm3, "{name}");
    }
}

#[test]
fn unit_tests_of_the_templates_pass() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["helm-unittest"]) else {
        return;
    };
    let files = fs::read_dir(repository::path("deploy/chart/unit-tests"))
        .unwrap()
        .count();
    // In a copy, since it adds a directory for snapshots.
    let chart = Deploy::copy(&tools).directory.join("chart");
    let ran = tools.run(&format!(
        "NO_COLOR=1 helm-unittest --file 'unit-tests/*_test.yaml' '{}'",
        chart.display()
    ));
    assert!(ran.is_success, "{}{}", ran.stdout, ran.stderr);
    let suites = format!("Test Suites: {files} passed, {files} total");
    assert!(ran.stdout.contains(&suites), "{}", ran.stdout);
}

#[test]
fn alerts_of_another_installation_select_its_metrics() {
    let Some(tools) = Tools::build(env!("CARGO_TARGET_TMPDIR"), &["helm"]) else {
        return;
    };
    let rendered = tools.succeed(
        "helm template swap deploy/chart -n platform --set fullnameOverride=swap \
         --set prometheusRule.enabled=true --show-only templates/prometheusrule.yaml",
    );
    let own = rendered.matches("{job=\"swap\", namespace=\"platform\"").count();
    let of_file = repository::read("deploy/chart/files/alerts.yaml");
    let of_manifests = "{job=\"imageswap\", namespace=\"imageswap-system\"";
    assert_eq!(own, of_file.matches(of_manifests).count());
    assert!(own > 15 && !rendered.contains(of_manifests), "{rendered}");
}

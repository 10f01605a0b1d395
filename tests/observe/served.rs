//! The queries of the dashboard and of the alerts, in a real Prometheus that scrapes real replicas under a scripted load.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use imageswap_tests_support::repository;
use imageswap_tests_support::webhook::eventually_within;

use crate::alerts::alerts;
use crate::dashboard::{dashboard, queries};
use crate::load::{Held, send};
use crate::prometheus::Prometheus;
use crate::replicas::Replicas;
use crate::{ALERTS, has_prometheus};

/// Alert that needs an API server. A test of the cluster starts a replica with the last good set.
const NEEDS_CLUSTER: &str = "ImageswapLastGoodActive";

/// Alert that fires when no replica is there any more.
const DOWN: &str = "ImageswapDown";

/// Returns the rules with short times: each range is ten seconds, and an alert that is true fires at once.
fn hurried(rules: &str) -> String {
    let mut hurried = String::new();
    for line in rules
        .lines()
        .filter(|line| !line.trim_start().starts_with("for: "))
    {
        let mut line = line.to_owned();
        for range in ["[5m]", "[10m]", "[15m]", "[30m]"] {
            line = line.replace(range, "[10s]");
        }
        hurried += &(line + "\n");
    }
    assert!(!hurried.contains("m]"));
    hurried
}

#[test]
fn every_query_returns_data_and_every_alert_fires() {
    if !has_prometheus() {
        return;
    }
    let mut replicas = Replicas::start();
    let prometheus = Prometheus::start(&hurried(&repository::read(ALERTS)), &replicas.addresses());
    assert_eq!(prometheus.query("up == 1").len(), 0);
    eventually_within(Duration::from_secs(30), "all replicas", || {
        prometheus.query("up == 1").len() == 4
    });
    replicas.break_rules();

    let alerts = alerts();
    let mut silent: BTreeSet<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    silent.remove(NEEDS_CLUSTER);
    silent.remove(DOWN);
    let (started, mut held) = (Instant::now(), Held::default());
    let mut round = 0;
    while !silent.is_empty() {
        assert!(started.elapsed() < Duration::from_secs(180), "silent: {silent:?}");
        send(&mut replicas, &mut held, round);
        round += 1;
        for name in prometheus.firing() {
            assert!(name != DOWN && name != NEEDS_CLUSTER, "{name}");
            silent.remove(name.as_str());
        }
    }

    // With `bool`, a comparison has a result whatever its sides are.
    for alert in alerts.iter().filter(|alert| alert.name != DOWN) {
        let expr = [" > ", " < "].iter().fold(alert.expr.clone(), |expr, sign| {
            expr.replace(sign, &format!("{sign}bool "))
        });
        assert_ne!(expr, alert.expr, "{}", alert.name);
        assert!(!prometheus.query(&expr).is_empty(), "{}: {expr}", alert.name);
    }
    for (panel, expr) in queries() {
        let expr = of_viewer(&expr);
        assert!(!prometheus.query(&expr).is_empty(), "{panel}: {expr}");
    }
    variables_have_values(&prometheus);

    drop((replicas, held));
    eventually_within(Duration::from_secs(30), DOWN, || {
        prometheus.firing().contains(&DOWN.to_owned())
    });
}

/// Returns a query as Grafana sends it for all jobs and namespaces.
fn of_viewer(expr: &str) -> String {
    let expr = expr
        .replace("$__rate_interval", "30s")
        .replace("$__range", "5m")
        .replace("$job", "imageswap")
        .replace("$namespace", "imageswap-system");
    assert!(!expr.contains('$'), "{expr}");
    expr
}

fn variables_have_values(prometheus: &Prometheus) {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let mut count = 0;
    for variable in variables.iter().filter(|variable| variable["type"] == "query") {
        let query = variable["query"]["query"].as_str().unwrap();
        let inner = query
            .strip_prefix("label_values(")
            .unwrap()
            .strip_suffix(')')
            .unwrap();
        let (selector, label) = inner.rsplit_once(", ").unwrap();
        let values = prometheus.label_values(label, &of_viewer(selector));
        let expected = [("namespace", "imageswap-system"), ("job", "imageswap")];
        let (_, expected) = expected.iter().find(|(name, _)| *name == label).unwrap();
        assert_eq!(values, [*expected]);
        count += 1;
    }
    assert_eq!(count, 2);
    let changes = dashboard["annotations"]["list"][0]["expr"].as_str().unwrap();
    // A replica that starts again loads its rules again.
    let changes = of_viewer(changes).replace("[1m]", "[5m]");
    assert!(!prometheus.query(&changes).is_empty(), "{changes}");
}

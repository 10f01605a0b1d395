//! The metric of images by rule.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use imageswap_tests_support::webhook::{Server, Start, Volume, pod};

use crate::IMAGESWAP;

const FILE: &str = "10-a.rules";

fn serve(text: &str) -> (Volume, Server) {
    let rules = Volume::mount(&[(FILE, text.as_bytes())]);
    let server = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    (rules, server)
}

fn reload(rules: &mut Volume, server: &Server, text: &str) {
    server.reloads_when(|| rules.update(&[(FILE, text.as_bytes())]));
}

/// Returns the series of images, by rule and effect.
fn counts(server: &Server) -> BTreeMap<(String, String), f64> {
    let text = server.get("/metrics").text();
    let series = text
        .lines()
        .filter_map(|line| line.strip_prefix("imageswap_images_total{effect=\""));
    series
        .map(|line| {
            let (effect, rest) = line.split_once("\",rule=\"").unwrap();
            let (rule, count) = rest.rsplit_once("\"} ").unwrap();
            ((rule.to_owned(), effect.to_owned()), count.parse().unwrap())
        })
        .collect()
}

fn expected<const N: usize>(counts: [(&str, &str, f64); N]) -> BTreeMap<(String, String), f64> {
    counts
        .into_iter()
        .map(|(rule, effect, count)| ((rule.to_owned(), effect.to_owned()), count))
        .collect()
}

#[test]
fn series_is_labeled_by_name_else_by_file_and_text() {
    let (_rules, server) = serve(
        "rules v1\n\
         swap quay.io/ -> h.example.com/  as quay\n\
         keep   ghcr.io/acme/   # ours\n\
         deny **:latest because \"say \\\"no\\\"\"\n   \
           when namespace default\n\
         warn docker.io/ as hub\n",
    );
    server.post(&pod(&[
        "quay.io/a:1",
        "quay.io/b:1",
        "ghcr.io/acme/c:1",
        "nginx:1",
    ]));
    server.post(&pod(&["nginx", "Bad", "auto"]));
    assert_eq!(
        counts(&server),
        expected([
            ("quay", "swap", 2.0),
            ("10-a.rules keep ghcr.io/acme/", "keep", 1.0),
            (
                "10-a.rules deny **:latest because \\\"say \\\\\\\"no\\\\\\\"\\\" when namespace default",
                "deny",
                1.0
            ),
            ("(none)", "keep", 1.0),
        ])
    );
}

#[test]
fn count_survives_a_reload_that_moves_the_rule() {
    let (mut rules, server) =
        serve("rules v1\nkeep ghcr.io/ when namespace default,b\nswap quay.io/ -> h.example.com/ as quay\n");
    let body = pod(&["ghcr.io/x", "quay.io/x"]);
    server.post(&body);
    let before = counts(&server);
    // The rules are two lines lower and formatted differently, and the named rule has another target.
    reload(
        &mut rules,
        &server,
        "rules v1\n\n# moved\nkeep   ghcr.io/ # a comment\n  when namespace default, b\nswap quay.io/ -> g.example.com/ as quay\n",
    );
    assert_eq!(
        counts(&server),
        before,
        "nothing is lost while nothing is decided"
    );
    server.post(&body);
    assert_eq!(
        counts(&server),
        expected([
            ("10-a.rules keep ghcr.io/ when namespace default, b", "keep", 2.0),
            ("quay", "swap", 2.0)
        ])
    );
    // A removed rule loses its series, and begins from 0 when it is added again. The other one keeps its count.
    reload(
        &mut rules,
        &server,
        "rules v1\nkeep ghcr.io/ when namespace default, b\n",
    );
    server.post(&body);
    assert_eq!(
        counts(&server),
        expected([
            ("10-a.rules keep ghcr.io/ when namespace default, b", "keep", 3.0),
            ("(none)", "keep", 1.0),
        ])
    );
    reload(
        &mut rules,
        &server,
        "rules v1\nkeep ghcr.io/ when namespace default , b\nkeep quay.io/ as quay\n",
    );
    server.post(&body);
    assert_eq!(
        counts(&server),
        expected([
            ("10-a.rules keep ghcr.io/ when namespace default, b", "keep", 4.0),
            ("quay", "keep", 1.0),
            ("(none)", "keep", 1.0),
        ])
    );
}

#[test]
fn rules_over_the_limit_share_one_series() {
    const RULES: usize = 2_500;
    let mut text = "rules v1\n".to_owned();
    for n in 0..RULES {
        writeln!(text, "keep quay.io/org{n}/ as r{n}").unwrap();
    }
    let (mut rules, server) = serve(&text);
    let images: Vec<String> = (0..RULES).map(|n| format!("quay.io/org{n}/x")).collect();
    let mut connection = server.connect();
    for images in images.chunks(100) {
        let images: Vec<&str> = images.iter().map(String::as_str).collect();
        connection.post("/", &pod(&images));
    }
    let other = ("(other)".to_owned(), "keep".to_owned());
    let found = counts(&server);
    assert_eq!((found.len(), found[&other]), (2_001, 500.0));
    assert_eq!(found.values().sum::<f64>(), RULES as f64);
    // Rules with a series keep it. A later rule has none of its own.
    text.push_str("keep ghcr.io/ as late\n");
    reload(&mut rules, &server, &text);
    server.post(&pod(&["quay.io/org0/x", "quay.io/org2400/x", "ghcr.io/x"]));
    let found = counts(&server);
    assert_eq!((found.len(), found[&other]), (2_001, 502.0));
    assert_eq!(found[&("r0".to_owned(), "keep".to_owned())], 2.0);
}

#[test]
fn labels_are_short_and_have_no_text_of_clients() {
    let long_name = format!("n{}", "x".repeat(1_000));
    let (_rules, server) = serve(&format!(
        "rules v1\nkeep quay.io/ because \"{}\"\nkeep ghcr.io/ as {long_name}\nkeep gcr.io/ because \"ä{0}\"\n",
        "ö".repeat(1_000)
    ));
    server.post(&pod(&[
        "quay.io/secret-project",
        "ghcr.io/x",
        "gcr.io/x",
        "example.com/secret-project",
    ]));
    let found = counts(&server);
    assert_eq!(found.len(), 4);
    for (rule, _) in found.keys() {
        assert!(
            rule.chars().count() <= 200,
            "{} characters: {rule}",
            rule.chars().count()
        );
        assert!(!rule.contains("secret-project"));
    }
}

#[test]
fn swap_is_counted_for_the_rule_that_produced_the_result() {
    let (_rules, server) = serve(
        "rules v1\n\
         keep h.example.com/  as arrived\n\
         swap quay.io/ -> docker.io/old/  as quay\n\
         swap docker.io/ -> h.example.com/  as hub\n",
    );
    let answer = server.post(&pod(&["quay.io/a:1", "h.example.com/b:1"]));
    assert_eq!(
        counts(&server),
        expected([("hub", "swap", 1.0), ("arrived", "keep", 1.0)])
    );
    // The log and the audit log name all rules, in the order in which they decided.
    let named = &answer.review()["response"]["auditAnnotations"]["rules"];
    assert_eq!(named, "quay,hub,arrived");
    let line = server.wait_for_log(|line| line["message"] == "reviewed");
    assert_eq!(line["rules"], "quay,hub,arrived");
}

#[test]
fn log_names_rules_as_the_metric_does_and_has_their_lines() {
    let (_rules, server) = serve(
        "rules v1\n\
         swap quay.io/ ->\n  h.example.com/q/\n\
         keep ghcr.io/  as theirs\n",
    );
    server.post(&pod(&["quay.io/a:1", "ghcr.io/b:1"]));
    let line = server.wait_for_log(|line| line["message"] == "reviewed");
    let [unnamed, named] = line["rules"].as_str().unwrap().split(',').collect::<Vec<_>>()[..] else {
        panic!("{line}");
    };
    let metric = counts(&server);
    assert!(
        metric.keys().any(|(rule, _)| rule == unnamed),
        "{unnamed}: {metric:?}"
    );
    assert!(unnamed.contains("swap quay.io/ -> h.example.com/q/"), "{unnamed}");
    assert_eq!(named, "theirs");
    let lines: Vec<&str> = line["rule_lines"].as_str().unwrap().split(',').collect();
    assert!(lines[0].ends_with(":2") && lines[1].ends_with(":4"), "{lines:?}");
}

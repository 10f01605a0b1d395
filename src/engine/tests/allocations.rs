//! An evaluation allocates nothing unless the image changes.

use imageswap_engine::compile::{Limits, RuleSet, RulesFile, compile};
use imageswap_engine::context::Context;
use imageswap_engine::diagnostic::SourceMap;
use imageswap_engine::rules::Effect;
use imageswap_engine::syntax::rules::parse;

const RULES: &str = "\
rules v1
home harbor.example.com/
keep ghcr.io/acme/
keep quay.io/*/tools*:v1.*
deny written *internal*
swap docker.io/bitnami/ -> docker.io/bitnamilegacy/
swap *.gcr.io/ -> harbor.example.com/gcr-{1}/ when namespace prod-*
swap **/{name-of-it}/x -> harbor.example.com/{path}
";

fn set() -> RuleSet {
    let text = RULES.replace("{name-of-it}", "team");
    let mut sources = SourceMap::default();
    let source = sources.add("a.rules", text.as_str());
    let (file, findings) = parse(source, &text);
    assert!(findings.is_empty());
    let file = RulesFile {
        label: "a.rules".to_owned(),
        file,
    };
    compile(&sources, &[file], None, Limits::default())
        .verify(|one, other| (one(), other()))
        .unwrap()
        .rules
}

#[test]
fn evaluation_without_a_change_allocates_nothing() {
    let set = set();
    let labels = [("team".into(), "core".into())];
    let context = Context {
        namespace: Some("default"),
        labels: &labels,
        ..Context::default()
    };
    let long = format!(
        "registry.example.com:5000/{}/x@sha256:{}",
        "a/".repeat(100) + "b",
        "0".repeat(64)
    );
    for image in [
        "nginx",
        "Docker.io:443/nginx",
        "ghcr.io/acme/api:7",
        "quay.io/coreos/tools-x:v1.2",
        "harbor.example.com/gcr-eu/x:1",
        "harbor.example.com/team/x",
        "eu.gcr.io/x",
        "a/internal",
        "auto",
        long.as_str(),
    ] {
        let mut effect = None;
        let counted = allocation_counter::measure(|| {
            effect = Some(set.evaluate(image, &context).into_effect());
        });
        assert!(
            matches!(effect, Some(Effect::Keep | Effect::Deny)),
            "{image}: {effect:?}"
        );
        assert_eq!(counted.count_total, 0, "{image}");
    }
    let counted = allocation_counter::measure(|| {
        assert!(matches!(
            set.evaluate("bitnami/redis", &context).into_effect(),
            Effect::Swap(_)
        ));
    });
    assert!(counted.count_total > 0, "the counter counts");
}

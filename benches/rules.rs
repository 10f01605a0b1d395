//! Deciding by rules: the time does not grow with their number.
//!
//! `cargo bench --bench rules` prints the time of a decision in sets of 10, 1,000 and 100,000 rules, over the same
//! images, of which some are decided by a rule and some by none; the time of patterns with one wildcard and with several, on
//! an image that they read to its end; and what it takes to load 100,000 rules.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use imageswap_engine::compile::{Check, Draft, Limits, RuleSet, RulesFile, compile};
use imageswap_engine::context::Context;
use imageswap_engine::diagnostic::{Findings, SourceMap};
use imageswap_engine::syntax::rules::parse;

/// A set of rules of all ordinary forms. The first ten are in each set, and decide the images.
fn text(rules: usize) -> String {
    let mut text = "\
rules v1
let hub = harbor.example.com
home {hub}/
keep ghcr.io/acme/
swap docker.io/bitnami/ -> docker.io/bitnamilegacy/
swap docker.io/ -> {hub}/hub/
swap quay.io/coreos/etcd:v3.* -> {hub}/etcd/etcd
swap *.gcr.io/ -> {hub}/gcr-{1}/
swap gcr.io/kaniko-project/executor:v1.0 -> {hub}/patched/kaniko:v1.0-p1
deny **:edge when namespace prod-*
swap registry.k8s.io/ -> {hub}/k8s/
warn written *redis* when label team
keep mcr.microsoft.com/dotnet/*-alpine
"
    .to_owned();
    for n in 10..rules {
        let line = match n % 8 {
            0 => format!("swap quay.io/org{n}/ -> {{hub}}/quay/org{n}/"),
            1 => format!("swap quay.io/org{n}/app -> {{hub}}/quay/org{n}/app pull-secret harbor-read"),
            2 => format!("keep ghcr.io/org{n}/api*"),
            3 => format!("deny gcr.io/org{n}/old:v1.* when namespace prod-* and not label team=core"),
            4 => format!("swap registry{n}.example.org/ -> {{hub}}/r{n}/"),
            5 => format!("swap gcr.io/org{n}/img:v1 -> {{hub}}/patched/org{n}/img:v1-p1"),
            6 => format!("swap *.region{n}.example.net/ -> {{hub}}/region{n}/{{1}}/"),
            _ => format!("swap docker.io/org{n}/ -> {{hub}}/hub2/org{n}/ when namespace team{n}"),
        };
        let _ = writeln!(text, "{line}");
    }
    text
}

/// What is decided: by a prefix, in two rounds, by a wildcard, by no rule, by home.
const IMAGES: [&str; 10] = [
    "nginx:1.25",
    "bitnami/redis:7",
    "ghcr.io/acme/api:7",
    "ghcr.io/other/api:7",
    "quay.io/coreos/etcd:v3.5.1",
    "eu.gcr.io/team/app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "gcr.io/kaniko-project/executor:v1.0",
    "registry.k8s.io/pause:3.9",
    "harbor.example.com/hub/library/nginx:1.25",
    "registry.example.com:5000/team/project/image:1.25.3",
];

fn draft(text: &str) -> Draft {
    let mut sources = SourceMap::default();
    let source = sources.add("bench.rules", text);
    let (file, findings) = parse(source, sources.get(source).map_or("", |source| source.text()));
    assert!(findings.is_empty());
    let file = RulesFile {
        label: "bench.rules".to_owned(),
        file,
    };
    compile(&sources, &[file], None, Limits::default())
}

/// Runs the termination check and the tests, without the lints.
fn settles(one: Check<'_>, _: Check<'_>) -> (Findings, Findings) {
    (one(), Findings::default())
}

fn load(text: &str) -> RuleSet {
    draft(text).verify(settles).expect("the set loads").rules
}

fn rules(criterion: &mut Criterion) {
    let context = Context {
        namespace: Some("default"),
        ..Context::default()
    };
    let mut group = criterion.benchmark_group("decide");
    group.throughput(Throughput::Elements(IMAGES.len() as u64));
    for count in [10, 1_000, 100_000] {
        let set = load(&text(count));
        group.bench_function(format!("{count} rules"), |bencher| {
            bencher.iter(|| {
                for image in IMAGES {
                    black_box(set.evaluate(black_box(image), &context));
                }
            });
        });
    }
    group.finish();
    let text = text(100_000);
    let mut group = criterion.benchmark_group("100,000 rules");
    group.sample_size(10).throughput(Throughput::Elements(100_000));
    group.bench_function("parse, compile, prove", |bencher| bencher.iter(|| load(&text)));
    let verified = draft(&text).verify(|one, other| {
        group.bench_function("prove", |bencher| bencher.iter(one));
        group.bench_function("lint", |bencher| bencher.iter(other));
        (Findings::default(), Findings::default())
    });
    assert!(verified.is_ok());
    group.finish();
}

/// Patterns that match no image of their kind, the first of each kind with one wildcard.
const PATTERNS: [(&str, &str); 8] = [
    ("letters", "written a*b{}"),
    ("letters", "written a*x*b{}"),
    ("letters", "written a*[ab]aaa?aaa?b{}*a"),
    ("letters", "a.example.com/*/b{}"),
    ("letters", "a.example.com/*a*b{}*a"),
    ("segments", "a.example.com/**/a*b{}*/**/b"),
    ("segments", "a.example.com/**/a*/a*/a*/b{}*/**/b"),
    ("segments", "**/a*b{}*/**/b"),
];

fn wildcards(criterion: &mut Criterion) {
    const RULES: usize = 300;
    let letters = format!("a.example.com/{}", "a".repeat(216));
    let segments = format!("a.example.com/{}b", "a/".repeat(107));
    let mut group = criterion.benchmark_group("wildcards");
    group.throughput(Throughput::Elements(RULES as u64));
    for (kind, pattern) in PATTERNS {
        let mut text = "rules v1\n".to_owned();
        for number in 0..RULES {
            let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
            let name = String::from_iter([letter(number / 26), letter(number)]);
            let _ = writeln!(text, "deny {}", pattern.replace("{}", &name));
        }
        let set = load(&text);
        let image = if kind == "letters" { &letters } else { &segments };
        group.bench_function(pattern, |bencher| {
            bencher.iter(|| set.evaluate(black_box(image), &Context::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, rules, wildcards);
criterion_main!(benches);

//! The parts of an answer, one by one: to read a reference, to decide, to review, and to load a map.
//!
//! `cargo bench --bench parts` prints the times; `-- PATTERN` takes some of them only.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use imageswap_engine::admission::{Caller, Policy, review};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Context;
use imageswap_engine::diagnostic::SourceMap;
use imageswap_engine::legacy::{LegacyConfig, Map};
use imageswap_engine::reference::Reference;
use imageswap_tests_support::recorded::{large_review, small_review};

fn map(lines: usize) -> String {
    let registry = |n| format!("registry-{n}.example.com::mirror.example.com/registry-{n}\n");
    let head = "default::\ndocker.io::mirror.example.com/hub\n".to_owned();
    head + &(2..lines).map(registry).collect::<String>()
}

fn rules(text: &str) -> RuleSet {
    let mut sources = SourceMap::default();
    let source = sources.add("maps", text);
    LegacyConfig::Maps(Box::new(Map::compile(&sources, source).0)).into()
}

fn parts(criterion: &mut Criterion) {
    let digest = "a".repeat(64);
    let long = format!("registry.example.com:5000/team/project/image:1.25.3@sha256:{digest}");
    for (name, image) in [("short", "nginx:1.25"), ("long", long.as_str())] {
        criterion.bench_function(&format!("reference/{name}"), |bencher| {
            bencher.iter(|| Reference::parse(black_box(image)));
        });
    }
    let sets = [
        ("10 lines", rules(&map(10))),
        ("100,000 lines", rules(&map(100_000))),
    ];
    for (name, rules) in &sets {
        for image in [
            "nginx:1.25",
            "ghcr.io/acme/api:7",
            "mirror.example.com/hub/nginx:1.25",
        ] {
            criterion.bench_function(&format!("decide/{name}/{image}"), |bencher| {
                bencher.iter(|| rules.evaluate(black_box(image), &Context::default()));
            });
        }
    }
    let policy = Policy {
        rules: &sets[0].1,
        digest: "0123456789abcdef",
        disable_label: "k8s.twr.io/imageswap",
        dry_run: false,
        record_originals: false,
    };
    let mut group = criterion.benchmark_group("review");
    for (name, body) in [("small", small_review()), ("large", large_review())] {
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| review(black_box(&body), &policy, &Caller::default()))
        });
    }
    group.finish();
    let text = map(100_000);
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).throughput(Throughput::Elements(100_000));
    group.bench_function("map of 100,000 lines", |bencher| {
        bencher.iter_batched(|| text.clone(), |text| rules(&text), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);

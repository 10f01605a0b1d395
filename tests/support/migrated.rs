//! An old configuration, and the rules that `migrate` writes for it.

use std::collections::HashMap;

use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Context;
use imageswap_engine::diagnostic::{Diagnostic, Help, Severity, SourceMap};
use imageswap_engine::legacy::{LegacyConfig, Map, Prefix};
use imageswap_engine::reference::Reference;
use imageswap_engine::rules::Effect;
use imageswap_engine::suite::Test;
use imageswap_migrate::{Fault, Migration, Old, Progress, migrate};

use crate::loaded::{self, Loaded};
use crate::recorded::conformance;

/// A recorded file.
pub fn read(name: &str) -> String {
    std::fs::read_to_string(conformance("legacy").join(name)).unwrap()
}

/// An old configuration, and its migration.
pub struct Migrated {
    /// The rules.
    pub text: String,
    /// The old configuration as a set.
    pub old: RuleSet,
    /// The rules as a set.
    pub new: RuleSet,
    /// The number of images that `migrate` compared.
    pub compared: usize,
    /// The differences without a reason.
    pub unexplained: Vec<String>,
    /// The rules that advice offers.
    pub better: Vec<String>,
    /// True if the value of `default`, or the prefix, ends in `-` and has no `/`.
    pub on_registry: bool,
    /// The keys and values of the configuration.
    pub said: Vec<(String, String)>,
    /// Targets, each with a `/` at the end.
    pub targets: Vec<String>,
}

/// Returns the context of the images: a namespace alone.
pub fn context() -> Context<'static> {
    Context {
        namespace: Some("default"),
        ..Context::default()
    }
}

/// Loads rules as `imageswap check --deny-warnings` does.
pub fn load(text: &str) -> (Option<RuleSet>, Vec<Test>, Vec<String>) {
    let Loaded {
        set,
        tests,
        findings,
        sources,
    } = loaded::load([("migrated.rules", text)]);
    let is_reported = |finding: &&Diagnostic| finding.severity != Severity::Notice;
    let findings = findings
        .iter()
        .filter(is_reported)
        .map(|finding| finding.short(&sources, Help::text))
        .collect();
    (set, tests, findings)
}

fn check(migration: Migration, old: RuleSet, said: &str, value: &str) -> Migrated {
    let (set, tests, findings) = load(&migration.text);
    assert_eq!(findings, Vec::<String>::new(), "{said}\n{}", migration.text);
    let new = set.unwrap();
    assert_eq!((new.len(), tests.len()), (migration.rules, migration.tests));
    let unexplained = migration
        .comparison
        .unexplained()
        .map(|difference| format!("{}: {:?}, {:?}", difference.image, difference.old, difference.new))
        .collect();
    Migrated {
        better: migration
            .advice
            .iter()
            .filter_map(|advice| advice.better.clone())
            .collect(),
        compared: migration.comparison.samples,
        unexplained,
        text: migration.text,
        old,
        new,
        on_registry: value.ends_with('-') && !value.contains('/'),
        said: Vec::new(),
        targets: Vec::new(),
    }
}

/// Migrates a map.
pub fn of_map(text: &str) -> Migrated {
    try_map(text).unwrap_or_else(|fault| panic!("{fault:?}\n{text}"))
}

/// Migrates a map, if that can be.
pub fn try_map(text: &str) -> Result<Migrated, Fault> {
    let mut sources = SourceMap::default();
    let source = sources.add("maps", text);
    let migration = migrate(Old::Map(&sources, source), "a map", &[], &Progress::silent())?;
    let (map, _) = Map::compile(&sources, source);
    let said: String = text
        .lines()
        .map(|line| {
            let line: String = line
                .split('#')
                .next()
                .unwrap_or_default()
                .split_whitespace()
                .collect();
            line + "\n"
        })
        .collect();
    let pairs = said
        .lines()
        .filter_map(|line| line.split_once("::").or_else(|| line.split_once(':')));
    let pairs: Vec<(&str, &str)> = pairs.collect();
    let default = pairs
        .iter()
        .rfind(|(key, _)| *key == "default")
        .map_or("", |(_, value)| *value);
    let mut migrated = check(migration, LegacyConfig::Maps(Box::new(map)).into(), text, default);
    let last: HashMap<&str, &str> = pairs.iter().copied().collect();
    let own = last
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    migrated.said = own.collect();
    for (key, value) in &pairs {
        if value.is_empty() || *key == "noswap_wildcards" {
            continue;
        }
        let host = key
            .split(':')
            .next()
            .unwrap_or_default()
            .split('/')
            .next()
            .unwrap_or_default();
        let place = match value.strip_suffix('-') {
            Some(_) if *key == "default" => (*value).to_owned(),
            Some(_) => format!("{value}{host}/"),
            None if key.starts_with("[EXACT]") => (*value).to_owned(),
            None => format!("{}/", value.trim_end_matches('/')),
        };
        migrated.targets.push(place);
        // A port that is handed on.
        if !value.contains(['/', ':']) && !value.ends_with('-') {
            migrated
                .targets
                .extend(["5000", "8443"].map(|port| format!("{value}:{port}/")));
        }
    }
    Ok(migrated)
}

/// Migrates a prefix.
pub fn of_prefix(prefix: &str) -> Migrated {
    let migration = migrate(Old::Prefix(prefix), "a prefix", &[], &Progress::silent()).unwrap();
    let old = LegacyConfig::Prefix(Prefix::new(prefix)).into();
    check(migration, old, "", prefix)
}

/// Returns true if two texts are one image, however they are spelled.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || full(one).is_some_and(|one| Some(one) == full(other))
}

/// An image written out, its registry in lower case and without the default port.
fn full(image: &str) -> Option<String> {
    let text = Reference::parse(image).ok()?.to_string();
    let (registry, rest) = text.split_once('/')?;
    let registry = registry.to_lowercase();
    Some(format!(
        "{}/{rest}",
        registry.strip_suffix(":443").unwrap_or(&registry)
    ))
}

impl Migrated {
    /// Returns the image by the rules.
    pub fn decide(&self, image: &str) -> String {
        decide(&self.new, image)
    }

    /// Returns the image by the old configuration.
    pub fn old(&self, image: &str) -> String {
        decide(&self.old, image)
    }

    /// Returns the reason why a result may differ from the expected one.
    pub fn excuse(&self, image: &str, expected: &str, found: &str) -> Option<&'static str> {
        let registry = image.split_once('/').map_or("", |(first, _)| first);
        let is_registry = registry.contains(['.', ':']) || registry == "localhost";
        let named = full(image)?;
        let is_at = |target: &String| {
            let below = full(&format!("{target}x/y"));
            let below = below.as_deref().and_then(|below| below.strip_suffix("x/y"));
            let image = full(target);
            below.is_some_and(|below| named.starts_with(below))
                || image.is_some_and(|image| named.starts_with(&image))
        };
        let home = self.text.lines().filter_map(|line| line.strip_prefix("home "));
        let home: Vec<String> = home
            .flat_map(|line| line.split(", ").map(str::to_owned))
            .collect();
        // At home no glob for all registries moves an image, so that another line may be for it.
        if (is_same(found, image) && self.targets.iter().any(is_at)) || home.iter().any(is_at) {
            return Some("already there");
        }
        if registry.ends_with(":443")
            || registry.chars().any(char::is_uppercase)
            || registry == "index.docker.io"
        {
            return Some("spelled otherwise");
        }
        if Reference::parse(expected).is_err() {
            return Some("no image before");
        }
        let mut at = expected.to_owned();
        // Docker Hub has no port, so no rule can lead to one of it.
        let mut is_by_hub = false;
        for _ in 0..10 {
            is_by_hub |= at.starts_with("docker.io:");
            let next = decide(&self.old, &full(&at)?);
            if is_same(&next, found) && !is_same(&next, expected) {
                return Some("chain");
            }
            at = next;
        }
        let begins = |text: &str| {
            let text = text.trim_start_matches("[EXACT]").trim_start_matches("[REPLACE]");
            text.strip_prefix(registry)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_named = self.said.iter().any(|(key, value)| begins(key) || begins(value));
        let port = |image: &str| {
            let (registry, _) = image.split_once('/')?;
            Some(registry.split_once(':')?.1.to_owned())
        };
        let is_named_port = image.contains(":8443/") && !is_by_hub;
        if port(image).is_some() && port(image) == port(expected) && !is_named_port {
            return Some("port handed on");
        }
        (self.on_registry && is_registry && !is_named && is_same(found, image))
            .then_some("prefix on registry")
    }
}

fn decide(set: &RuleSet, image: &str) -> String {
    match set.evaluate(image, &context()).into_effect() {
        Effect::Swap(result) => result,
        _ => image.to_owned(),
    }
}

//! Loading sets as `check` does, and contexts from JSON.

use std::borrow::Cow;

use imageswap_engine::compile::{Limits, RuleSet, RulesFile, compile};
use imageswap_engine::context::{Context, Operation, Owner, Place};
use imageswap_engine::diagnostic::{Diagnostic, Findings, Help, Severity, SourceMap};
use imageswap_engine::legacy::Map;
use imageswap_engine::suite::Test;
use imageswap_engine::syntax::rules::parse;
use serde_json::Value;

/// A set with its findings.
pub struct Loaded {
    /// The set. `None` if a file has an error.
    pub set: Option<RuleSet>,
    /// The tests of the files.
    pub tests: Vec<Test>,
    /// All findings, in the order of the files.
    pub findings: Findings,
    /// The texts of the files.
    pub sources: SourceMap,
}

impl Loaded {
    /// Returns the findings that are errors.
    pub fn errors(&self) -> Vec<&Diagnostic> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect()
    }

    /// Returns each finding on a line.
    pub fn short(&self) -> String {
        self.findings
            .iter()
            .map(|finding| finding.short(&self.sources, Help::text) + "\n")
            .collect()
    }

    /// The set, which loads.
    pub fn set(&self) -> &RuleSet {
        assert!(self.errors().is_empty(), "{}", self.short());
        self.set.as_ref().unwrap()
    }
}

/// Loads files, given as names and texts. A file of the name `maps` is a map.
pub fn load<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Loaded {
    load_within(files, Limits::default())
}

/// Loads files within limits.
pub fn load_within<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>, limits: Limits) -> Loaded {
    let mut map = None;
    let mut sources = SourceMap::default();
    let mut findings = Findings::default();
    let mut parsed = Vec::new();
    for (name, text) in files {
        let source = sources.add(name, text);
        if name == "maps" {
            let (read, found) = Map::compile(&sources, source);
            map = Some(read);
            findings.append(found);
            continue;
        }
        let (file, found) = parse(source, text);
        findings.append(found);
        parsed.push(RulesFile {
            label: name.to_owned(),
            file,
        });
    }
    let draft = compile(&sources, &parsed, map, limits);
    let (set, tests) = match draft.verify(|one, other| (one(), other())) {
        Ok(verified) => {
            findings.append(verified.findings);
            (Some(verified.rules), verified.tests)
        }
        Err(rejected) => {
            findings.append(rejected.findings);
            (None, rejected.draft.tests().to_vec())
        }
    };
    findings.sort();
    Loaded {
        set,
        tests,
        findings,
        sources,
    }
}

/// Loads one file.
pub fn load_text(text: &str) -> Loaded {
    load([("a.rules", text)])
}

/// A context as vectors give it, with the defaults of a test for what they don't name.
pub struct Given {
    value: Value,
    labels: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    annotations: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl Given {
    /// Reads the JSON object of a context.
    pub fn new(value: &Value) -> Self {
        let pairs = |key: &str| {
            value[key]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, value)| {
                    (
                        Cow::Owned(key.clone()),
                        Cow::Owned(value.as_str().unwrap().to_owned()),
                    )
                })
                .collect()
        };
        Self {
            labels: pairs("labels"),
            annotations: pairs("annotations"),
            value: value.clone(),
        }
    }

    fn text<'a>(&'a self, key: &str, default: Option<&'a str>) -> Option<&'a str> {
        match self.value.get(key) {
            None => default,
            Some(value) => value.as_str(),
        }
    }

    /// Returns the context that an evaluation reads.
    pub fn context(&self) -> Context<'_> {
        let place = Place::parse(self.text("place", Some("main")).unwrap()).unwrap();
        let operation = match self.text("operation", Some("create")) {
            Some("create") => Some(Operation::Create),
            Some("update") => Some(Operation::Update),
            None => None,
            Some(other) => panic!("{other}"),
        };
        Context {
            namespace: self.text("namespace", Some("default")),
            labels: &self.labels,
            annotations: &self.annotations,
            owner: self.text("owner", None).map(|owner| {
                let (kind, group) = owner.split_once('.').unwrap_or((owner, ""));
                Owner { kind, group }
            }),
            container: self.text("container", Some("main")),
            place,
            kind: self.text("kind", Some("Pod")),
            operation,
            user: self.text("user", None),
            hook: self.text("hook", None),
        }
    }
}

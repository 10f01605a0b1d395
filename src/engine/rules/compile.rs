//! From the statements of all files to a set of rules, and what there is to say of it.

use super::home;
use super::index::IndexBuilder;
use super::lower::{Lowered, lower};
use super::tests_of_set::Test;
use super::{RuleSet, lints, proof};
use crate::diagnostic::{Diagnostic, Severity, SourceMap};
use crate::legacy::{LegacyConfig, Map};
use crate::syntax::ast::File;

/// A parsed rules file.
#[derive(Debug)]
pub struct RulesFile {
    /// What its rules are called by where they have no name: `LABEL:LINE`.
    pub label: String,
    /// Its statements.
    pub file: File,
}

/// What a set may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The number of rules.
    pub rules: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rules: 100_000 }
    }
}

/// What came of a set's files.
#[derive(Debug)]
pub struct Compilation {
    /// The rules; none where there is an error. Its tests have not run, and nothing is proven of it.
    pub set: Option<RuleSet>,
    /// Its tests.
    pub tests: Vec<Test>,
    /// All that is wrong, in the order of the files.
    pub findings: Vec<Diagnostic>,
}

/// Compiles files, as one list of statements, and a map as their last resort.
///
/// What is wrong with single statements comes out at once. The set as a whole is judged by [`RuleSet::prove`],
/// [`RuleSet::lint`] and [`RuleSet::run_tests`], which take time of their own and can run side by side.
#[must_use]
pub fn compile(sources: &SourceMap, files: &[RulesFile], map: Option<Map>, limits: Limits) -> Compilation {
    let Lowered {
        rules,
        files: conditions,
        home,
        tests,
        mut findings,
    } = lower(sources, files, map.is_some(), limits);
    let home = match home::of(&rules, &conditions, home) {
        Ok(home) => home,
        Err(finding) => {
            findings.push(*finding);
            Vec::new()
        }
    };
    findings.sort_by_key(|finding| finding.span().map(|span| (span.source, span.start)));
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Compilation {
            set: None,
            tests,
            findings,
        };
    }
    let mut index = IndexBuilder::default();
    let mut shapes = IndexBuilder::default();
    for (number, rule) in (0..).zip(&rules) {
        index.add(number, &rule.pattern, rule.conditions(&conditions));
        if map.is_some()
            && let Some(target) = &rule.target
        {
            shapes.add_shape(number, target);
        }
    }
    let set = RuleSet {
        index: index.finish(),
        shapes: shapes.finish(),
        rules: rules.into(),
        files: conditions.into(),
        home: home.into(),
        legacy: map.map(|map| LegacyConfig::Maps(Box::new(map))),
    };
    Compilation {
        set: Some(set),
        tests,
        findings,
    }
}

impl RuleSet {
    /// Shows that deciding ends for every image. What it finds are errors.
    #[must_use]
    pub fn prove(&self) -> Vec<Diagnostic> {
        proof::prove(self)
    }

    /// What the rules say and can't have been meant. What it finds are warnings.
    #[must_use]
    pub fn lint(&self) -> Vec<Diagnostic> {
        lints::lint(self)
    }
}

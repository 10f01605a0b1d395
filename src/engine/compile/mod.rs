//! From the statements of all files to a set of rules, and what there is to say of it.

use crate::analysis::{lints, termination};
use crate::diagnostic::{Diagnostic, Severity, SourceMap};
use crate::legacy::{LegacyConfig, Map};
use crate::lower::{Lowered, lower};
use crate::rules::RuleSet;
use crate::rules::home;
use crate::rules::index::IndexBuilder;
use crate::suite::Test;
use crate::syntax::ast::File;

pub use crate::lower::{ConstantError, Constants, is_reserved};

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
    /// The rules; none where there is an error, in the text of a file too. Its tests have not run, and nothing is proven of it.
    pub set: Option<RuleSet>,
    /// Its tests.
    pub tests: Vec<Test>,
    /// Its constants.
    pub constants: Constants,
    /// All that is wrong, in the order of the files.
    pub findings: Vec<Diagnostic>,
}

/// Compiles files, as one list of statements, and a map as their last resort.
///
/// What is wrong with single statements comes out at once. The set as a whole is judged by [`RuleSet::prove`],
/// [`RuleSet::lint`] and [`RuleSet::run_tests`], which take time of their own and can run side by side.
#[must_use]
pub fn compile(sources: &SourceMap, parsed: &[RulesFile], map: Option<Map>, limits: Limits) -> Compilation {
    let Lowered {
        rules,
        files,
        home,
        tests,
        constants,
        mut findings,
        is_broken,
    } = lower(sources, parsed, map.is_some(), limits);
    // A `home` line, or the swap that decides which it would be, may be among what has an error.
    let is_whole = !is_broken && !findings.iter().any(|finding| finding.severity == Severity::Error);
    let home = match home::of(&rules, &files, home) {
        Ok(home) => home,
        Err(finding) => {
            findings.extend(is_whole.then_some(*finding));
            Vec::new()
        }
    };
    findings.sort_by_key(|finding| finding.span().map(|span| (span.source, span.start)));
    if is_broken || findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Compilation {
            set: None,
            tests,
            constants,
            findings,
        };
    }
    let mut index = IndexBuilder::default();
    let mut shapes = IndexBuilder::default();
    for (number, rule) in (0..).zip(&rules) {
        index.add(number, &rule.pattern, rule.conditions(&files));
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
        files: files.into(),
        home: home::Home::new(home),
        legacy: map.map(|map| LegacyConfig::Maps(Box::new(map))),
    };
    Compilation {
        set: Some(set),
        tests,
        constants,
        findings,
    }
}

impl RuleSet {
    /// Shows that deciding ends for every image. What it finds are errors.
    #[must_use]
    pub fn prove(&self) -> Vec<Diagnostic> {
        termination::prove(self)
    }

    /// What the rules say and can't have been meant. What it finds are warnings.
    #[must_use]
    pub fn lint(&self) -> Vec<Diagnostic> {
        lints::lint(self)
    }
}

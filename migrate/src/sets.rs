//! Rule sets of both configurations.

use imageswap_engine::compile::{Draft, Limits, RuleSet, RulesFile, compile};
use imageswap_engine::diagnostic::{Diagnostic, Severity, SourceId, SourceMap};
use imageswap_engine::legacy::{LegacyConfig, Map, Prefix};
use imageswap_engine::syntax::rules::parse;

/// Errors in the statements of a rules file.
#[derive(Debug)]
pub(crate) struct Errors {
    pub(crate) errors: Vec<Diagnostic>,
    pub(crate) sources: SourceMap,
}

/// Compiles a rules file, which the caller verifies.
pub(crate) fn rules(text: &str) -> Result<Draft, Errors> {
    let mut sources = SourceMap::default();
    let source = sources.add("migrated.rules", text);
    let (file, mut findings) = parse(source, text);
    let file = RulesFile {
        label: "migrated.rules".to_owned(),
        file,
    };
    let limits = Limits {
        rules: usize::MAX,
        ..Limits::default()
    };
    let draft = compile(&sources, &[file], None, limits);
    findings.append(draft.findings().clone());
    if !findings.has_errors() {
        return Ok(draft);
    }
    let is_error = |finding: &&Diagnostic| finding.severity == Severity::Error;
    let errors = findings.iter().filter(is_error).cloned().collect();
    Err(Errors { errors, sources })
}

/// Compiles a map, and returns all findings about its lines, since each becomes advice.
pub(crate) fn map(sources: &SourceMap, source: SourceId) -> (RuleSet, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let map = Map::compile_with(sources, source, &mut |finding| findings.push(finding));
    findings.sort_by_key(Diagnostic::span);
    (LegacyConfig::Maps(Box::new(map)).into(), findings)
}

/// Compiles a prefix.
pub(crate) fn prefix(prefix: &str) -> RuleSet {
    LegacyConfig::Prefix(Prefix::new(prefix)).into()
}

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
    let (file, mut errors) = parse(source, text);
    let file = RulesFile {
        label: "migrated.rules".to_owned(),
        file,
    };
    let limits = Limits {
        rules: usize::MAX,
        ..Limits::default()
    };
    let draft = compile(&sources, &[file], None, limits);
    errors.extend(draft.findings().iter().cloned());
    errors.retain(|finding| finding.severity == Severity::Error);
    if errors.is_empty() {
        Ok(draft)
    } else {
        Err(Errors { errors, sources })
    }
}

/// Compiles a map, and returns the findings about its lines.
pub(crate) fn map(sources: &SourceMap, source: SourceId) -> (RuleSet, Vec<Diagnostic>) {
    let (map, findings) = Map::compile(sources, source);
    (LegacyConfig::Maps(Box::new(map)).into(), findings)
}

/// Compiles a prefix.
pub(crate) fn prefix(prefix: &str) -> RuleSet {
    LegacyConfig::Prefix(Prefix::new(prefix)).into()
}

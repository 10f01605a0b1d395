//! Texts as sets of rules: the old one, and the new one as it would be loaded.

use imageswap_engine::compile::{Compilation, Limits, RulesFile, compile};
use imageswap_engine::diagnostic::{Diagnostic, Severity, SourceId, SourceMap};
use imageswap_engine::legacy::{LegacyConfig, Map, Prefix};
use imageswap_engine::rules::RuleSet;
use imageswap_engine::syntax::rules::parse;

/// A set, or what is wrong with it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) set: Option<RuleSet>,
    /// Errors of its statements.
    pub(crate) errors: Vec<Diagnostic>,
    pub(crate) sources: SourceMap,
}

/// Loads a rules file. Nothing is proven of it yet, and its tests have not run.
pub(crate) fn rules(text: &str) -> Loaded {
    let mut sources = SourceMap::default();
    let source = sources.add("migrated.rules", text);
    let (file, mut errors) = parse(source, text);
    let file = RulesFile {
        label: "migrated.rules".to_owned(),
        file,
    };
    let limits = Limits { rules: usize::MAX };
    let Compilation { set, findings, .. } = compile(&sources, &[file], None, limits);
    errors.extend(findings);
    errors.retain(|finding| finding.severity == Severity::Error);
    Loaded {
        set: set.filter(|_| errors.is_empty()),
        errors,
        sources,
    }
}

/// A map as a set, and what there is to say of its lines.
pub(crate) fn map(sources: &SourceMap, source: SourceId) -> (RuleSet, Vec<Diagnostic>) {
    let (map, findings) = Map::compile(sources, source);
    (LegacyConfig::Maps(Box::new(map)).into(), findings)
}

/// A prefix as a set.
pub(crate) fn prefix(prefix: &str) -> RuleSet {
    LegacyConfig::Prefix(Prefix::new(prefix)).into()
}

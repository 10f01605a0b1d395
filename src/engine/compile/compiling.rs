//! From the statements of all files to a draft.

use super::draft::Draft;
use super::home;
use crate::diagnostic::SourceMap;
use crate::legacy::{LegacyConfig, Map};
use crate::lower::{Limits, Lowered, RulesFile, lower};
use crate::rules::home::Home;
use crate::rules::index::IndexBuilder;
use crate::rules::{Compiled, RuleId};

/// Compiles files, as one list of statements, with a map as the fallback.
///
/// The draft has the findings about single statements. [`Draft::verify`] checks the set as a whole.
#[must_use]
pub fn compile(sources: &SourceMap, parsed: &[RulesFile], map: Option<Map>, limits: Limits) -> Draft {
    let Lowered {
        rules,
        files,
        home,
        tests,
        constants,
        mut findings,
        is_broken,
    } = lower(sources, parsed, map.is_some(), limits);
    // A `home` line, or the swap that determines the home, may be among the statements with an error.
    let is_whole = !is_broken && !findings.has_errors();
    let home = match home::resolve(&rules, &files, home) {
        Ok(home) => home,
        Err(finding) => {
            findings.extend(is_whole.then_some(*finding));
            Vec::new()
        }
    };
    // By position, because home is checked after the statements.
    findings.sort();
    if is_broken || findings.has_errors() {
        return Draft::new(None, tests, constants, findings);
    }
    let mut index = IndexBuilder::default();
    let mut shapes = IndexBuilder::default();
    for (place, rule) in rules.iter().enumerate() {
        // The limit of rules is far below that of ids, so this cannot happen.
        let Some(id) = RuleId::new(place) else { break };
        index.add(id, &rule.pattern, rule.conditions(&files));
        // Without a map, nothing asks whether an image is a result of any rule.
        if map.is_some()
            && let Some(target) = &rule.target
        {
            shapes.add_shape(id, target);
        }
    }
    let compiled = Compiled {
        index: index.finish(&rules, &files),
        shapes: shapes.finish_whole(),
        rules: rules.into(),
        files: files.into(),
        home: Home::new(home),
        legacy: map.map(|map| LegacyConfig::Maps(Box::new(map))),
    };
    Draft::new(Some(compiled), tests, constants, findings)
}

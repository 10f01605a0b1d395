//! The traps of a map as findings, for maps that stay in use.

use imageswap_engine::diagnostic::{Diagnostic, Findings, Help, SourceId, SourceMap, Span};
use imageswap_engine::syntax::map::Key;

use super::line::{self, Trap};
use crate::map::OldMap;
use crate::plan;

/// Maximum number of rules in a finding. `imageswap migrate` prints all.
const MAX_RULES: usize = 4;

/// Returns findings about lines of a map that rely on a trap, in the order of the file. Traps that the map parser or
/// the lint of chains reports are not among them.
#[must_use]
pub fn lint(sources: &SourceMap, source: SourceId) -> Findings {
    let text = sources.get(source).map_or("", |source| source.text());
    let map = OldMap::read(source, text);
    let idle = plan::idle_lines(&map);
    let mut found = line::shared_target_traps(&map, |at| !idle.contains_key(&at));
    found.extend((0..map.lines.len()).filter_map(|at| line::line_trap(&map, &idle, at)));
    let lines = map
        .lines
        .iter()
        .enumerate()
        .filter(|(at, _)| !idle.contains_key(at));
    found.extend(lines.flat_map(|(at, text)| line::entry_traps(at, text)));
    let finding = |trap: &Trap| {
        let line = map.lines.get(trap.at)?;
        finding(trap, line.key(), map.span(source, line.number)?)
    };
    let mut findings: Findings = found.iter().filter_map(finding).collect();
    findings.sort();
    findings
}

/// Returns the finding of a trap; `None` if it is one of rules only, or has another finding.
fn finding(trap: &Trap, key: Key<'_>, line: Span) -> Option<Diagnostic> {
    let (severity, code) = trap.kind.finding()?;
    let mut finding = Diagnostic::new(severity, code, trap.effect.clone(), line);
    finding.help.extend(trap.kind.help(key).map(Help::from));
    let better = trap.better.as_deref().map(as_rules);
    finding.help.extend(better.map(Help::from));
    Some(finding)
}

/// Joins the rules to write instead on one line.
fn as_rules(better: &str) -> String {
    let rules: Vec<String> = better.lines().map(|rule| format!("`{rule}`")).collect();
    let kind = if rules.len() == 1 { "a rule" } else { "rules" };
    let shown = rules
        .iter()
        .take(MAX_RULES)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match rules.len().saturating_sub(MAX_RULES) {
        0 => format!("use {kind}: {shown}"),
        more => format!("use rules: {shown} and {more} more, which `imageswap migrate` prints"),
    }
}

#[cfg(test)]
mod tests {
    use imageswap_engine::diagnostic::Code;
    use imageswap_tests_support::pages::blocks;

    use super::*;

    const PAGE: &str = include_str!("../../../docs/errors.md");

    fn codes_of(map: &str) -> Vec<Code> {
        let mut sources = SourceMap::default();
        let source = sources.add("maps", map);
        let findings = lint(&sources, source);
        findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn maps_of_the_errors_page_have_their_findings() {
        let is_ours = |code: &&Code| match code.as_str().split_at(3) {
            ("N09", _) => true,
            ("W09", number) => number > "05",
            _ => false,
        };
        let codes: Vec<&Code> = Code::ALL.iter().filter(is_ours).collect();
        assert_eq!(codes.len(), 11);
        for code in codes {
            let (_, entry) = PAGE.split_once(&format!("\n## {code}\n")).unwrap();
            let entry = entry.split("\n## ").next().unwrap();
            // Blocks of rules have the name of their language, those of maps none.
            let maps = blocks(entry, "");
            let with_default = |map: &&str| match map.contains("default::") || *code == Code::MAP_NO_DEFAULT {
                true => (*map).to_owned(),
                false => format!("{map}default::\n"),
            };
            let maps: Vec<String> = maps.iter().map(with_default).collect();
            let (mistake, fixed) = maps.split_first().unwrap();
            assert!(codes_of(mistake).contains(code), "{code}: {mistake}");
            for fixed in fixed {
                assert!(!codes_of(fixed).contains(code), "{code}: {fixed}");
            }
        }
    }

    #[test]
    fn findings_of_other_checks_are_not_repeated() {
        for map in [
            "quay.io::https://h.io\ndefault::\n",
            "words\ndefault::\n",
            "a.io::b.io/x\nb.io::c.io/x\ndefault::\n",
            "default::https://h.io\n",
            "default::\nnoswap_wildcards::\n",
            "",
        ] {
            assert_eq!(codes_of(map), [], "{map}");
        }
    }
}

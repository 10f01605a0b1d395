//! Advice: the traps of a map with what the rules file does about them.

use std::collections::{BTreeMap, HashMap, HashSet};

use imageswap_engine::analysis::samples;
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Setting;
use imageswap_engine::diagnostic::{Code, Diagnostic};
use imageswap_engine::reference::{canonical, split_registry};
use imageswap_engine::rules::Effect;
use imageswap_engine::syntax::map::Key;

use super::kind::TrapKind;
use super::line::{self, Trap};
use crate::map::{Line, OldMap};
use crate::plan::Idle;
use crate::rule::Rule;

/// Advice about a line that relies on a trap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The line of the map, from 1.
    pub line: usize,
    /// The line as the parser reads it.
    pub text: String,
    /// The kind of the trap.
    pub kind: TrapKind,
    /// The effect of the line, and how the rules file treats it.
    pub message: String,
    /// Rules to write instead, one per line.
    pub better: Option<String>,
}

/// Inputs of the advice.
pub(crate) struct AdviceInput<'m> {
    pub(crate) map: Option<&'m OldMap>,
    /// Findings of the map parser.
    pub(crate) findings: &'m [Diagnostic],
    pub(crate) idle: &'m BTreeMap<usize, Idle>,
    /// All rules of the plan.
    pub(crate) all: &'m [Rule],
    /// Rules of the file, without redundant ones.
    pub(crate) rules: &'m [Rule],
    pub(crate) old: &'m RuleSet,
}

/// Returns all advice, in the order of the lines.
pub(crate) fn advice(known: &AdviceInput<'_>) -> Vec<Advice> {
    let Some(map) = known.map else {
        return Vec::new();
    };
    let lines_of =
        |rules: &[Rule]| -> HashSet<usize> { rules.iter().flat_map(|rule| rule.lines.clone()).collect() };
    let (had_rule, has_rule) = (lines_of(known.all), lines_of(known.rules));
    let by_key: HashMap<&str, usize> = (0..)
        .zip(&map.lines)
        .map(|(at, line)| (line.key.as_str(), at))
        .collect();
    let mut advice = Vec::new();
    for (at, line) in map.lines.iter().enumerate() {
        let is_idle = known.idle.contains_key(&at);
        if !is_idle && had_rule.contains(&at) && !has_rule.contains(&at) {
            advice.push(Advice::new(
                line,
                TrapKind::NoEffect,
                "the line changes no result",
            ));
            continue;
        }
        let trap = line::line_trap(map, known.idle, at);
        advice.extend(trap.map(|trap| trap.advice(line)));
        if !is_idle {
            advice.extend(line::entry_traps(at, line).map(|trap| trap.advice(line)));
            advice.extend(chain(known, map, &by_key, line));
        }
    }
    let together = line::shared_target_traps(map, |at| has_rule.contains(&at)).into_iter();
    advice.extend(together.filter_map(|trap| map.lines.get(trap.at).map(|line| trap.advice(line))));
    advice.extend(known.findings.iter().filter_map(|finding| skipped(map, finding)));
    advice.sort_by_key(|advice| advice.line);
    advice
}

impl Advice {
    fn new(line: &Line, kind: TrapKind, effect: &str) -> Self {
        Self {
            line: line.number,
            text: format!("{}::{}", line.key, line.value),
            kind,
            message: format!("{effect}{}", kind.in_new_file()),
            better: None,
        }
    }
}

impl Trap {
    fn advice(self, line: &Line) -> Advice {
        Advice {
            better: self.better,
            ..Advice::new(line, self.kind, &self.effect)
        }
    }
}

/// Returns the advice about a line whose result another line swaps again.
fn chain(
    known: &AdviceInput<'_>,
    map: &OldMap,
    by_key: &HashMap<&str, usize>,
    line: &Line,
) -> Option<Advice> {
    let setting = Setting::default();
    let image = match line.key() {
        Key::Exact(image) => image.to_owned(),
        Key::Replace(_) | Key::Default | Key::NoswapWildcards => return None,
        Key::Registry(registry) => samples::app_at(registry),
    };
    let decide = |image: &str| match known.old.evaluate(image, &setting.context()).into_effect() {
        Effect::Swap(result) => canonical(&result),
        _ => None,
    };
    let first = decide(&image)?;
    let second = decide(&first).filter(|second| *second != first)?;
    let (registry, _) = split_registry(&first);
    let exact = Key::Exact(&first).to_string();
    let keys = [Some(exact.as_str()), registry].into_iter().flatten();
    let next = keys.filter_map(|key| by_key.get(key)).min();
    let next = next
        .and_then(|at| map.lines.get(*at))
        .map(|next| format!(" (line {})", next.number))
        .unwrap_or_default();
    Some(Advice::new(
        line,
        TrapKind::Chain,
        &format!("`{image}` becomes `{first}`, which another line{next} swaps again, to `{second}`"),
    ))
}

/// Returns the advice about a line that is skipped or replaced.
fn skipped(map: &OldMap, finding: &Diagnostic) -> Option<Advice> {
    let (kind, effect) = match finding.code {
        Code::MAP_LINE_SKIPPED => (TrapKind::SkippedLine, "the line is not `KEY::VALUE`"),
        Code::MAP_KEY_REPLACED => (TrapKind::ReplacedLine, "a later line has the same key"),
        _ => return None,
    };
    let start = finding.span()?.start;
    let (line, text) = map.place(start)?;
    Some(Advice {
        line,
        text,
        kind,
        message: format!("{effect}{}", kind.in_new_file()),
        better: None,
    })
}

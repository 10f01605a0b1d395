//! Advice: lines of the map that rely on a trap, what the new file does for them, and what would be better.

use std::collections::{BTreeMap, HashMap, HashSet};

use imageswap_engine::context::Setting;
use imageswap_engine::diagnostic::{Code, Diagnostic};
use imageswap_engine::rules::{Effect, RuleSet};
use imageswap_engine::syntax::map::Key;

use crate::map::{Line, OldMap};
use crate::place::{split_registry, written_out};
use crate::plan::Idle;
use crate::rule::Rule;
use crate::traps::{self, Trap};

/// What there is to say of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The line of the map, from 1.
    pub line: usize,
    /// The line as it is read.
    pub text: String,
    /// The trap's name.
    pub trap: &'static str,
    /// What the line does, and what the new file does for it.
    pub message: String,
    /// The changed line, ready to copy; several where one rule does not say it.
    pub better: Option<String>,
}

/// What advice is given by.
pub(crate) struct Known<'m> {
    pub(crate) map: Option<&'m OldMap>,
    /// What the reader of maps says.
    pub(crate) findings: &'m [Diagnostic],
    pub(crate) idle: &'m BTreeMap<usize, Idle>,
    /// The rules before some were left out, and those that are left.
    pub(crate) all: &'m [Rule],
    pub(crate) rules: &'m [Rule],
    pub(crate) old: &'m RuleSet,
}

/// All advice, in the order of the lines.
pub(crate) fn of(known: &Known<'_>) -> Vec<Advice> {
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
            advice.push(Advice::of(
                line,
                "says-nothing",
                "without this line the same comes out, so the new file has no rule for it".to_owned(),
            ));
            continue;
        }
        let trap = traps::of_line(map, known.idle, at);
        advice.extend(trap.map(|trap| trap.advice(line)));
        if !is_idle {
            advice.extend(traps::of_entries(at, line).map(|trap| trap.advice(line)));
            advice.extend(chain(known, map, &by_key, line));
        }
    }
    let together = traps::of_lines_together(map, |at| has_rule.contains(&at)).into_iter();
    advice.extend(together.filter_map(|trap| map.lines.get(trap.at).map(|line| trap.advice(line))));
    advice.extend(known.findings.iter().filter_map(|finding| skipped(map, finding)));
    advice.sort_by_key(|advice| advice.line);
    advice
}

impl Advice {
    fn of(line: &Line, trap: &'static str, message: String) -> Self {
        Self {
            line: line.number,
            text: format!("{}::{}", line.key, line.value),
            trap,
            message,
            better: None,
        }
    }
}

impl Trap {
    fn advice(self, line: &Line) -> Advice {
        Advice {
            better: self.better,
            ..Advice::of(line, self.name, format!("{}{}", self.does, self.new_file))
        }
    }
}

/// Of a line whose results another line moves on.
fn chain(known: &Known<'_>, map: &OldMap, by_key: &HashMap<&str, usize>, line: &Line) -> Option<Advice> {
    let setting = Setting::default();
    let image = match line.key() {
        Key::Exact(image) => image.to_owned(),
        Key::Replace(_) | Key::Default | Key::NoswapWildcards => return None,
        Key::Registry(registry) => format!("{registry}/team/app:1.25"),
    };
    let decide = |image: &str| match known.old.decide(image, &setting.context()).effect {
        Effect::Swap(result) => written_out(&result),
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
    Some(Advice::of(
        line,
        "chain",
        format!(
            "`{image}` becomes `{first}`, which another line{next} moves on to `{second}`; in the new file it goes to the \
             end at once"
        ),
    ))
}

/// Of a line that is passed over.
fn skipped(map: &OldMap, finding: &Diagnostic) -> Option<Advice> {
    let trap = match finding.code {
        Code::MAP_LINE_SKIPPED => "skipped-line",
        Code::MAP_KEY_REPLACED => "replaced-line",
        _ => return None,
    };
    let start = finding.span()?.start;
    let (line, text) = map.place(start)?;
    Some(Advice {
        line,
        text,
        trap,
        message: match finding.code {
            Code::MAP_KEY_REPLACED => "a later line has the same key, and counts".to_owned(),
            _ => "it is no `KEY::VALUE`, so it is passed over, as before".to_owned(),
        },
        better: None,
    })
}

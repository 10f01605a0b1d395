//! Advice: lines of the map that rely on a trap, what the new file does for them, and what would be better.

use std::collections::{BTreeMap, HashSet};

use imageswap_engine::diagnostic::{Code, Diagnostic};
use imageswap_engine::rules::{Effect, RuleSet, Setting};

use crate::better::{below, keep, kept};
use crate::map::{Line, OldMap};
use crate::place::{Place, split_registry, written_out};
use crate::plan::{Facts, Idle};
use crate::rule::{Constants, Kind, Rule};

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
    pub(crate) facts: &'m Facts,
}

/// All advice, in the order of the lines.
pub(crate) fn of(known: &Known<'_>) -> Vec<Advice> {
    let Some(map) = known.map else {
        return Vec::new();
    };
    let lines_of =
        |rules: &[Rule]| -> HashSet<usize> { rules.iter().flat_map(|rule| rule.lines.clone()).collect() };
    let (had_rule, has_rule) = (lines_of(known.all), lines_of(known.rules));
    let mut advice = Vec::new();
    for (at, line) in map.lines.iter().enumerate() {
        if let Some(why) = known.idle.get(&at) {
            advice.push(idle(map, line, *why));
            continue;
        }
        if had_rule.contains(&at) && !has_rule.contains(&at) {
            advice.push(line.advice(
                "says-nothing",
                "without this line the same comes out, so the new file has no rule for it".to_owned(),
                None,
            ));
            continue;
        }
        advice.extend(of_line(known, map, line));
        advice.extend(unheld(line));
        advice.extend(chain(known, map, line));
    }
    advice.extend(one_target(map, known.rules));
    advice.extend(known.findings.iter().filter_map(|finding| skipped(map, finding)));
    advice.sort_by_key(|advice| advice.line);
    advice
}

impl Line {
    fn text(&self) -> String {
        format!("{}::{}", self.key, self.value)
    }

    fn advice(&self, trap: &'static str, message: String, better: Option<String>) -> Advice {
        Advice {
            line: self.number,
            text: self.text(),
            trap,
            message,
            better,
        }
    }
}

/// Of a line that no rule comes of.
fn idle(map: &OldMap, line: &Line, why: Idle) -> Advice {
    match why {
        Idle::NoImage => line.advice(
            "matches-nothing",
            "no image can have this key, so the new file has no rule for it".to_owned(),
            line.key.contains('*').then(|| below(&line.key, &line.value)).flatten(),
        ),
        Idle::PathInKey => line.advice(
            "path-in-key",
            "the key of a registry never matches with a path, so the new file has no rule for it".to_owned(),
            below(&line.key, &line.value),
        ),
        Idle::NoDefault => line.advice(
            "no-default",
            "without a `default` line no registry is swapped, so the new file has no rule for it".to_owned(),
            (line.key != "noswap_wildcards").then(|| below(&line.key, &line.value)).flatten(),
        ),
        Idle::Unusable => line.advice(
            "unusable-value",
            "no valid image can come of the value, so its images stay, in the new file too".to_owned(),
            None,
        ),
        Idle::Unnameable => line.advice(
            "unnameable-registry",
            "the value is a registry without a dot, which no rule can name; the new file leaves its images alone"
                .to_owned(),
            None,
        ),
        Idle::EmptyEntry => line.advice(
            "empty-entry",
            "an empty entry occurs in every image, so all that no line names stays, and the new file has no rule for it; \
             where it was to be moved, this does it"
                .to_owned(),
            map.lines.iter().find(|line| line.key == "default").and_then(|default| {
                let entries = line.value.split(',').filter(|entry| !entry.is_empty());
                let rules = entries.filter_map(keep).chain([below("**", &default.value)?]);
                Some(rules.collect::<Vec<String>>().join("\n"))
            }),
        ),
    }
}

/// Of a line that does what it says, in a way that few expect.
fn of_line(known: &Known<'_>, map: &OldMap, line: &Line) -> Option<Advice> {
    let has_key = |key: &str| map.lines.iter().any(|line| line.key == key);
    let value = line.value.as_str();
    match line.key.as_str() {
        // Without a rule for it there is nothing to say of it.
        "default" if value.is_empty() || known.idle.values().any(|why| *why == Idle::EmptyEntry) => None,
        "default" if known.facts.on_registry.is_some() => Some(line.advice(
            "prefix-on-registry",
            "the value becomes a part of the registry; the new file says that of the registries that the map names or the \
             given images have"
                .to_owned(),
            None,
        )),
        "default" if value.ends_with('-') => Some(line.advice(
            "registry-twice",
            "a registry stands twice in what comes of it, in the new file too".to_owned(),
            below("**", value),
        )),
        "default" => Some(line.advice(
            "one-name",
            "images of all other registries that have one path fall on one name, in the new file too".to_owned(),
            below("**", value),
        )),
        // An entry that no image holds has its own advice.
        "noswap_wildcards" if !value.split(',').any(is_held) => None,
        "noswap_wildcards" => Some(line.advice(
            "anywhere",
            "an entry may occur anywhere in an image, in its path or tag as well, in the new file too".to_owned(),
            kept(value),
        )),
        "docker.io/library" if !has_key("docker.io") => Some(line.advice(
            "official-alone",
            "imageswap-webhook fails where there is no line `docker.io`; in the new file other images of Docker Hub go by \
             `default`"
                .to_owned(),
            None,
        )),
        key if known.facts.handed_on.contains(key) => Some(line.advice(
            "port-handed-on",
            "a port of the image is handed on to the target; the new file does so for the ports that it names".to_owned(),
            None,
        )),
        key => {
            let glob = crate::written::glob(key.strip_prefix("[REPLACE]")?)?;
            let place = Place::of(value).ok()?;
            Some(line.advice(
                "name-alone",
                "what comes of it keeps the last segment alone, so images of several paths fall on one name, in the new \
                 file too"
                    .to_owned(),
                // An empty value is no place to put other registries.
                (!value.is_empty()).then(|| format!("swap written {glob} -> {}{{domain}}/{{path}}", place.prefix())),
            ))
        }
    }
}

/// Of the entries of `noswap_wildcards` that no image holds, as those with a wildcard, which is none there.
fn unheld(line: &Line) -> Vec<Advice> {
    let entries = line.value.split(',').filter(|_| line.key == "noswap_wildcards");
    let unheld = entries.filter(|entry| !entry.is_empty() && !is_held(entry));
    unheld
        .map(|entry| {
            let message = format!("no image holds the entry `{entry}`, so the new file has no rule for it");
            line.advice("matches-nothing", message, below(entry, ""))
        })
        .collect()
}

/// Whether some image may hold an entry.
fn is_held(entry: &str) -> bool {
    !entry.is_empty() && crate::written::literal(entry).is_some()
}

/// Of a line whose results another line moves on.
fn chain(known: &Known<'_>, map: &OldMap, line: &Line) -> Option<Advice> {
    let setting = Setting::default();
    let image = match line.key.strip_prefix("[EXACT]") {
        Some(image) => image.to_owned(),
        None if line.key.starts_with("[REPLACE]") || line.key == "default" => return None,
        None => format!("{}/team/app:1.25", line.key),
    };
    let decide = |image: &str| match known.old.decide(image, &setting.context()).effect {
        Effect::Swap(result) => written_out(&result),
        _ => None,
    };
    let first = decide(&image)?;
    let second = decide(&first).filter(|second| *second != first)?;
    let (registry, _) = split_registry(&first);
    let next = map.lines.iter().find(|line| {
        line.key == format!("[EXACT]{first}") || registry.is_some_and(|registry| line.key == registry)
    });
    let next = next
        .map(|next| format!(" (line {})", next.number))
        .unwrap_or_default();
    Some(line.advice(
        "chain",
        format!(
            "`{image}` becomes `{first}`, which another line{next} moves on to `{second}`; in the new file it goes to the \
             end at once"
        ),
        None,
    ))
}

/// Of lines for several registries that lead to one place.
fn one_target(map: &OldMap, rules: &[Rule]) -> Vec<Advice> {
    let mut by_target: BTreeMap<&(String, String), Vec<&Rule>> = BTreeMap::new();
    let of_registries = rules
        .iter()
        .filter(|rule| rule.kind == Kind::Registry && !rule.unqualified);
    for rule in of_registries.filter(|rule| !rule.pattern.starts_with("written ")) {
        if let Some(target) = rule.target.as_ref().filter(|(_, rest)| !rest.contains('{')) {
            by_target.entry(target).or_default().push(rule);
        }
    }
    let constants = Constants::default();
    let several = by_target.into_values().filter(|rules| rules.len() > 1).flatten();
    several
        .filter_map(|rule| {
            let line = map.lines.get(*rule.lines.first()?)?;
            let mut better = rule.clone();
            better.allow.clear();
            let (_, rest) = better.target.as_mut()?;
            rest.push_str(&format!("{}/", line.key.replace(':', "_")));
            Some(line.advice(
                "one-name",
                "other lines lead to the same place, so images that have one path fall on one name, in the new file too"
                    .to_owned(),
                Some(better.text(&constants)),
            ))
        })
        .collect()
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

//! The migration: from an old configuration to a rules file, a comparison and advice.

use std::collections::{BTreeSet, HashMap, HashSet};

use imageswap_engine::compile::{Draft, Preview, RuleSet, Verified};
use imageswap_engine::context::Setting;
use imageswap_engine::diagnostic::{Code, Diagnostic, Findings, Help, SourceId, SourceMap};
use imageswap_engine::reference::split_registry;
use imageswap_engine::rules::Effect;

use crate::comparison::{self, Comparison};
use crate::fault::{self, Fault};
use crate::map::OldMap;
use crate::plan::{self, Plan};
use crate::progress::Progress;
use crate::prune;
use crate::reason::{Reason, Reasons};
use crate::rule::{Kind, Rule};
use crate::sets::{self, Errors};
use crate::traps::{self, Advice};
use crate::write::{self, FileParts};

/// An old configuration.
#[derive(Clone, Copy, Debug)]
pub enum Old<'s> {
    /// A map file.
    Map(&'s SourceMap, SourceId),
    /// The value of `IMAGE_PREFIX`.
    Prefix(&'s str),
}

/// The result of a migration.
#[derive(Debug)]
pub struct Migration {
    /// The rules file.
    pub text: String,
    /// Number of rules in the file.
    pub rules: usize,
    /// Number of tests in the file.
    pub tests: usize,
    /// Comparison of both configurations.
    pub comparison: Comparison,
    /// Advice about lines that rely on a trap.
    pub advice: Vec<Advice>,
}

/// Maximum number of tests for one kind of rules. More would make the file long, and the comparison covers all rules.
const MAX_TESTS: usize = 20;

/// Migrates an old configuration to a rules file. Given images are compared too, and their registries and ports get
/// rules if the configuration depends on them.
///
/// # Errors
///
/// Returns an error if a map has no valid line, if its lines form a cycle, or if a prefix does not produce a valid
/// image.
pub fn migrate(
    old: Old<'_>,
    origin: &str,
    given: &[String],
    progress: &Progress,
) -> Result<Migration, Fault> {
    let registries: BTreeSet<String> = given
        .iter()
        .filter_map(|image| Some(split_registry(image).0?.to_owned()))
        .collect();
    let (map, old_set, findings, plan) = match old {
        Old::Map(sources, source) => {
            let text = sources.get(source).map_or("", |source| source.text());
            let map = OldMap::read(source, text);
            if map.lines.is_empty() {
                return Err(fault::without_lines(&map, text));
            }
            let (set, findings) = sets::map(sources, source);
            let plan = plan::plan_map(&map, &registries);
            (Some(map), set, findings, plan)
        }
        Old::Prefix(prefix) => {
            let plan =
                plan::plan_prefix(prefix, &registries).map_err(|why| fault::invalid_prefix(prefix, why))?;
            (None, sets::prefix(prefix), Vec::new(), plan)
        }
    };
    let Plan {
        rules,
        home,
        idle,
        facts,
    } = plan;
    let all: Vec<Rule> = rules.clone();
    let mut file = File {
        rules,
        parts: FileParts {
            origin: origin.to_owned(),
            map: map.as_ref(),
            home,
            tests: Vec::new(),
        },
        progress,
    };
    let draft = file.compile()?;
    let (images, is_partial) = prune::images(&old_set, preview(&draft)?, &file.rules, progress);
    let draft = file.remove_redundant(draft, &images)?;
    let set = file.allow_lints(draft)?;
    let reasons = Reasons::new(&old_set, &facts, &file.parts.home);
    let comparison = comparison::compare(&old_set, &set, &reasons, given, &images, is_partial, progress);
    let tests = file.write_tests(&set, &images, &comparison);
    let known = traps::AdviceInput {
        map: map.as_ref(),
        findings: &findings,
        idle: &idle,
        all: &all,
        rules: &file.rules,
        old: &old_set,
    };
    let advice = traps::advice(&known);
    Ok(Migration {
        text: write::file(&file.rules, &file.parts),
        rules: file.rules.len(),
        tests,
        comparison,
        advice,
    })
}

/// Returns the set of a draft.
///
/// # Errors
///
/// Returns an error if a statement has an error.
fn preview(draft: &Draft) -> Result<Preview<'_>, Fault> {
    draft
        .preview()
        .ok_or_else(|| invalid_rules("a statement has an error"))
}

fn invalid_rules(errors: &str) -> Fault {
    Fault {
        message: format!(
            "the migrated rules are invalid, which is a bug of imageswap; please report it: {errors}"
        ),
        lines: Vec::new(),
    }
}

/// Returns the indexes of rules that have lints with some codes.
fn rules_with(set: Preview<'_>, codes: &[Code]) -> Vec<(usize, Code)> {
    let places: HashMap<_, _> = set.rules().zip(0..).map(|(rule, at)| (rule.span, at)).collect();
    let mut found = Vec::new();
    set.each_lint(|finding| {
        let place = finding.span().and_then(|span| places.get(&span));
        found.extend(
            place
                .filter(|_| codes.contains(&finding.code))
                .map(|at| (*at, finding.code)),
        );
    });
    found
}

/// A rules file, while it is built.
struct File<'m> {
    rules: Vec<Rule>,
    parts: FileParts<'m>,
    progress: &'m Progress,
}

impl File<'_> {
    fn compile(&self) -> Result<Draft, Fault> {
        sets::rules(&write::file(&self.rules, &self.parts)).map_err(|Errors { errors, sources }| {
            let errors: Vec<String> = errors
                .iter()
                .map(|finding| finding.short(&sources, Help::text))
                .collect();
            invalid_rules(&errors.join("; "))
        })
    }

    fn verify(&self, draft: Draft) -> Result<Verified, Fault> {
        // The lints are read one by one, since a list of findings keeps only some.
        draft
            .verify(|checks, _| (checks(), Findings::default()))
            .map_err(|rejected| {
                let unproven = |finding: &Diagnostic| finding.code == Code::UNPROVEN;
                match rejected.draft.preview() {
                    _ if rejected.findings.iter().any(unproven) => fault::unproven(),
                    Some(set) => self.cycle(&rejected.findings, set),
                    None => invalid_rules("a statement has an error"),
                }
            })
    }

    /// Removes rules, and home, that change no result.
    fn remove_redundant(&mut self, mut draft: Draft, images: &[String]) -> Result<Draft, Fault> {
        loop {
            let set = preview(&draft)?;
            let never_fire = || {
                let found = rules_with(set, &[Code::NEVER_FIRES, Code::MATCHES_NOTHING]);
                found.into_iter().map(|(at, _)| at).collect()
            };
            let redundant = prune::redundant(set, images, never_fire, self.progress);
            if redundant.is_empty() {
                break;
            }
            self.remove(&redundant);
            draft = self.compile()?;
        }
        let is_open = self.rules.iter().any(Rule::is_open);
        if !is_open && !self.parts.home.is_empty() {
            self.parts.home.clear();
            draft = self.compile()?;
        }
        Ok(draft)
    }

    fn remove(&mut self, places: &[usize]) {
        let places: HashSet<usize> = places.iter().copied().collect();
        let mut at = 0..;
        self.rules
            .retain(|_| at.next().is_some_and(|at| !places.contains(&at)));
    }

    /// Adds `allow` to rules for lints about effects that the map has too.
    fn allow_lints(&mut self, draft: Draft) -> Result<RuleSet, Fault> {
        let lints = [Code::SHARED_TARGET, Code::BARE_REGISTRY, Code::STAYS_ANYWAY];
        let mut verified = self.verify(draft)?;
        // A lint about several rules names one of them. Once that rule has its `allow`, the lint names the next one.
        for _ in 0..=self.rules.len() {
            let found = rules_with(verified.rules.preview(), &lints);
            if found.is_empty() {
                break;
            }
            for (at, code) in found {
                if let Some(rule) = self.rules.get_mut(at)
                    && !rule.allow.contains(&code.as_str())
                {
                    rule.allow.push(code.as_str());
                }
            }
            verified = self.verify(self.compile()?)?;
        }
        Ok(verified.rules)
    }

    /// Returns the fault of lines whose rules form a cycle.
    fn cycle(&self, findings: &Findings, set: Preview<'_>) -> Fault {
        let spans: HashSet<_> = findings
            .iter()
            .flat_map(|finding| finding.labels.iter().map(|label| label.span))
            .collect();
        let rules = set.rules().zip(&self.rules);
        let at_fault: BTreeSet<usize> = rules
            .filter(|(rule, _)| spans.contains(&rule.span))
            .flat_map(|(_, rule)| rule.lines.iter().copied())
            .collect();
        let lines = self.parts.map.map(|map| map.lines.as_slice()).unwrap_or_default();
        Fault {
            message: "these lines form a cycle: each admission of a Pod would swap its image again, and an evaluation of their \
                      rules would not settle; remove one of them, or set its value to the target that images must keep"
                .to_owned(),
            lines: at_fault
                .into_iter()
                .filter_map(|at| lines.get(at))
                .map(|line| (line.number, format!("{}::{}", line.key, line.value)))
                .collect(),
        }
    }

    /// Writes a test for each rule, for an image that it decides. Returns the number of tests.
    fn write_tests(&mut self, set: &RuleSet, images: &[String], comparison: &Comparison) -> usize {
        let differ: HashSet<&str> = comparison
            .differences
            .iter()
            .filter(|difference| difference.reason != Some(Reason::Chain))
            .map(|difference| difference.image.as_str())
            .collect();
        let setting = Setting::default();
        let decided = prune::decided(set.preview(), images, 50, self.progress);
        let mut counts: HashMap<Kind, usize> = HashMap::new();
        let mut known = HashSet::new();
        let mut tests = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let decided = decided.get(&at).map(Vec::as_slice).unwrap_or_default();
            let own = rule.samples.iter().map(String::as_str);
            let own = own.filter(|image| decided.contains(image));
            let count = counts.entry(rule.kind).or_default();
            if *count >= MAX_TESTS {
                continue;
            }
            let test = own.chain(decided.iter().copied()).find_map(|image| {
                if differ.contains(image) || known.contains(image) {
                    return None;
                }
                match set.evaluate(image, &setting.context()).into_effect() {
                    Effect::Swap(result) => Some((image, format!("test {image} -> {result}"))),
                    Effect::Keep => Some((image, format!("test {image} keep"))),
                    Effect::Deny | Effect::Invalid(_) => None,
                }
            });
            if let Some((image, test)) = test {
                known.insert(image);
                tests.push(test);
                *count += 1;
            }
        }
        let count = tests.len();
        self.parts.tests = tests;
        count
    }
}

//! Names, images, constants and values of conditions in the rules that a command line names.
//!
//! The statements are only parsed, so that a set with errors, such as one that you are editing, gives candidates too.

use std::fs;
use std::path::{Path, PathBuf};

use imageswap_engine::compile::RulesFile;
use imageswap_engine::context::Subject;
use imageswap_engine::syntax::ast::{Condition, ModifierKind, Rule, Statement, StatementKind, Value};
use imageswap_files::STDIN;

use super::candidate::Candidate;
use super::paths::expanded;
use crate::config::{Limits, RulesSource};

/// Candidates from rules, in the order of their text.
#[derive(Debug, Default)]
pub(super) struct Mentioned {
    /// Names of rules, or `FILE:LINE`.
    pub(super) rules: Vec<Candidate>,
    images: Vec<Candidate>,
    constants: Vec<Candidate>,
    conditions: Vec<(Subject, String)>,
}

/// Limit of the rules that are read, in bytes: some ten thousand rules, which parse before you notice a delay.
const MAX_BYTES: u64 = 2 << 20;
/// Limit of the files in a directory of rules.
const MAX_FILES: usize = 1000;

impl Mentioned {
    /// Reads the rules that a command line names. It ignores files that it cannot read, and never reads stdin.
    pub(super) fn in_rules<'p>(paths: impl Iterator<Item = &'p str>) -> Self {
        let paths: Vec<PathBuf> = paths.filter(|path| *path != STDIN).map(expanded).collect();
        let mut mentioned = Self::default();
        if paths.is_empty() || size_of(&paths).is_none_or(|bytes| bytes > MAX_BYTES) {
            return mentioned;
        }
        let limits = Limits {
            file_size: Some(MAX_BYTES),
            ..Limits::default()
        };
        let Ok(text) = RulesSource::Paths(paths).read(limits) else {
            return mentioned;
        };
        let (sources, files) = text.parse();
        for file in &files {
            let text = sources.get(file.file.source).map_or("", |source| source.text());
            for statement in &file.file.statements {
                let line = || sources.file_and_line(statement.word.span(file.file.source)).1;
                mentioned.statement(statement, text, file, line);
            }
        }
        mentioned
    }

    /// Returns the images of tests, and, after an open `{`, the constants.
    pub(super) fn images(self, current: &str) -> Vec<Candidate> {
        match current.rsplit_once('{') {
            Some((before, name)) if !name.contains('}') => {
                let mut constants = self.constants;
                for constant in &mut constants {
                    constant.value.insert_str(0, before);
                }
                constants.into_iter().chain(self.images).collect()
            }
            _ => self.images,
        }
    }

    /// Returns the values that conditions and tests have for a subject, without patterns.
    pub(super) fn values_of(self, subject: Subject) -> impl Iterator<Item = Candidate> {
        let of_subject = self
            .conditions
            .into_iter()
            .filter(move |(known, _)| *known == subject);
        of_subject.map(|(_, value)| Candidate {
            value,
            help: String::new(),
        })
    }

    fn statement(
        &mut self,
        statement: &Statement,
        text: &str,
        file: &RulesFile,
        line: impl FnOnce() -> usize,
    ) {
        let first_line = || {
            let line = statement.word.of(text).lines().next().unwrap_or_default();
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        match &statement.kind {
            StatementKind::Rules { when, .. } => self.conditions(when.iter().flatten(), text),
            StatementKind::Let { name, value } => {
                let (Value::Word(value) | Value::Text(value)) = value;
                self.constants.push(Candidate {
                    value: format!("{{{}}}", name.of(text)),
                    help: value.of(text).to_owned(),
                });
            }
            StatementKind::Rule(rule) => {
                let name =
                    name_of(rule, text).map_or_else(|| format!("{}:{}", file.label, line()), str::to_owned);
                self.rules.push(Candidate {
                    value: name,
                    help: first_line(),
                });
                let conditions = rule.modifiers.iter().filter_map(|modifier| match &modifier.kind {
                    ModifierKind::When(when) => Some(when),
                    _ => None,
                });
                self.conditions(conditions.flatten(), text);
            }
            StatementKind::Test { image, when, .. } => {
                self.images.push(Candidate {
                    value: image.of(text).to_owned(),
                    help: String::new(),
                });
                self.conditions(when.iter().flatten(), text);
            }
            StatementKind::Home { .. } | StatementKind::Off { .. } => {}
        }
    }

    fn conditions<'c>(&mut self, conditions: impl Iterator<Item = &'c Condition>, text: &str) {
        for condition in conditions {
            let is_pair = condition.subject.has_keys();
            let mut values = condition.values.iter().map(|value| value.of(text));
            let key = is_pair.then(|| values.next()).flatten();
            let first = key.map(|pair| pair.split_once('=').unwrap_or((pair, "*")));
            let key = first.map_or_else(String::new, |(key, _)| format!("{key}="));
            for value in first.map(|(_, value)| value).into_iter().chain(values) {
                let plain = if value.contains(['*', '{']) { "" } else { value };
                let value = format!("{key}{plain}");
                if !value.is_empty() {
                    self.conditions.push((condition.subject, value));
                }
            }
        }
    }
}

fn name_of<'t>(rule: &Rule, text: &'t str) -> Option<&'t str> {
    rule.modifiers.iter().find_map(|modifier| match &modifier.kind {
        ModifierKind::As(name) => Some(name.of(text)),
        _ => None,
    })
}

/// Returns the size of files and of files in directories; `None` if one cannot be read, or if they are too many.
fn size_of(paths: &[PathBuf]) -> Option<u64> {
    let size = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.len());
    paths.iter().try_fold(0, |sum: u64, path| {
        if !path.is_dir() {
            return Some(sum + size(path)?);
        }
        let mut files = fs::read_dir(path).ok()?.flatten();
        let bytes: u64 = files
            .by_ref()
            .take(MAX_FILES)
            .filter_map(|file| size(&file.path()))
            .sum();
        files.next().is_none().then_some(sum + bytes)
    })
}

//! The statements of all files, in order.

use std::collections::HashMap;

use super::constants::{Constants, Use};
use super::input::{Limits, RulesFile};
use super::lowering::{Lowered, Lowering, Off};
use super::pattern;
use crate::diagnostic::{Code, Diagnostic, Help, SourceMap, Span};
use crate::rules::id::FileId;
use crate::rules::rule::Rule;
use crate::rules::text::Text;
use crate::syntax::ast::{Statement, StatementKind, Value, Word};
use crate::syntax::rules::{Header, is_rules_file};

/// Number of rules whose texts share one allocation.
const SHARED_AT_ONCE: usize = 512;

/// Reads the statements of all files, in order.
pub(crate) fn lower(sources: &SourceMap, files: &[RulesFile], has_map: bool, limits: Limits) -> Lowered {
    let Some(first) = files.first() else {
        return Lowered::default();
    };
    let mut lowering = Lowering {
        sources,
        limits,
        has_map,
        constants: Constants::default(),
        names: HashMap::new(),
        is_full: false,
        offs: Vec::new(),
        lowered: Lowered::default(),
        shared: 0,
        file: FileId::default(),
        source: first.file.source,
        text: "",
        label: "",
    };
    // All names first, so that a use above its `let` is reported as such and not as unknown.
    for file in files {
        lowering.announce_constants(file);
    }
    for (place, file) in files.iter().enumerate() {
        let Some(id) = FileId::new(place).filter(|_| place < limits.files) else {
            lowering.report(too_many_files(file, limits));
            return lowering.lowered;
        };
        lowering.file = id;
        lowering.source = file.file.source;
        lowering.text = sources.get(file.file.source).map_or("", |source| source.text());
        lowering.label = &file.label;
        lowering.file(file);
        if lowering.is_full {
            // After the limit there is one error, not one for each further rule.
            return lowering.lowered;
        }
    }
    // At the end, because an `off` may be in a file before that of its rule.
    lowering.switch_off();
    Lowered {
        constants: lowering.constants,
        ..lowering.lowered
    }
}

fn too_many_files(first_beyond: &RulesFile, limits: Limits) -> Diagnostic {
    let span = Span {
        source: first_beyond.file.source,
        start: 0,
        end: 0,
    };
    Diagnostic::error(
        Code::TOO_MANY_FILES,
        format!("more than {} files", limits.files),
        span,
    )
    .label("the first file over the limit")
    .help("merge the rules of several files; a file can have as many rules as the set")
}

impl Lowering<'_> {
    fn announce_constants(&mut self, file: &RulesFile) {
        let text = self
            .sources
            .get(file.file.source)
            .map_or("", |source| source.text());
        for statement in &file.file.statements {
            if let StatementKind::Let { name, .. } = &statement.kind {
                self.constants
                    .announce(name.of(text), name.span(file.file.source));
            }
        }
    }

    fn file(&mut self, file: &RulesFile) {
        self.statements(file);
        self.share_texts();
    }

    /// Moves the texts of the latest rules into one allocation.
    fn share_texts(&mut self) {
        let rules = self.lowered.rules.iter_mut().skip(self.shared);
        Text::share(rules.flat_map(Rule::texts));
        self.shared = self.lowered.rules.len();
    }

    fn statements(&mut self, file: &RulesFile) {
        let statements = &file.file.statements;
        self.broken(&file.file.broken);
        let is_confined = self.header(statements);
        for (number, statement) in statements.iter().enumerate() {
            if self.lowered.rules.len() >= self.limits.rules
                && matches!(statement.kind, StatementKind::Rule(_))
            {
                let span = statement.word.span(self.source);
                let finding = Diagnostic::error(
                    Code::TOO_MANY_RULES,
                    format!("more than {} rules", self.limits.rules),
                    span,
                )
                .label("the first rule over the limit")
                .help(Help::MoreRules);
                self.report(finding);
                self.is_full = true;
                return;
            }
            self.statement(number, statement, is_confined);
            // Early enough that the next rules find the freed memory in the caches.
            if self.lowered.rules.len() - self.shared >= SHARED_AT_ONCE {
                self.share_texts();
            }
        }
    }

    /// Records the names that statements with an error define, so that their uses are not unknown.
    fn broken(&mut self, broken: &[Word]) {
        for word in broken {
            // A statement with an error has no tree, so its text is searched for the names that it defines.
            let statement = word.of(self.text);
            self.constants.define_broken(statement, word.span(self.source));
            let mut words = statement.split_whitespace();
            while let Some(word) = words.next() {
                if word == "as"
                    && let Some(name) = words.next()
                {
                    // An existing entry is a valid rule, which keeps the name.
                    self.names.entry(name.to_owned()).or_insert(None);
                }
            }
        }
        self.lowered.is_broken |= !broken.is_empty();
    }

    fn statement(&mut self, number: usize, statement: &Statement, is_confined: bool) {
        let span = statement.word.span(self.source);
        match &statement.kind {
            StatementKind::Rules { .. } if number == 0 => {}
            // A `rules` statement that is too low is reported where it is missing.
            StatementKind::Rules { .. } if is_rules_file(self.text) != Some(Header::Present) => {}
            StatementKind::Rules { .. } => self.report(
                Diagnostic::error(
                    Code::HEADER_AGAIN,
                    "a `rules` statement that is not the first statement",
                    span,
                )
                .help("remove it: each file has one"),
            ),
            StatementKind::Let { name, value } => self.constant(*name, *value),
            StatementKind::Home { .. } if is_confined => self.report(
                Diagnostic::error(
                    Code::CONFINED_HOME,
                    "`home` is not allowed in a file whose header has a `when`",
                    span,
                )
                .label("home applies to all images")
                .help("move the line to a file whose header has no `when`"),
            ),
            StatementKind::Home { prefixes } => {
                for prefix in prefixes {
                    self.home(*prefix);
                }
            }
            StatementKind::Rule(rule) => {
                self.rule(statement.word, rule);
            }
            StatementKind::Off { name, because } => {
                let because = because.and_then(|because| self.unquote(because, Use::Text));
                self.offs.push(Off {
                    because,
                    name: name.of(self.text).to_owned(),
                    span: name.span(self.source),
                    confined_to: is_confined.then_some(self.file),
                });
            }
            StatementKind::Test { image, outcome, when } => {
                self.test(span, *image, *outcome, when.as_deref().unwrap_or_default());
            }
        }
    }

    fn constant(&mut self, name: Word, value: Value) {
        let name_is_good = self.check_name(name);
        let value = match value {
            Value::Word(word) => self.expand(word, Use::Word).map(|text| text.text.into_owned()),
            Value::Text(word) => self.unquote(word, Use::Value),
        };
        let span = name.span(self.source);
        if name_is_good {
            let finding = self.constants.define(name.of(self.text), value, span);
            self.lowered.findings.extend(finding);
        } else {
            self.constants.define_bad(name.of(self.text), span);
        }
    }

    fn home(&mut self, prefix: Word) {
        let Some(text) = self.expand(prefix, Use::Word) else {
            return;
        };
        match pattern::home(&text.text) {
            Ok(prefix) => self.lowered.home.push(prefix),
            Err(fault) => self.report(text.finding(fault)),
        }
    }
}

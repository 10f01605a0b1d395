//! The words and signs of a statement, in their order and without their layout.

use crate::syntax::ast::{Condition, Modifier, ModifierKind, Outcome, Rule, StatementKind, Value, Word};

/// A piece of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutlinePiece {
    /// A word of the grammar: a keyword, `->`, `=` or a comma.
    Sign(&'static str),
    /// A word of the author.
    Word(Word),
}

impl OutlinePiece {
    /// Returns its text.
    pub(super) fn of(self, text: &str) -> &str {
        match self {
            Self::Sign(sign) => sign,
            Self::Word(word) => word.of(text),
        }
    }
}

/// Returns the pieces of a statement.
pub(super) fn outline(kind: &StatementKind) -> Vec<OutlinePiece> {
    let mut outline = Outline(Vec::new());
    outline.statement(kind);
    outline.0
}

struct Outline(Vec<OutlinePiece>);

impl Outline {
    fn sign(&mut self, sign: &'static str) {
        self.0.push(OutlinePiece::Sign(sign));
    }

    fn word(&mut self, word: Word) {
        self.0.push(OutlinePiece::Word(word));
    }

    fn list(&mut self, words: &[Word]) {
        for (number, word) in words.iter().enumerate() {
            if number > 0 {
                self.sign(",");
            }
            self.word(*word);
        }
    }

    fn statement(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::Rules { version, when } => {
                self.sign("rules");
                self.word(*version);
                self.when(when.as_deref());
            }
            StatementKind::Let { name, value } => {
                self.sign("let");
                self.word(*name);
                self.sign("=");
                let (Value::Word(value) | Value::Text(value)) = value;
                self.word(*value);
            }
            StatementKind::Home { prefixes } => {
                self.sign("home");
                self.list(prefixes);
            }
            StatementKind::Rule(rule) => self.rule(rule),
            StatementKind::Off { name, because } => {
                self.sign("off");
                self.word(*name);
                if let Some(because) = because {
                    self.sign("because");
                    self.word(*because);
                }
            }
            StatementKind::Test { image, outcome, when } => {
                self.sign("test");
                self.word(*image);
                match outcome {
                    Outcome::Image(image) => {
                        self.sign("->");
                        self.word(*image);
                    }
                    Outcome::Keep => self.sign("keep"),
                    Outcome::Deny => self.sign("deny"),
                    Outcome::Warn => self.sign("warn"),
                }
                self.when(when.as_deref());
            }
        }
    }

    fn rule(&mut self, rule: &Rule) {
        self.sign(rule.action.as_str());
        if rule.written {
            self.sign("written");
        }
        self.word(rule.pattern);
        if let Some(target) = rule.target {
            self.sign("->");
            self.word(target);
        }
        for modifier in &rule.modifiers {
            self.modifier(modifier);
        }
    }

    fn modifier(&mut self, modifier: &Modifier) {
        match &modifier.kind {
            ModifierKind::When(conditions) => self.when(Some(conditions)),
            ModifierKind::As(name) => {
                self.sign("as");
                self.word(*name);
            }
            ModifierKind::Because(text) => {
                self.sign("because");
                self.word(*text);
            }
            ModifierKind::PullSecret(secret) => {
                self.sign("pull-secret");
                self.word(*secret);
            }
            ModifierKind::Allow(lints) => {
                self.sign("allow");
                self.list(lints);
            }
        }
    }

    fn when(&mut self, conditions: Option<&[Condition]>) {
        for (number, condition) in conditions.unwrap_or_default().iter().enumerate() {
            self.sign(if number == 0 { "when" } else { "and" });
            if condition.negated {
                self.sign("not");
            }
            self.sign(condition.subject.as_str());
            self.list(&condition.values);
        }
    }
}

//! Reading conditions, and the settings of tests.

use super::constants::Use;
use super::lowering::Lowering;
use crate::context::{Characters, Setting, Subject, ValueKind};
use crate::diagnostic::{Code, Diagnostic, similar};
use crate::rules::condition::Condition;
use crate::rules::pattern::match_glob;
use crate::rules::text::Text;
use crate::syntax::ast::{self, Word};

impl Lowering<'_> {
    /// Reads a list that `and` joins, without the conditions that have an error.
    pub(super) fn conditions(&mut self, list: &[ast::Condition]) -> Box<[Condition]> {
        list.iter()
            .filter_map(|condition| self.condition(condition))
            .collect()
    }

    fn condition(&mut self, condition: &ast::Condition) -> Option<Condition> {
        let (key, mut values) = if condition.subject.has_keys() {
            self.key_and_values(condition)?
        } else {
            (None, condition.values.clone())
        };
        let has_key = key.is_some();
        let key = match key {
            Some(key) => Some(self.key(condition.subject, key)?),
            None => None,
        };
        let mut globs: Vec<Text> = Vec::with_capacity(values.len());
        for (number, word) in values.drain(..).enumerate() {
            let glob = self.word(word)?;
            // `team=` means the empty value, which cannot be one of a list.
            if glob.is_empty() && !(has_key && number == 0) {
                self.report(
                    Diagnostic::error(
                        Code::CONSTANT_VALUE,
                        "the constant is empty, but a condition needs a value",
                        word.span(self.source),
                    )
                    .help("write a value after the `=` of the constant's `let`"),
                );
                return None;
            }
            self.check_value(condition.subject, &glob, word)?;
            globs.push(glob.into());
        }
        Some(Condition {
            negated: condition.negated,
            subject: condition.subject,
            key: key.map(Into::into),
            values: globs.into(),
        })
    }

    /// Splits `KEY=VALUE`. There are no values if the key only has to exist.
    fn key_and_values(&mut self, condition: &ast::Condition) -> Option<(Option<Word>, Vec<Word>)> {
        let (first, others) = condition.values.split_first()?;
        let text = first.of(self.text);
        let name = condition.subject.as_str();
        let key_length = text.find('=');
        let end = key_length.map_or(first.end, |length| {
            first.start + u32::try_from(length).unwrap_or_default()
        });
        let key = Word {
            start: first.start,
            end,
        };
        if key.start == key.end {
            self.report(
                Diagnostic::error(
                    Code::KEY,
                    format!("the key of the {name} is missing"),
                    first.span(self.source),
                )
                .help(format!("write `{name} KEY=VALUE`, or `{name} KEY` for any value")),
            );
            return None;
        }
        // Without a `=` in the first value, a second value cannot be one of its key.
        let second = others
            .iter()
            .find(|other| key_length.is_none() || other.of(self.text).contains('='));
        if let Some(second) = second {
            self.report(
                Diagnostic::error(
                    Code::KEY,
                    format!("a {name} condition has one key"),
                    second.span(self.source),
                )
                .label("a comma separates values of the same key")
                .help(format!(
                    "write `{name} KEY=VALUE, VALUE`; for several keys write `{name} KEY and {name} KEY`, or \
                         a second rule"
                )),
            );
            return None;
        }
        // `label team` is true for every value of the label.
        if key_length.is_none() {
            return Some((Some(key), Vec::new()));
        }
        let value = Word {
            start: end + 1,
            end: first.end,
        };
        Some((
            Some(key),
            [value].into_iter().chain(others.iter().copied()).collect(),
        ))
    }

    /// Checks a value. A place and an operation have a closed set of values, and names have no special characters, so
    /// a value that looks like an operator or a list would never match.
    fn check_value(&mut self, subject: Subject, glob: &str, word: Word) -> Option<()> {
        if let Some(sign) = sign_in(subject, glob) {
            let name = subject.as_str();
            let finding = Diagnostic::error(
                Code::UNKNOWN_VALUE,
                format!(
                    "`{glob}` is not a value of {name}: it has `{}`",
                    sign.escape_debug()
                ),
                word.span(self.source),
            );
            self.report(finding.help(match sign {
                '!' => format!("write `not` before the condition: `not {name} ...`"),
                '[' | ']' | '(' | ')' | '{' | '}' | '|' => {
                    "separate several values with commas, without brackets".to_owned()
                }
                '?' | '^' | '$' | '\\' | '+' => "use `*`, the only wildcard of a value".to_owned(),
                _ => "use letters, digits, `-`, `_`, `.` and the wildcard `*`".to_owned(),
            }));
            return None;
        }
        let Some(known) = subject.closed() else {
            return Some(());
        };
        // A glob that matches any known word is allowed, such as `up*`.
        if known.iter().any(|value| match_glob(glob, value)) {
            return Some(());
        }
        let span = word.span(self.source);
        let name = subject.as_str();
        let finding = Diagnostic::error(Code::UNKNOWN_VALUE, format!("unknown {name} `{glob}`"), span);
        self.report(match similar(glob, known.iter().copied()) {
            Some(meant) => finding.suggest(format!("write `{meant}`"), span, meant),
            None => finding.help(format!("use `{}`", known.join("`, `"))),
        });
        None
    }

    /// Reads the setting of a test: plain values, each once.
    pub(super) fn setting(&mut self, list: &[ast::Condition]) -> Option<Setting> {
        let conditions = self.conditions(list);
        // An error is reported already, and a test without a condition would test something else.
        if conditions.len() < list.len() {
            return None;
        }
        let mut setting = Setting::default();
        for (condition, place) in conditions.iter().zip(list) {
            let span = place.word.span(self.source);
            let fault = |message: &str| Diagnostic::error(Code::TEST_SETTING, message, span);
            let name = condition.subject.as_str();
            let found = match &*condition.values {
                _ if condition.negated => Err(fault("`not` in the setting of a test")
                    .help("name only what the test has; all other values are absent")),
                _ if condition.subject.kind() == ValueKind::None => {
                    Err(fault(&format!("`{name}` in the setting of a test"))
                        .help("write the image of the test with a registry, or without one"))
                }
                [] => Err(fault("a key without a value in the setting of a test")
                    .help(format!("write `{name} KEY=VALUE`"))),
                [value] if value.contains('*') => Err(fault("a wildcard in the setting of a test")
                    .help("write the value: a test has one setting")),
                [value] => {
                    if setting.set(condition.subject, condition.key.as_deref(), value) {
                        Ok(())
                    } else {
                        Err(fault("the setting of the test repeats a value")
                            .help("write a second test: a test has one setting"))
                    }
                }
                _ => Err(fault("a list in the setting of a test")
                    .help("write a second test: a test has one setting")),
            };
            if let Err(finding) = found {
                self.report(finding);
                return None;
            }
        }
        Some(setting)
    }

    /// Reads a key as Kubernetes has them, such as `team` or `app.kubernetes.io/name`.
    fn key(&mut self, subject: Subject, word: Word) -> Option<String> {
        let key = self.word(word)?;
        // Kubernetes allows only these characters in the keys of labels and annotations.
        let is_of_key = |character: char| character.is_ascii_alphanumeric() || "-_./".contains(character);
        let Some(sign) = key.chars().find(|character| !is_of_key(*character)) else {
            return Some(key);
        };
        let finding = Diagnostic::error(
            Code::KEY,
            format!(
                "`{key}` is not a valid key of {}: it has `{}`",
                with_article(subject.as_str()),
                sign.escape_debug()
            ),
            word.span(self.source),
        );
        self.report(finding.help(match sign {
            '*' => "write the whole key; only values have wildcards".to_owned(),
            _ => format!("write the value after `=`: `{} KEY=VALUE`", subject.as_str()),
        }));
        None
    }

    fn word(&mut self, word: Word) -> Option<String> {
        self.expand(word, Use::Word).map(|text| text.text.into_owned())
    }
}

/// Returns the first character of a value that no name of this kind has.
fn sign_in(subject: Subject, glob: &str) -> Option<char> {
    let is_name = match subject.kind() {
        ValueKind::Text(characters) | ValueKind::Pairs(characters) => characters == Characters::Name,
        ValueKind::Owner => true,
        // The caller compares these with the known words.
        ValueKind::Word(_) | ValueKind::None => false,
    };
    let is_of_name = |character: &char| character.is_alphanumeric() || "-_.*".contains(*character);
    glob.chars().find(|character| is_name && !is_of_name(character))
}

/// Returns a word with its article: `a label`, `an annotation`.
fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word}")
}

//! Names of rules and constants, and references to them.

use super::constants::is_of_name;
use super::lowering::Lowering;
use crate::diagnostic::{Code, Diagnostic, Severity, Span, similar};
use crate::rules::template::{NAMES, Placeholder};
use crate::rules::{LEGACY_RULE, RuleId};
use crate::syntax::ast::Word;

/// Words that cannot be names.
const KEYWORDS: [&str; 17] = [
    "rules",
    "let",
    "home",
    "swap",
    "keep",
    "deny",
    "warn",
    "off",
    "test",
    "when",
    "and",
    "not",
    "as",
    "because",
    "pull-secret",
    "allow",
    "written",
];

/// Returns true if no constant and no rule may have this name: it is a keyword, or a part of the image.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    KEYWORDS.contains(&name) || Placeholder::parse(name).is_some()
}

impl Lowering<'_> {
    pub(super) fn note_name(&mut self, name: &str, span: Span, id: Option<RuleId>) {
        if let Some(first) = self.names.get(name) {
            let first = first.and_then(|first| self.lowered.rules.get(first.place()?));
            let first = first.map(|rule| rule.span);
            let mut finding = Diagnostic::error(
                Code::NAME_TWICE,
                format!("two rules have the name `{name}`"),
                span,
            )
            .label("again")
            .help("rename one of them: a name is unique in all files");
            if let Some(first) = first {
                finding = finding.also(first, "first here");
            }
            self.report(finding);
            return;
        }
        // The metric uses this name for the decisions of the map.
        if name == LEGACY_RULE && self.has_map {
            self.report(
                Diagnostic::error(
                    Code::RESERVED_NAME,
                    format!("`{LEGACY_RULE}` is the name of the map file"),
                    span,
                )
                .help("choose another name: in a set with a map, no rule has this name"),
            );
        }
        self.names.insert(name.to_owned(), id);
    }

    /// Returns true if a word is a valid name, and reports it otherwise.
    pub(super) fn check_name(&mut self, name: Word) -> bool {
        let text = name.of(self.text);
        let span = name.span(self.source);
        let is_first = |character: char| character.is_ascii_alphabetic() || character == '_';
        let finding = if !text.starts_with(is_first) || !text.chars().all(is_of_name) {
            Diagnostic::error(Code::BAD_NAME, format!("`{text}` is not a valid name"), span)
                .help("use letters, digits, `_`, `-` and `.`, and begin with a letter or `_`")
        } else if KEYWORDS.contains(&text) {
            Diagnostic::error(Code::RESERVED_NAME, format!("`{text}` is a keyword"), span)
                .help("choose another name")
        } else if Placeholder::parse(text).is_some() {
            Diagnostic::error(
                Code::RESERVED_NAME,
                format!("`{text}` is a placeholder for a part of the image"),
                span,
            )
            .help(format!("choose a name other than `{}`", NAMES.join("`, `")))
        } else {
            return true;
        };
        self.report(finding);
        false
    }

    /// Turns off the rules that `off` names, after all rules are known.
    pub(super) fn switch_off(&mut self) {
        for off in std::mem::take(&mut self.offs) {
            let id = match self.names.get(&off.name) {
                // The rule has an error of its own, so the name is not unknown.
                Some(None) => continue,
                id => id.copied().flatten(),
            };
            let rule = id.and_then(|id| self.lowered.rules.get_mut(id.place()?));
            let finding = match rule {
                Some(rule) if off.confined_to.is_none_or(|file| file == rule.file) => {
                    rule.is_off = true;
                    let why = off
                        .because
                        .map(|because| format!(": {because}"))
                        .unwrap_or_default();
                    let message = format!("the rule `{}` is off{why}", off.name);
                    Diagnostic::new(Severity::Notice, Code::RULE_OFF, message, off.span)
                        .label("turned off here")
                        .also(rule.span, "this rule")
                }
                Some(rule) => Diagnostic::error(
                    Code::FOREIGN_RULE,
                    format!("this file cannot turn off `{}`, a rule of another file", off.name),
                    off.span,
                )
                .label("its header has a `when`, so it can only turn off its own rules")
                .also(rule.span, "the rule")
                .help("move the `off` to a file whose header has no `when`"),
                None => {
                    let mut names: Vec<&str> = self.names.keys().map(String::as_str).collect();
                    names.sort_unstable();
                    let finding = Diagnostic::error(
                        Code::UNKNOWN_RULE,
                        format!("unknown rule `{}`", off.name),
                        off.span,
                    );
                    match similar(&off.name, names) {
                        Some(meant) => finding.suggest(format!("write `{meant}`"), off.span, meant),
                        None => finding.help(format!(
                            "add `as {}` to the rule that you want to turn off",
                            off.name
                        )),
                    }
                }
            };
            self.report(finding);
        }
    }
}

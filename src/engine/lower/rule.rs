//! Reading rules.

use super::constants::Use;
use super::fault::Expanded;
use super::lowering::Lowering;
use super::{pattern, target};
use crate::diagnostic::{Code, Diagnostic, Lint, Lints, Severity, Span, similar};
use crate::rules::RuleId;
use crate::rules::condition::Condition;
use crate::rules::pattern::Pattern;
use crate::rules::rule::Rule;
use crate::rules::target::Target;
use crate::syntax::ast::{self, Modifier, ModifierKind, Word};

/// The modifiers of a rule.
#[derive(Default)]
struct Modifiers {
    when: Box<[Condition]>,
    name: Option<(String, Span)>,
    because: Option<String>,
    pull_secret: Option<String>,
    allowed: Lints,
}

impl<'s> Lowering<'s> {
    pub(super) fn rule(&mut self, word: Word, rule: &ast::Rule) -> Option<()> {
        let pattern = self.pattern(rule);
        let target_text = rule.target.map(|target| self.expand(target, Use::Target));
        let mut modifiers = Modifiers::default();
        self.modifiers(&rule.modifiers, &mut modifiers);
        let parts = pattern.and_then(|pattern| Some((self.target(target_text, &pattern)?, pattern)));
        let id = RuleId::new(self.lowered.rules.len());
        if let Some((name, span)) = &modifiers.name {
            self.note_name(name, *span, id.filter(|_| parts.is_some()));
        }
        let (target, pattern) = parts?;
        let span = word.span(self.source);
        let line = self
            .sources
            .get(self.source)
            .map_or(0, |source| source.position(word.start).line);
        self.lowered.rules.push(Rule {
            action: rule.action,
            is_off: false,
            allowed: modifiers.allowed,
            file: self.file,
            span,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            pattern,
            target,
            when: modifiers.when,
            name: modifiers.name.map(|(name, _)| name.into()),
            because: modifiers.because.map(Into::into),
            pull_secret: modifiers.pull_secret.map(Into::into),
        });
        Some(())
    }

    /// Reads a target, if there is one.
    fn target(&mut self, text: Option<Option<Expanded<'_>>>, pattern: &Pattern) -> Option<Option<Target>> {
        let Some(text) = text else { return Some(None) };
        let text = text?;
        match target::target(&text.text, pattern) {
            Ok(target) => Some(Some(target)),
            Err(fault) => {
                self.report(text.finding(fault));
                None
            }
        }
    }

    fn pattern(&mut self, rule: &ast::Rule) -> Option<Pattern> {
        let text = self.expand(rule.pattern, Use::Word)?;
        let read = if rule.written {
            pattern::written(&text.text).map(|written| Pattern::Written(Box::new(written)))
        } else {
            pattern::parts(&text.text).map(Pattern::Parts)
        };
        match read {
            Ok(pattern) => Some(pattern),
            Err(fault) => {
                self.report(text.finding(fault));
                None
            }
        }
    }

    fn modifiers(&mut self, list: &[Modifier], into: &mut Modifiers) {
        let mut seen: Vec<(&str, Word)> = Vec::new();
        for Modifier { keyword, kind } in list {
            let text = self.text;
            let word = keyword.of(text);
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == word) {
                let finding = Diagnostic::error(
                    Code::TWICE,
                    format!("`{word}` is repeated in this rule"),
                    keyword.span(self.source),
                )
                .label("again")
                .also(first.span(self.source), "first")
                .help(match word {
                    "when" => "join the conditions with `and`, or write a second rule for \"or\"",
                    "allow" => "separate the names with commas",
                    _ => "remove one of them",
                });
                self.report(finding);
                continue;
            }
            seen.push((word, *keyword));
            match kind {
                ModifierKind::When(list) => into.when = self.conditions(list),
                ModifierKind::As(name) => {
                    if self.check_name(*name) {
                        into.name = Some((name.of(text).to_owned(), name.span(self.source)));
                    } else {
                        self.names.entry(name.of(text).to_owned()).or_insert(None);
                    }
                }
                ModifierKind::Because(text) => into.because = self.unquote(*text, Use::Text),
                ModifierKind::PullSecret(secret) => into.pull_secret = self.secret(*secret),
                ModifierKind::Allow(names) => {
                    for name in names {
                        self.allow(*name, &mut into.allowed);
                    }
                }
            }
        }
    }

    /// Reads the name of a Secret, which is in the namespace of the Pod. Without this check, only the kubelet would
    /// find a character that no name has.
    fn secret(&mut self, word: Word) -> Option<String> {
        let name = self.expand(word, Use::Word)?.text.into_owned();
        let is_of_name = |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
        if name.chars().all(is_of_name) {
            return Some(name);
        }
        self.report(
            Diagnostic::error(
                Code::BAD_NAME,
                format!("`{name}` is not a valid name of a Secret"),
                word.span(self.source),
            )
            .help("use letters, digits, `-` and `.`; the Secret is in the namespace of the Pod"),
        );
        None
    }

    fn allow(&mut self, name: Word, allowed: &mut Lints) {
        let written = name.of(self.text);
        let span = name.span(self.source);
        if let Some(lint) = Lint::parse(written) {
            allowed.insert(lint);
            if !lint.is_about_rules() {
                self.report(
                    Diagnostic::new(
                        Severity::Notice,
                        Code::ALLOW_WITHOUT_EFFECT,
                        format!("`allow {written}` has no effect on a rule"),
                        span,
                    )
                    .label("a lint of tests")
                    .help("remove it"),
                );
            }
            return;
        }
        let finding = Diagnostic::error(Code::UNKNOWN_LINT, format!("unknown lint `{written}`"), span);
        let about_rules = Lint::ALL.into_iter().filter(|lint| lint.is_about_rules());
        let known: Vec<&str> = about_rules.map(|lint| lint.code().as_str()).collect();
        self.report(match similar(written, known.iter().copied()) {
            Some(meant) => finding.suggest(format!("write `{meant}`"), span, meant),
            None => finding.help(format!("use `{}`", known.join("`, `"))),
        });
    }
}

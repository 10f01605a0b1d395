//! From the statements of all files to compiled rules, file by file and line by line. Every problem is reported; what
//! has one is left out.

mod condition;
mod constants;
mod fault;
mod pattern;
mod target;

use std::collections::HashMap;

use self::constants::{Constants, Use, is_of_name};
use self::fault::Expanded;
use super::compile::{Limits, RulesFile};
use super::condition::Condition;
use super::image::Image;
use super::lints;
use super::pattern::Pattern;
use super::rule::{Lints, Rule};
use super::target::Target;
use super::template::{NAMES, Placeholder};
use super::tests_of_set::{Expected, Test};
use super::text::Text;
use super::{AUTO, LEGACY_RULE};
use crate::diagnostic::{Code, Diagnostic, Severity, SourceId, SourceMap, Span, similar};
use crate::syntax::ast::{self, Modifier, ModifierKind, Outcome, Statement, StatementKind, Value, Word};
use crate::syntax::rules::{Header, first_word, is_rules_file};

/// The version of the language that this release reads.
const VERSION: &str = "v1";

/// The words that no name may be.
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

/// What the statements of all files say.
#[derive(Debug, Default)]
pub(super) struct Lowered {
    pub(super) rules: Vec<Rule>,
    pub(super) files: Vec<super::File>,
    /// The `home` prefixes.
    pub(super) home: Vec<Box<str>>,
    pub(super) tests: Vec<Test>,
    pub(super) findings: Vec<Diagnostic>,
    /// Whether statements are missing that could not be read.
    pub(super) is_broken: bool,
}

/// `off NAME`
struct Off {
    name: String,
    because: Option<String>,
    span: Span,
    file: u16,
}

struct Lowering<'s> {
    sources: &'s SourceMap,
    limits: Limits,
    has_map: bool,
    constants: Constants,
    /// Rules by their names; none for those that have an error.
    names: HashMap<String, Option<u32>>,
    /// Whether there are as many rules as may be: then nothing more is read.
    is_full: bool,
    offs: Vec<Off>,
    lowered: Lowered,
    // Of the file at hand.
    file: u16,
    source: SourceId,
    text: &'s str,
    label: &'s str,
}

/// Reads the statements of all files, in order.
pub(super) fn lower(sources: &SourceMap, files: &[RulesFile], has_map: bool, limits: Limits) -> Lowered {
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
        file: 0,
        source: first.file.source,
        text: "",
        label: "",
    };
    for file in files {
        lowering.announce_constants(file);
    }
    for (number, file) in (0..).zip(files) {
        lowering.file = number;
        lowering.source = file.file.source;
        lowering.text = sources.get(file.file.source).map_or("", |source| source.text());
        lowering.label = &file.label;
        lowering.file(file);
        if lowering.is_full {
            return lowering.lowered;
        }
    }
    lowering.switch_off();
    lowering.lowered
}

impl<'s> Lowering<'s> {
    fn report(&mut self, finding: Diagnostic) {
        self.lowered.findings.push(finding);
    }

    fn expand(&mut self, word: Word, used: Use) -> Option<Expanded<'s>> {
        match self.constants.expand(word, self.source, self.text, used) {
            Ok(text) => Some(text),
            Err(finding) => {
                self.lowered.findings.extend(finding.map(|finding| *finding));
                None
            }
        }
    }

    fn unquote(&mut self, word: Word, used: Use) -> Option<String> {
        match self.constants.unquote(word, self.source, self.text, used) {
            Ok(text) => Some(text),
            Err(finding) => {
                self.lowered.findings.extend(finding.map(|finding| *finding));
                None
            }
        }
    }

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
        let first = self.lowered.rules.len();
        self.statements(file);
        let rules = self.lowered.rules.iter_mut().skip(first);
        Text::share(rules.flat_map(Rule::texts));
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
                .label("one too many")
                .help("`--max-rules` allows more");
                self.report(finding);
                self.is_full = true;
                return;
            }
            self.statement(number, statement, is_confined);
        }
    }

    /// Notes what statements with an error would have defined, so that it is not unknown wherever it is used.
    fn broken(&mut self, broken: &[Word]) {
        for word in broken {
            let statement = word.of(self.text);
            self.constants.define_broken(statement, word.span(self.source));
            let mut words = statement.split_whitespace();
            while let Some(word) = words.next() {
                if word == "as"
                    && let Some(name) = words.next()
                {
                    self.names.entry(name.to_owned()).or_insert(None);
                }
            }
        }
        self.lowered.is_broken |= !broken.is_empty();
    }

    /// Sees to the `rules` statement, and says whether the file has a condition.
    fn header(&mut self, statements: &[Statement]) -> bool {
        let first = statements.first();
        let Some(StatementKind::Rules { version, when }) = first.map(|statement| &statement.kind) else {
            // If it is there and has an error, or stands further down, that is reported by itself.
            let is_header = |statement: &Statement| matches!(statement.kind, StatementKind::Rules { .. });
            let word = first_word(self.text).of(self.text);
            let is_slip = is_rules_file(self.text).is_none()
                && !word.contains("::")
                && similar(word, ["rules"]).is_some();
            if !is_slip
                && is_rules_file(self.text) != Some(Header::There)
                && !statements.iter().any(is_header)
            {
                self.missing_header();
            }
            self.note_file(Box::default());
            return false;
        };
        let (version, when) = (*version, when.as_deref());
        let written = version.of(self.text);
        if written != VERSION {
            let span = version.span(self.source);
            let finding = Diagnostic::error(
                Code::UNKNOWN_VERSION,
                format!("unknown version `{written}` of the language"),
                span,
            );
            let is_newer = written
                .strip_prefix('v')
                .and_then(|number| number.parse::<u32>().ok())
                .is_some_and(|number| number > 1);
            self.report(if is_newer {
                finding.help(format!(
                    "this release of imageswap reads {VERSION} and nothing later; write the file in {VERSION}, or use a later release"
                ))
            } else {
                finding.suggest(format!("write `{VERSION}`"), span, VERSION)
            });
        }
        let conditions = self.conditions(when.unwrap_or_default());
        self.note_file(conditions);
        when.is_some()
    }

    fn note_file(&mut self, when: Box<[Condition]>) {
        self.lowered.files.push(super::File {
            label: self.label.into(),
            when,
        });
    }

    fn missing_header(&mut self) {
        let word = first_word(self.text);
        let finding = Diagnostic::error(
            Code::MISSING_HEADER,
            "a rules file begins with `rules v1`",
            word.span(self.source),
        )
        .label("the header is missing");
        if is_rules_file(self.text).is_none() && word.of(self.text).contains("::") {
            self.report(
                finding.help("a map of the old format is a file `maps`, or one that ends in `.conf`"),
            );
            return;
        }
        // At the start of the line: an indent is told of by itself.
        let before = self.text.get(..word.start as usize).unwrap_or_default();
        let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
        let start = word.start - u32::try_from(indent).unwrap_or_default();
        let start = Span {
            start,
            end: start,
            source: self.source,
        };
        self.report(finding.suggest("write it above all else", start, "rules v1\n"));
    }

    fn statement(&mut self, number: usize, statement: &Statement, is_confined: bool) {
        let span = statement.word.span(self.source);
        match &statement.kind {
            StatementKind::Rules { .. } if number == 0 => {}
            StatementKind::Rules { .. } => self.report(
                Diagnostic::error(
                    Code::HEADER_AGAIN,
                    "a `rules` statement that is not the first",
                    span,
                )
                .help(if is_rules_file(self.text) == Some(Header::There) {
                    "it stands once in each file; remove this one"
                } else {
                    "it stands before all other statements; move it to the top"
                }),
            ),
            StatementKind::Let { name, value } => self.constant(*name, *value),
            StatementKind::Home { .. } if is_confined => self.report(
                Diagnostic::error(Code::CONFINED_HOME, "`home` in a file with a condition", span)
                    .label("home is one for all images")
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
                    file: if is_confined { self.file } else { u16::MAX },
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

    fn rule(&mut self, word: Word, rule: &ast::Rule) -> Option<()> {
        let pattern = self.pattern(rule);
        let target_text = rule.target.map(|target| self.expand(target, Use::Target));
        let mut modifiers = Modifiers::default();
        self.modifiers(&rule.modifiers, &mut modifiers);
        let parts = pattern.and_then(|pattern| Some((self.target(target_text, &pattern)?, pattern)));
        let number = u32::try_from(self.lowered.rules.len()).ok();
        if let Some((name, span)) = &modifiers.name {
            self.note_name(name, *span, number.filter(|_| parts.is_some()));
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

    /// Reads a target, where there is one.
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
                    format!("`{word}` stands twice in one rule"),
                    keyword.span(self.source),
                )
                .label("again")
                .also(first.span(self.source), "first")
                .help(match word {
                    "when" => "join the conditions with `and`; a second rule is the \"or\"",
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
                ModifierKind::PullSecret(secret) => {
                    into.pull_secret = self.expand(*secret, Use::Word).map(|text| text.text.into_owned());
                }
                ModifierKind::Allow(names) => {
                    for name in names {
                        self.allow(*name, &mut into.allowed);
                    }
                }
            }
        }
    }

    fn allow(&mut self, name: Word, allowed: &mut Lints) {
        let written = name.of(self.text);
        if let Some(number) = lints::number(written) {
            allowed.insert(number);
            return;
        }
        let span = name.span(self.source);
        let finding = Diagnostic::error(Code::UNKNOWN_LINT, format!("unknown lint `{written}`"), span);
        let known = lints::ALL.map(Code::as_str);
        self.report(match similar(written, known) {
            Some(meant) => finding.suggest(format!("write `{meant}`"), span, meant),
            None => finding.help(format!("there are `{}`", known.join("`, `"))),
        });
    }

    fn note_name(&mut self, name: &str, span: Span, number: Option<u32>) {
        if let Some(first) = self.names.get(name) {
            let first = first.and_then(|first| self.lowered.rules.get(first as usize));
            let first = first.map(|rule| rule.span);
            let mut finding = Diagnostic::error(
                Code::NAME_TWICE,
                format!("two rules have the name `{name}`"),
                span,
            )
            .label("again")
            .help("a name is unique over all files; choose another for one of them");
            if let Some(first) = first {
                finding = finding.also(first, "first here");
            }
            self.report(finding);
            return;
        }
        if name == LEGACY_RULE && self.has_map {
            self.report(
                Diagnostic::error(
                    Code::RESERVED_NAME,
                    format!("`{LEGACY_RULE}` is the name of the map file"),
                    span,
                )
                .help("beside a map, no rule has this name; choose another"),
            );
        }
        self.names.insert(name.to_owned(), number);
    }

    /// Whether a word can be a name.
    fn check_name(&mut self, name: Word) -> bool {
        let text = name.of(self.text);
        let span = name.span(self.source);
        let is_first = |character: char| character.is_ascii_alphabetic() || character == '_';
        let finding = if !text.starts_with(is_first) || !text.chars().all(is_of_name) {
            Diagnostic::error(Code::BAD_NAME, format!("`{text}` can't be a name"), span)
                .help("a name begins with a letter or `_`; letters, digits, `_`, `-` and `.` may follow")
        } else if KEYWORDS.contains(&text) {
            Diagnostic::error(Code::RESERVED_NAME, format!("`{text}` is a keyword"), span)
                .help("choose another name")
        } else if Placeholder::parse(text).is_some() {
            Diagnostic::error(
                Code::RESERVED_NAME,
                format!("`{{{text}}}` is a part of the image"),
                span,
            )
            .help(format!(
                "choose another name; none may be `{}`",
                NAMES.join("`, `")
            ))
        } else {
            return true;
        };
        self.report(finding);
        false
    }

    /// Switches off the rules that `off` names, once all are known.
    fn switch_off(&mut self) {
        for off in std::mem::take(&mut self.offs) {
            let number = match self.names.get(&off.name) {
                Some(None) => continue,
                number => number.copied().flatten(),
            };
            let rule = number.and_then(|number| self.lowered.rules.get_mut(number as usize));
            let finding = match rule {
                Some(rule) if off.file == u16::MAX || rule.file == off.file => {
                    rule.is_off = true;
                    let why = off
                        .because
                        .map(|because| format!(": {because}"))
                        .unwrap_or_default();
                    let message = format!("the rule `{}` is off{why}", off.name);
                    Diagnostic::new(Severity::Notice, Code::RULE_OFF, message, off.span)
                        .label("switched off here")
                        .also(rule.span, "this rule")
                }
                Some(rule) => Diagnostic::error(
                    Code::FOREIGN_RULE,
                    format!("the rule `{}` stands in another file", off.name),
                    off.span,
                )
                .label("this file has a condition, and may switch off only its own rules")
                .also(rule.span, "the rule")
                .help("move the `off` to a file whose header has no `when`"),
                None => {
                    let mut names: Vec<&str> = self.names.keys().map(String::as_str).collect();
                    names.sort_unstable();
                    let finding = Diagnostic::error(
                        Code::UNKNOWN_RULE,
                        format!("no rule has the name `{}`", off.name),
                        off.span,
                    );
                    match similar(&off.name, names) {
                        Some(meant) => finding.suggest(format!("write `{meant}`"), off.span, meant),
                        None => finding.help("a rule gets a name with `as NAME`"),
                    }
                }
            };
            self.report(finding);
        }
    }

    fn test(&mut self, span: Span, image: Word, outcome: Outcome, when: &[ast::Condition]) -> Option<()> {
        let image_text = self.expand(image, Use::Word);
        let result = match outcome {
            Outcome::Image(result) => Some(self.expand(result, Use::Word)),
            _ => None,
        };
        let setting = self.setting(when);
        let image = image_text?;
        if !(outcome == Outcome::Keep && image.text == AUTO) {
            self.check_image(&image)?;
        }
        let expected = match outcome {
            Outcome::Image(_) => {
                let result = result??;
                self.check_image(&result)?;
                Expected::Image(result.text.into())
            }
            Outcome::Keep => Expected::Keep,
            Outcome::Deny => Expected::Deny,
            Outcome::Warn => Expected::Warn,
        };
        self.lowered.tests.push(Test {
            span,
            image: image.text.into(),
            expected,
            setting: setting?,
        });
        Some(())
    }

    fn check_image(&mut self, image: &Expanded<'_>) -> Option<()> {
        match Image::parse(&image.text) {
            Ok(_) => Some(()),
            Err(error) => {
                self.report(
                    Diagnostic::error(
                        Code::TEST_IMAGE,
                        format!("`{}` is no image", image.text),
                        image.span(),
                    )
                    .label(error.to_string())
                    .help("an image that does not parse is left as it is, and no rule is asked; test one that does"),
                );
                None
            }
        }
    }
}

/// Reads the text of a pattern over the parts of an image, for a mend that is to be tried.
pub(super) fn read_pattern(text: &str) -> Option<Pattern> {
    pattern::parts(text).ok().map(Pattern::Parts)
}

/// What follows a rule.
#[derive(Default)]
struct Modifiers {
    when: Box<[Condition]>,
    name: Option<(String, Span)>,
    because: Option<String>,
    pull_secret: Option<String>,
    allowed: Lints,
}

//! From the text of files that load to rules.

use super::pattern::{Pattern, home};
use super::target::Target;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Swap,
    Keep,
    Deny,
    Warn,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) action: Action,
    pub(super) name: String,
    pub(super) is_off: bool,
    pub(super) pattern: Pattern,
    pub(super) target: Option<Target>,
    pub(super) when: Vec<Condition>,
    pub(super) secret: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) negated: bool,
    pub(super) subject: String,
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) rules: Vec<Rule>,
    /// Prefixes, each with its `/`.
    pub(super) home: Vec<String>,
}

impl Set {
    pub(super) fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut set = Self::default();
        let mut constants = Vec::new();
        let mut off = Vec::new();
        for (name, text) in files {
            let mut of_file = Vec::new();
            for (line, statement) in statements(text) {
                let mut reader = Reader {
                    rest: &statement,
                    constants: &constants,
                };
                match reader.word().as_str() {
                    "rules" => {
                        reader.word();
                        if !reader.is_at_end() {
                            reader.word();
                            of_file = reader.conditions();
                        }
                    }
                    "let" => {
                        let (name, _equals) = (reader.word(), reader.word());
                        let value = reader.text_or_word();
                        constants.push((name, value));
                    }
                    "home" => set.home.extend(reader.list().iter().map(|prefix| home(prefix))),
                    "off" => off.push(reader.word()),
                    "test" => {}
                    action => {
                        let mut rule = reader.rule(action, format!("{name}:{line}"));
                        rule.when.splice(0..0, of_file.clone());
                        set.rules.push(rule);
                    }
                }
            }
        }
        for rule in &mut set.rules {
            rule.is_off = off.contains(&rule.name);
        }
        if set.home.is_empty() {
            let mut registries: Vec<&str> = set
                .rules
                .iter()
                .filter_map(|rule| rule.target.as_ref()?.one_registry())
                .collect();
            registries.sort_unstable();
            registries.dedup();
            if let [one] = *registries
                && one != "docker.io"
            {
                set.home = vec![format!("{one}/")];
            }
        }
        set
    }
}

/// The statements of a text, without comments and on one line each, with the number of their first line.
fn statements(text: &str) -> Vec<(usize, String)> {
    let mut statements: Vec<(usize, String)> = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let bare = without_comment(line);
        if bare.trim().is_empty() {
            continue;
        }
        match statements.last_mut() {
            Some((_, statement)) if line.starts_with([' ', '\t']) => {
                statement.push(' ');
                statement.push_str(bare);
            }
            _ => statements.push((number, bare.to_owned())),
        }
    }
    statements
}

fn without_comment(line: &str) -> &str {
    let mut is_quoted = false;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match character {
            '"' if !(is_quoted && is_escaped(&line[..at])) => is_quoted = !is_quoted,
            '#' if !is_quoted && before.is_whitespace() => return &line[..at],
            _ => {}
        }
        before = character;
    }
    line
}

fn is_escaped(before: &str) -> bool {
    before
        .chars()
        .rev()
        .take_while(|character| *character == '\\')
        .count()
        % 2
        == 1
}

/// Reads a statement from the left.
struct Reader<'s> {
    rest: &'s str,
    constants: &'s [(String, String)],
}

impl Reader<'_> {
    fn is_at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    fn take(&mut self, ends: impl Fn(char) -> bool) -> String {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    /// A word as it stands.
    fn word(&mut self) -> String {
        self.take(char::is_whitespace)
    }

    /// A word with its constants put in.
    fn value(&mut self) -> String {
        let word = self.word();
        self.with_constants(&word)
    }

    /// Words between commas, as they stand.
    fn list(&mut self) -> Vec<String> {
        self.raw_list()
            .iter()
            .map(|item| self.with_constants(item))
            .collect()
    }

    fn raw_list(&mut self) -> Vec<String> {
        let mut items = Vec::new();
        loop {
            items.push(self.take(|character| character == ',' || character.is_whitespace()));
            match self.rest.trim_start().strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => return items,
            }
        }
    }

    fn text_or_word(&mut self) -> String {
        if self.is_at_end() || !self.rest.starts_with('"') {
            return self.value();
        }
        let mut text = String::new();
        let mut characters = self.rest.chars();
        characters.next();
        while let Some(character) = characters.next() {
            match character {
                '"' => break,
                '\\' => text.extend(characters.next()),
                '{' => {
                    let (name, rest) = characters.as_str().split_once('}').unwrap();
                    text += &self.with_constants(&format!("{{{name}}}"));
                    characters = rest.chars();
                }
                _ => text.push(character),
            }
        }
        self.rest = characters.as_str();
        text
    }

    fn with_constants(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind.split_once('}').unwrap();
            out += before;
            match self.constants.iter().find(|(known, _)| known == name) {
                Some((_, value)) => out += value,
                // A part of the image, or a capture.
                None => out += &format!("{{{name}}}"),
            }
            rest = behind;
        }
        out + rest
    }

    fn rule(&mut self, action: &str, name: String) -> Rule {
        let first = self.word();
        let pattern = if first == "written" {
            Pattern::Written(self.value())
        } else {
            Pattern::read(&self.with_constants(&first))
        };
        let action = match action {
            "swap" => Action::Swap,
            "keep" => Action::Keep,
            "deny" => Action::Deny,
            "warn" => Action::Warn,
            other => panic!("the statement `{other}`"),
        };
        let target = (action == Action::Swap).then(|| {
            self.word();
            Target::read(&self.value(), pattern.kinds())
        });
        let mut rule = Rule {
            action,
            name,
            is_off: false,
            pattern,
            target,
            when: Vec::new(),
            secret: None,
        };
        while !self.is_at_end() {
            match self.word().as_str() {
                "when" => rule.when = self.conditions(),
                "as" => rule.name = self.word(),
                "because" => _ = self.text_or_word(),
                "pull-secret" => rule.secret = Some(self.value()),
                "allow" => _ = self.raw_list(),
                other => panic!("`{other}` behind a rule"),
            }
        }
        rule
    }

    fn conditions(&mut self) -> Vec<Condition> {
        let mut conditions = Vec::new();
        loop {
            let mut subject = self.word();
            let negated = subject == "not";
            if negated {
                subject = self.word();
            }
            let mut condition = Condition {
                negated,
                subject,
                key: String::new(),
                values: Vec::new(),
            };
            match condition.subject.as_str() {
                "unqualified" => {}
                "label" | "annotation" => {
                    let mut list = self.raw_list();
                    match list[0].split_once('=') {
                        Some((key, value)) => {
                            condition.key = self.with_constants(key);
                            list[0] = value.to_owned();
                            condition.values = list.iter().map(|item| self.with_constants(item)).collect();
                        }
                        None => condition.key = self.with_constants(&list[0]),
                    }
                }
                _ => condition.values = self.list(),
            }
            conditions.push(condition);
            let rest = self.rest.trim_start();
            match rest.strip_prefix("and") {
                Some(behind) if behind.starts_with(char::is_whitespace) => self.rest = behind,
                _ => return conditions,
            }
        }
    }
}

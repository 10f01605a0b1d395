//! Files of rules.

use super::choices::{Choices, Generated};
use super::words::{
    CONDITIONS, CONSTANTS, GLOBS, OPEN_REGISTRIES, OPEN_SEGMENTS, OPEN_TAGS, PLACEHOLDERS, REGISTRIES,
    SEGMENTS, SHA, TAGS, TARGET_REGISTRIES,
};

impl Choices<'_> {
    /// Files of rules, some of which may be wrong.
    pub fn files(&mut self) -> Generated {
        let mut generated = Generated {
            files: Vec::new(),
            forms: Vec::new(),
        };
        self.is_dense = self.one_in(2);
        let count = 1 + usize::from(self.one_in(4)) + usize::from(self.one_in(8));
        for (number, name) in ["a.rules", "b.rules", "c.rules"]
            .into_iter()
            .take(count)
            .enumerate()
        {
            let text = self.file(number == 0, &mut generated.forms);
            generated.files.push((name.to_owned(), text));
        }
        generated
    }

    fn file(&mut self, first: bool, forms: &mut Vec<String>) -> String {
        let end = if self.one_in(6) { "\r\n" } else { "\n" };
        let mut text = String::new();
        if self.one_in(8) {
            text.push('\u{feff}');
        }
        text += "rules v1";
        let is_confined = self.one_in(8);
        if is_confined {
            text += &format!(" when {}", self.condition());
        }
        text += end;
        if first {
            text += &constants(end);
        }
        for number in 0..1 + self.below(7) {
            let statement = match self.below(12) {
                0..=5 => self.swap(forms),
                6 | 7 => self.rule("keep", forms),
                8 => self.rule("deny", forms),
                9 => self.rule("warn", forms),
                10 if self.is_dense && !self.one_in(4) => self.swap(forms),
                10 if !is_confined => format!("home {}", self.home()),
                10 => format!("off r{}", self.below(4)),
                _ => self.test(),
            };
            let name = if self.one_in(4) && !statement.starts_with(['h', 'o', 't']) {
                format!(" as r{number}{}", if first { "" } else { "x" })
            } else {
                String::new()
            };
            text += &statement;
            text += &name;
            if self.one_in(8) && !statement.starts_with(['h', 'o', 't']) {
                text += &format!("{end}# between{end}  because \"say \\\"{{hub}}\\\" \\{{ # \\\\\"");
            }
            text += if self.one_in(8) { "   # a comment" } else { "" };
            text += end;
        }
        text
    }

    /// A swap, and what images can be made of.
    pub fn swap(&mut self, forms: &mut Vec<String>) -> String {
        let pattern = self.pattern();
        let target = self.target(&pattern);
        forms.push(pattern.clone());
        forms.push(target.clone());
        format!(
            "swap {} -> {}{}",
            self.disguised(&pattern),
            self.disguised(&target),
            self.modifiers(true)
        )
    }

    /// A rule that warns, and what images can be made of.
    pub fn warning(&mut self, forms: &mut Vec<String>) -> String {
        self.rule("warn", forms)
    }

    fn rule(&mut self, action: &str, forms: &mut Vec<String>) -> String {
        let pattern = self.pattern();
        forms.push(pattern.clone());
        format!(
            "{action} {}{}",
            self.disguised(&pattern),
            self.modifiers(action == "keep")
        )
    }

    fn modifiers(&mut self, lets_through: bool) -> String {
        let mut text = String::new();
        if self.one_in(if self.is_dense { 2 } else { 3 }) {
            text += &format!(" when {}", self.condition());
            while self.one_in(4) {
                text += &format!(" and {}", self.condition());
            }
        }
        if lets_through && self.one_in(6) {
            text += &format!(" pull-secret {}", self.of(&["s", "t"]));
        }
        text
    }

    fn condition(&mut self) -> String {
        let not = if self.one_in(3) { "not " } else { "" };
        let condition = CONDITIONS[self.below(if self.is_dense { 8 } else { CONDITIONS.len() })];
        format!("{not}{condition}")
    }

    /// Puts constants into a word.
    fn disguised(&mut self, word: &str) -> String {
        let mut word = word.to_owned();
        for (name, value) in CONSTANTS.iter().take(3) {
            if !word.starts_with("written") && self.one_in(6) {
                word = word.replacen(value, &format!("{{{name}}}"), 1);
            }
        }
        word
    }

    /// Mostly one of those that swaps lead to.
    fn registry(&mut self) -> &'static str {
        match self.is_dense || self.one_in(2) {
            true => REGISTRIES[self.below(3)],
            false => REGISTRIES[self.below(REGISTRIES.len())],
        }
    }

    pub(super) fn segment(&mut self) -> &'static str {
        SEGMENTS[self.below(if self.is_dense { 2 } else { SEGMENTS.len() })]
    }

    /// Chooses a pattern.
    pub fn pattern(&mut self) -> String {
        if self.one_in(if self.is_dense { 24 } else { 8 }) {
            return format!("written {}", self.of(&GLOBS));
        }
        let mut segments = Vec::new();
        match self.below(4) {
            0 => segments.push(self.of(&OPEN_REGISTRIES)),
            1 => {}
            _ => segments.push(self.registry()),
        }
        for _ in 0..self.below(4) {
            segments.push(if self.one_in(3) {
                self.of(&OPEN_SEGMENTS)
            } else {
                self.segment()
            });
        }
        let mut text = segments.join("/");
        if text.is_empty() {
            text.push_str(self.segment());
        }
        let is_registry_alone = segments.len() == 1 && text.contains(['.', ':', '*']) || text == "localhost";
        if self.below(3) < 2 || is_registry_alone && text != "**" {
            return text + "/";
        }
        if self.one_in(3) {
            let tag = if self.one_in(2) {
                self.of(&OPEN_TAGS)
            } else {
                self.of(&TAGS)
            };
            text += &format!(":{tag}");
        }
        if self.one_in(6) {
            text += &format!("@{}", self.of(&["*", SHA, "sha256:*"]));
        }
        text
    }

    fn target(&mut self, pattern: &str) -> String {
        let below = pattern.ends_with('/') && !pattern.starts_with("written");
        let stars = pattern.replace("**", "*").matches('*').count();
        let mut text = match self.is_dense || self.one_in(2) {
            true => TARGET_REGISTRIES[self.below(2)].to_owned(),
            false => self.of(&TARGET_REGISTRIES).to_owned(),
        };
        if pattern.starts_with("*.") && self.one_in(3) {
            text = self
                .of(&["{1}.h.io", "x-{1}.quay.io", "{1}.gcr.io:5000"])
                .to_owned();
        }
        for _ in 0..self.below(3) {
            text.push('/');
            text += &match self.below(5) {
                0 => self.of(&PLACEHOLDERS).to_owned(),
                1 => format!("a{}", self.of(&PLACEHOLDERS)),
                2 => format!("{}-{}", self.of(&PLACEHOLDERS), self.of(&PLACEHOLDERS)),
                _ => self.segment().to_owned(),
            };
        }
        if below && self.below(4) < 3 {
            text.push('/');
        } else {
            let last = if self.one_in(3) {
                self.segment()
            } else {
                self.of(&PLACEHOLDERS)
            };
            text += &format!("/{last}");
            text += self.of(&[
                "",
                "",
                "",
                ":v2",
                ":{tag}",
                ":{tag}@{digest}",
                ":v{1}",
                "@{digest}",
                ":{2}",
                ":a{port}",
            ]);
        }
        // What the pattern does not take can't be named.
        for number in stars + 1..4 {
            text = text.replace(&format!("{{{number}}}"), "{name}");
        }
        text
    }

    fn home(&mut self) -> String {
        let first = self.of(&[
            "h.io/",
            "h.io/m/",
            "a.h.io/",
            "docker.io/",
            "localhost:5000/",
            "acme/",
            "{hub}/{deep}/",
        ]);
        match self.one_in(3) {
            true => format!("{first}, {}", self.of(&["quay.io/", "H.io:443/m/"])),
            false => first.to_owned(),
        }
    }

    fn test(&mut self) -> String {
        let image = self.image(&[]);
        let outcome = self.of(&["keep", "deny", "warn", "-> h.io/a", "-> h.io/library/nginx"]);
        format!("test {image} {outcome}")
    }
}

/// The statements that define what swaps may use.
pub fn constants(end: &str) -> String {
    let lines = CONSTANTS
        .iter()
        .map(|(name, value)| format!("let {name} = {value}{end}"));
    lines.collect()
}

//! Images: of the texts of patterns and targets, or of any.

use super::choices::Choices;
use super::words::{OTHER_SHA, REGISTRIES, SHA, TAGS};

impl Choices<'_> {
    /// An image: of these forms, or any; sometimes with a small difference, sometimes none at all.
    pub fn image(&mut self, forms: &[String]) -> String {
        let mut text = if forms.is_empty() || self.one_in(4) {
            self.plain_image()
        } else {
            let form = &forms[self.below(forms.len())];
            self.of_form(form.strip_prefix("written ").unwrap_or(form))
        };
        if self.one_in(10) {
            let at = self.below(text.len().max(1));
            if text.is_char_boundary(at) {
                match self.below(4) {
                    0 => text.insert_str(at, self.of(&["/", "a", "-x", ".", ":", "@", "A", "_"])),
                    1 => text.truncate(at),
                    2 => text = text[at..].to_owned(),
                    _ => text.make_ascii_uppercase(),
                }
            }
        }
        text
    }

    /// Makes a small difference to a text.
    pub fn edit(&mut self, text: &mut String, at: usize) {
        let signs = [
            "/",
            "a",
            "-x",
            ".",
            ":",
            "@",
            "A",
            "_",
            "*",
            "**",
            "{",
            "}",
            "\"",
            "\\",
            " ",
            "\n",
            "\t",
            "#",
            ",",
            "->",
            "[",
            "]",
            "=",
            "\u{e9}",
            "\u{a0}",
            "\r",
            "\u{0}",
            "{1}",
            "{path}",
            "rules v1\n",
            " when ",
            "not ",
        ];
        match self.below(4) {
            0 => {
                let sign = self.of(&signs);
                text.insert_str(at, sign);
            }
            1 => text.truncate(at),
            2 => *text = text[at..].to_owned(),
            _ => {
                let end = at + self.below(8);
                if text.is_char_boundary(end.min(text.len())) {
                    text.replace_range(at..end.min(text.len()), "");
                }
            }
        }
    }

    fn plain_image(&mut self) -> String {
        let mut segments = Vec::new();
        if self.below(3) > 0 {
            segments.push(self.of(&REGISTRIES));
        }
        for _ in 0..=self.below(4) {
            segments.push(self.segment());
        }
        segments.join("/") + &self.tag_and_digest()
    }

    fn tag_and_digest(&mut self) -> String {
        let mut text = String::new();
        if self.one_in(2) {
            text += &format!(":{}", self.of(&TAGS));
        }
        if self.one_in(4) {
            text += &format!("@{}", self.of(&[SHA, OTHER_SHA]));
        }
        text
    }

    /// Replaces wildcards and placeholders.
    fn of_form(&mut self, form: &str) -> String {
        let mut text = String::new();
        let mut rest = form;
        while let Some(character) = rest.chars().next() {
            let mut length = character.len_utf8();
            match character {
                '*' if rest.starts_with("**") => {
                    length = 2;
                    let count = self.below(3);
                    let segments: Vec<&str> = (0..=count).map(|_| self.segment()).collect();
                    text += &segments.join("/");
                }
                '*' if text.is_empty() => text += self.of(&REGISTRIES),
                '*' | '?' => text += self.of(&["a", "b", "nginx", "", "x", "1", "5000", "h"]),
                '[' if !rest.starts_with("[:") => {
                    length = rest.find(']').map_or(1, |at| at + 1);
                    text.push('a');
                }
                '{' => {
                    length = rest.find('}').map_or(1, |at| at + 1);
                    text += self.of(&["a", "b", "nginx", "a/b", "1", "latest", "quay.io", "h.io_5000"]);
                }
                _ => text.push(character),
            }
            rest = &rest[length..];
        }
        if text.ends_with('/') {
            text += &self.below_a_prefix();
        }
        let last = text.rsplit('/').next().unwrap_or_default();
        match last.contains([':', '@']) {
            true => text,
            false => text + &self.tag_and_digest(),
        }
    }

    fn below_a_prefix(&mut self) -> String {
        let form = self.of(&["nginx", "a", "*", "**", "library/x.y", "b/{name}"]);
        self.of_form(form)
    }
}

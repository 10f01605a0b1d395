//! A text in HTML. Only constants of the program are markup; everything else is escaped.

use std::fmt::{self, Display, Write as _};

use imageswap_engine::diagnostic::is_hidden;

/// Maximum number of characters of a text that stands for itself, such as a name.
const MAX_TEXT: usize = 500;

/// A page, or a part of it.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Adds markup.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds a text, or the value of an attribute. Characters that could deceive the reader are shown as escapes.
    pub(super) fn text(&mut self, text: impl Display) -> &mut Self {
        let _ = write!(
            Escaped {
                html: &mut self.0,
                left: MAX_TEXT,
                keeps_layout: false
            },
            "{text}"
        );
        self
    }

    /// Adds a text whose tabs and line ends stay.
    pub(super) fn preformatted(&mut self, text: &str, max: usize) -> &mut Self {
        let _ = write!(
            Escaped {
                html: &mut self.0,
                left: max,
                keeps_layout: true
            },
            "{text}"
        );
        self
    }

    /// Returns the whole text.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// Escapes what is written.
struct Escaped<'h> {
    html: &'h mut String,
    /// Number of characters that are written before the rest is left out.
    left: usize,
    keeps_layout: bool,
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let Some(left) = self.left.checked_sub(1) else {
                return Ok(());
            };
            self.left = left;
            if left == 0 {
                self.html.push('…');
                return Ok(());
            }
            match character {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\'' => self.html.push_str("&#39;"),
                '\t' | '\n' if self.keeps_layout => self.html.push(character),
                hidden if is_hidden(hidden) => self.html.extend(hidden.escape_default()),
                plain => self.html.push(plain),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup_and_hides_nothing() {
        let mut html = Html::default();
        html.raw("<p title=\"")
            .text("\"'<b>&amp;\u{202e}\u{1b}[1m\u{0}\u{61c}\n")
            .raw("\">");
        let text = String::from_utf8(html.into_bytes()).unwrap();
        assert_eq!(
            text,
            "<p title=\"&quot;&#39;&lt;b&gt;&amp;amp;\\u{202e}\\u{1b}[1m\\u{0}\\u{61c}\\n\">"
        );
    }

    #[test]
    fn long_text_is_cut() {
        let mut html = Html::default();
        html.text("a".repeat(10 * MAX_TEXT));
        assert_eq!(
            String::from_utf8(html.into_bytes()).unwrap().chars().count(),
            MAX_TEXT
        );
    }
}

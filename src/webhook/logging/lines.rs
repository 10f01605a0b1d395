//! Words on lines of a width: the layout of the log for people.

use std::borrow::Cow;

use imageswap_engine::diagnostic::visible;

/// Columns of a line.
const WIDTH: usize = 120;
/// Spaces before the text of each line but the first.
const INDENT: usize = 4;
/// Spaces before the text of a line that continues a line of a block.
const BLOCK_INDENT: usize = 6;
/// Maximum length of a text in a line, in characters. A client chooses how long its names are.
const MAX_TEXT: usize = 4000;
/// Maximum length of the name of an object, with its namespace: that of both in Kubernetes.
const MAX_NAME: usize = 2 * 253 + 1;

/// Role of a word, which may have a color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogTone {
    /// The level, or a denial.
    Error,
    Warning,
    Info,
    Debug,
    /// The outcome of a review that changes images.
    Patched,
    /// Another outcome.
    Outcome,
}

/// Returns a word in the color of its role.
pub(crate) type Paint = fn(LogTone, &str) -> String;

/// The lines of an event.
pub(super) struct Lines {
    text: String,
    /// Columns of the last line.
    column: usize,
    /// Spaces before a line that continues the last one.
    indent: usize,
    /// True if the last line has no word yet.
    is_empty: bool,
    paint: Option<Paint>,
}

impl Lines {
    pub(super) fn new(paint: Option<Paint>) -> Self {
        Self {
            text: String::new(),
            column: 0,
            indent: INDENT,
            is_empty: true,
            paint,
        }
    }

    /// Writes a text, whose words may be on different lines. A line break of the text begins a line.
    pub(super) fn text(&mut self, text: &str) {
        for (number, line) in clipped(text, MAX_TEXT).lines().enumerate() {
            if number > 0 {
                self.start_line(INDENT);
            }
            for word in line.split(' ').filter(|word| !word.is_empty()) {
                self.put(word, None);
            }
        }
    }

    /// Writes a text as one word.
    pub(super) fn word(&mut self, text: &str) {
        self.put(&clipped(text, MAX_TEXT), None);
    }

    /// Writes the name of an object as one word after the others, even if it does not fit.
    pub(super) fn object(&mut self, name: &str) {
        let text = clipped(name, MAX_NAME);
        let text = visible(&text);
        self.text.push(' ');
        self.text.push_str(&text);
        self.column += 1 + text.chars().count();
    }

    /// Writes a text as one word in the color of its role.
    pub(super) fn painted(&mut self, tone: LogTone, text: &str) {
        self.put(text, Some(tone));
    }

    /// Writes a field. A text with spaces is in quotes.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        let is_plain = !value.is_empty() && !value.contains([' ', '\n', '"']);
        if is_plain {
            self.word(&format!("{name}={value}"));
        } else {
            self.text(&format!("{name}=\"{}\"", value.trim_end()));
        }
    }

    /// Writes a text of several lines, below the others.
    pub(super) fn block(&mut self, text: &str) {
        self.start_line(INDENT);
        self.indent = BLOCK_INDENT;
        self.text(text);
        self.indent = INDENT;
    }

    /// Writes a finding as the compiler of Rust shows it: its title after the other words, the rest below. Lines of a file
    /// have no limit, since their columns have a meaning; titles and notes do.
    pub(super) fn finding(&mut self, text: &str) {
        let mut lines = text.lines();
        self.text(lines.next().unwrap_or_default());
        for line in lines {
            self.start_line(INDENT);
            let note = line.trim_start();
            if note.starts_with("= ") {
                self.text
                    .extend(std::iter::repeat_n(' ', line.len() - note.len()));
                self.column += line.len() - note.len();
                self.indent = self.column + 2;
                self.text(note);
                self.indent = INDENT;
            } else {
                self.text.push_str(&visible(line));
                self.column += line.chars().count();
                self.is_empty = false;
            }
        }
    }

    /// Returns the lines, each with its end.
    pub(super) fn into_text(mut self) -> String {
        if self.column > 0 {
            self.text.push('\n');
        }
        self.text
    }

    /// Begins a line, unless the last one has no word.
    fn start_line(&mut self, indent: usize) {
        if self.is_empty {
            return;
        }
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
        self.is_empty = true;
    }

    fn put(&mut self, word: &str, tone: Option<LogTone>) {
        let word = visible(word);
        let length = word.chars().count();
        if self.column + 1 + length > WIDTH {
            self.start_line(self.indent);
        }
        if !self.is_empty {
            self.text.push(' ');
            self.column += 1;
        }
        self.is_empty = false;
        match tone.zip(self.paint) {
            Some((tone, paint)) => self.text.push_str(&paint(tone, &word)),
            None => self.text.push_str(&word),
        }
        self.column += length;
    }
}

/// Returns the start of a text that is too long, and the number of the characters that are left out.
fn clipped(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => {
            let more = text[end..].chars().count();
            format!("{}... ({more} more characters)", &text[..end]).into()
        }
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fill_lines_and_no_word_is_cut() {
        let mut lines = Lines::new(None);
        lines.text(&"word ".repeat(60));
        lines.word(&"x".repeat(150));
        lines.field("rules", "a b");
        lines.field("empty", "");
        lines.field("number", "5");
        let text = lines.into_text();
        let long = format!("    {}", "x".repeat(150));
        for (number, line) in text.lines().enumerate() {
            assert_eq!(number > 0, line.starts_with("    "), "{text}");
            assert!(line == long || line.len() <= WIDTH, "{text}");
        }
        assert_eq!(text.matches("word").count(), 60);
        assert!(text.contains(&long), "{text}");
        assert!(
            text.ends_with("\n    rules=\"a b\" empty=\"\" number=5\n"),
            "{text}"
        );
    }

    #[test]
    fn line_break_and_escape_of_a_text_begin_no_event_and_no_color() {
        let mut lines = Lines::new(None);
        lines.word("a\n12:00:00Z");
        lines.field("error", "one\n\u{1b}[2Jtwo");
        lines.block(&format!("three\r\nfour {}", "x".repeat(115)));
        let text = lines.into_text();
        let start = "a\\n12:00:00Z error=\"one\n    \\u{1b}[2Jtwo\"\n    three\n    four\n      x";
        assert!(text.starts_with(start), "{text}");
    }

    #[test]
    fn text_that_is_too_long_says_what_is_left_out() {
        let mut lines = Lines::new(None);
        lines.word(&"é".repeat(MAX_TEXT + 7));
        assert!(lines.into_text().ends_with("é... (7 more characters)\n"));
    }
}

//! Input from bash and output to it: the typed line with its quotes, and the ends of candidates.
//!
//! Bash ends a word at `:`, `=` and `@` too, so `nginx:1.25` is three words to it, and a candidate replaces only the last
//! one. So this module splits the line itself, and returns only the part of each candidate that bash inserts.

use super::candidate::{Candidate, Candidates};

/// Line up to the cursor.
#[derive(Debug)]
pub(super) struct Typed {
    /// Words without quotes. The last one is at the cursor.
    words: Vec<String>,
    /// Length of the part of the last word that bash does not replace, in bytes.
    kept: usize,
    /// True if the cursor is within quotes.
    is_quoted: bool,
}

impl Typed {
    /// Splits a line. `breaks` are the characters at which bash ends a word: `COMP_WORDBREAKS`.
    pub(super) fn read(line: &str, breaks: &str) -> Self {
        let mut typed = Self {
            words: vec![String::new()],
            kept: 0,
            is_quoted: false,
        };
        let mut quote = None;
        let mut is_in_word = false;
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            if quote.is_none() && character.is_whitespace() {
                if is_in_word {
                    typed.words.push(String::new());
                    typed.kept = 0;
                }
                is_in_word = false;
                continue;
            }
            is_in_word = true;
            let word = match typed.words.last_mut() {
                Some(word) => word,
                None => break,
            };
            match (quote, character) {
                (Some(open), _) if open == character => {
                    quote = None;
                    typed.kept = word.len();
                }
                (None, '"' | '\'') => {
                    quote = Some(character);
                    typed.kept = word.len();
                }
                (None | Some('"'), '\\') => word.extend(characters.next()),
                (None, _) if breaks.contains(character) => {
                    word.push(character);
                    typed.kept = word.len();
                }
                _ => word.push(character),
            }
        }
        typed.is_quoted = quote.is_some();
        typed
    }

    /// Returns the words without the first one, which is the program.
    pub(super) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Returns the lines that the script reads: `files` or `words`, and then each candidate as bash inserts it.
    pub(super) fn answer(&self, found: &Candidates) -> String {
        let kind = if found.are_files { "files\n" } else { "words\n" };
        let lines = found.list.iter().map(|Candidate { value, .. }| {
            let rest = value.get(self.kept..).unwrap_or_default();
            // Bash quotes files itself, and text within quotes needs no backslash.
            if found.are_files || self.is_quoted {
                format!("{rest}\n")
            } else {
                format!("{}\n", quoted(rest))
            }
        });
        kind.to_owned() + &lines.collect::<String>()
    }
}

/// Returns a word with a backslash before each character that is special to the shell.
fn quoted(word: &str) -> String {
    let mut quoted = String::with_capacity(word.len());
    for character in word.chars() {
        if character.is_ascii() && !character.is_ascii_alphanumeric() && !"-_./:=@%+,{}".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    /// Returns the arguments of a line, with `|` before the part that bash replaces.
    fn read(line: &str) -> Vec<String> {
        let typed = Typed::read(line, BREAKS);
        let mut words = typed.arguments().to_vec();
        if let Some(last) = words.last_mut() {
            last.insert(typed.kept, '|');
        }
        words
    }

    #[test]
    fn line_is_split_as_the_shell_splits_it() {
        assert_eq!(read("imageswap"), [""; 0]);
        assert_eq!(read("imageswap "), ["|"]);
        assert_eq!(
            read("imageswap  check 'my rules/' a\\ b"),
            ["check", "my rules/", "|a b"]
        );
        assert_eq!(read("imageswap check \"my \\\"r"), ["check", "|my \"r"]);
        assert_eq!(read("imageswap check '' x"), ["check", "", "|x"]);
        assert_eq!(read("imageswap check 'a'\"b\"c"), ["check", "ab|c"]);
    }

    #[test]
    fn candidate_is_cut_to_the_part_that_bash_replaces() {
        assert_eq!(read("imageswap explain nginx:1."), ["explain", "nginx:|1."]);
        assert_eq!(read("imageswap check --format=js"), ["check", "--format=|js"]);
        assert_eq!(read("imageswap explain 'nginx:1."), ["explain", "|nginx:1."]);
        let typed = Typed::read("imageswap explain nginx:1.", BREAKS);
        let candidate = |value: &str| Candidate {
            value: value.to_owned(),
            help: String::new(),
        };
        let found = Candidates {
            list: vec![candidate("nginx:1.25"), candidate("nginx:1.$x")],
            are_files: false,
        };
        assert_eq!(typed.answer(&found), "words\n1.25\n1.\\$x\n");
    }
}

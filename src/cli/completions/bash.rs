//! What bash hands over and takes: a line as it is typed, quotes and all, and the ends of words.
//!
//! Bash ends a word at `:`, `=` and `@` too, so that `nginx:1.25` is three words to it, and puts a candidate in the place of
//! the last one alone. So the line is read here, and of each candidate only that is handed back which bash will replace.

use super::candidate::{Candidate, Candidates};

/// A line up to the cursor.
#[derive(Debug)]
pub(super) struct Typed {
    /// Its words without quotes. The last one is at the cursor.
    words: Vec<String>,
    /// How much of the last word stands before what bash takes for the word, in bytes.
    kept: usize,
    /// Whether the cursor stands within quotes.
    is_quoted: bool,
}

impl Typed {
    /// Reads a line. `breaks` are the characters at which bash ends a word: `COMP_WORDBREAKS`.
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

    /// The words without the first one, which is the program.
    pub(super) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// What the script reads: a line that says whether these are files, and then each as bash puts it in.
    pub(super) fn answer(&self, found: &Candidates) -> String {
        let kind = if found.are_files { "files\n" } else { "words\n" };
        let lines = found.list.iter().map(|Candidate { value, .. }| {
            let rest = value.get(self.kept..).unwrap_or_default();
            // Files are quoted by bash, and within quotes nothing has to be.
            if found.are_files || self.is_quoted {
                format!("{rest}\n")
            } else {
                format!("{}\n", quoted(rest))
            }
        });
        kind.to_owned() + &lines.collect::<String>()
    }
}

/// A word with a backslash before each character that means something to the shell.
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

    /// The arguments of a line, with `|` where the part begins that bash replaces.
    fn read(line: &str) -> Vec<String> {
        let typed = Typed::read(line, BREAKS);
        let mut words = typed.arguments().to_vec();
        if let Some(last) = words.last_mut() {
            last.insert(typed.kept, '|');
        }
        words
    }

    #[test]
    fn a_line_is_read_as_the_shell_will_read_it() {
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
    fn only_that_is_replaced_which_bash_takes_for_the_word() {
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

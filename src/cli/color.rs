//! Colors of the output: the only module that decides whether there are any.

use std::ffi::OsStr;
use std::io::IsTerminal;

/// Returns true if output to a stream is in color: if it is a terminal, and `NO_COLOR` is unset or empty.
pub(super) fn is_wanted(stream: &impl IsTerminal) -> bool {
    decide(stream.is_terminal(), std::env::var_os("NO_COLOR").as_deref())
}

fn decide(is_terminal: bool, no_color: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty)
}

/// Role of a line in a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Headline,
    Place,
    Removed,
    Added,
    Plain,
}

/// Returns a line in the color of its role.
pub(super) fn paint(tone: Tone, line: &str) -> String {
    let code = match tone {
        Tone::Headline => "1",
        Tone::Place => "36",
        Tone::Removed => "31",
        Tone::Added => "32",
        Tone::Plain => return line.to_owned(),
    };
    format!("\u{1b}[{code}m{line}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_is_for_a_terminal_whose_user_wants_it() {
        assert!(decide(true, None));
        assert!(decide(true, Some(OsStr::new(""))));
        assert!(!decide(true, Some(OsStr::new("1"))));
        assert!(!decide(false, None));
    }
}

//! Whether to write in color, and in which: the one place that decides it.

use std::ffi::OsStr;
use std::io::IsTerminal;

/// Whether what is written to a stream may be in color: at a terminal, unless `NO_COLOR` has a value.
pub(super) fn is_wanted(stream: &impl IsTerminal) -> bool {
    decide(stream.is_terminal(), std::env::var_os("NO_COLOR").as_deref())
}

fn decide(is_terminal: bool, no_color: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty)
}

/// What a line of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Headline,
    Place,
    Removed,
    Added,
    Plain,
}

/// A line in color.
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

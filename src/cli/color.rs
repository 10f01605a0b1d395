//! Colors of the output: the only module that decides whether there are any.

use std::ffi::OsStr;
use std::io::IsTerminal;

use crate::webhook::LogTone;

/// Returns true if output to a stream is in color: if it is a terminal that has colors, and `NO_COLOR` is unset or
/// empty.
pub(super) fn is_wanted(stream: &impl IsTerminal) -> bool {
    let variable = |name| std::env::var_os(name);
    decide(
        stream.is_terminal(),
        variable("NO_COLOR").as_deref(),
        variable("TERM").as_deref(),
    )
}

fn decide(is_terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb")
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
    colored(code, line)
}

/// Returns a word of the log in the color of its role.
pub(super) fn paint_log(tone: LogTone, word: &str) -> String {
    let code = match tone {
        LogTone::Error => "1;31",
        LogTone::Warning => "33",
        LogTone::Info => "32",
        LogTone::Debug => "2",
        LogTone::Patched => "36",
        LogTone::Outcome => "1",
    };
    colored(code, word)
}

fn colored(code: &str, text: &str) -> String {
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_is_for_a_terminal_whose_user_wants_it() {
        let text = |text| Some(OsStr::new(text));
        assert!(decide(true, None, None));
        assert!(decide(true, text(""), text("xterm")));
        assert!(!decide(true, text("1"), text("xterm")));
        assert!(!decide(true, None, text("dumb")));
        assert!(!decide(false, None, None));
    }
}

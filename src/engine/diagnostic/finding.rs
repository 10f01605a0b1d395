//! One finding: an error, a warning or a notice, with the places in the text that it is about.

use std::borrow::Cow;

use super::code::Code;
use super::help::Help;
use super::source::{SourceMap, Span, visible};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Notice,
    /// Loads, but may not do what was meant.
    Warning,
    /// Does not load.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// Its entry in the registry of codes.
    pub code: Code,
    /// What is wrong, in lower case and without a full stop, the user's own text in backticks.
    pub message: String,
    /// The places it is about. The first is the primary one: where the user has to look.
    pub labels: Vec<Label>,
    /// What helps to understand it.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Vec<Help>,
    /// The mend itself, where it can be written down.
    pub suggestion: Option<Suggestion>,
}

/// A place in a text, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said of it; may be empty.
    pub text: String,
}

/// A text to put in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What the change does, as a help line: ``write `quay.io/` ``.
    pub message: String,
    /// What is replaced; empty where something is put in.
    pub span: Span,
    /// What comes in its place.
    pub replacement: String,
}

impl Diagnostic {
    /// A finding at a place.
    #[must_use]
    pub fn new(severity: Severity, code: Code, message: impl Into<String>, span: Span) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            labels: vec![Label {
                span,
                text: String::new(),
            }],
            notes: Vec::new(),
            help: Vec::new(),
            suggestion: None,
        }
    }

    /// A finding that keeps the text from being loaded.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Error, code, message, span)
    }

    /// A finding that does not.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Warning, code, message, span)
    }

    /// Says something of the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds what helps to understand it.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds help.
    #[must_use]
    pub fn help(mut self, help: impl Into<Help>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds the mend itself.
    #[must_use]
    pub fn suggest(mut self, message: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.suggestion = Some(Suggestion {
            message: message.into(),
            span,
            replacement: replacement.into(),
        });
        self
    }

    /// The primary place.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }

    /// Returns the finding on one line, fit for a terminal: `FILE:LINE:COLUMN: severity[CODE]: message; help: ...`.
    ///
    /// `help` returns the text of a help, or `None` to omit it: [`Help::text`] omits commands and options.
    #[must_use]
    pub fn short(&self, sources: &SourceMap, help: impl Fn(&Help) -> Option<Cow<'_, str>>) -> String {
        let mut line = String::new();
        if let Some(span) = self.span() {
            line.push_str(&format!("{}: ", sources.place(span)));
        }
        line.push_str(&format!("{}[{}]: {}", self.severity, self.code, self.message));
        let suggestion = self.suggestion.as_ref();
        let suggestion = suggestion.map(|suggestion| Cow::Borrowed(suggestion.message.as_str()));
        for text in self.help.iter().filter_map(help).chain(suggestion) {
            line.push_str("; help: ");
            line.push_str(&text);
        }
        match visible(&line) {
            Cow::Borrowed(_) => line,
            Cow::Owned(shown) => shown,
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

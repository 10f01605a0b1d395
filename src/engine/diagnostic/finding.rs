//! A finding: an error, a warning or a notice, with its places in the text.

use std::borrow::Cow;

use super::code::Code;
use super::help::Help;
use super::severity::Severity;
use super::source::{SourceMap, Span, visible};

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its severity.
    pub severity: Severity,
    /// Its entry in the registry of codes.
    pub code: Code,
    /// Message, in lower case and without a full stop, with the user's text in backticks.
    pub message: String,
    /// Places in the text. The first is the primary one, where the user has to look.
    pub labels: Vec<Label>,
    /// Context that explains the message.
    pub notes: Vec<String>,
    /// Instructions to fix it.
    pub help: Vec<Help>,
    /// An edit that fixes it, if a tool can make it.
    pub suggestion: Option<Suggestion>,
}

/// A place in a text, with its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// Description of the place; may be empty.
    pub text: String,
}

/// An edit: a text that replaces another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The effect of the edit, as a help line: ``write `quay.io/` ``.
    pub message: String,
    /// The replaced text; empty if the edit inserts a text.
    pub span: Span,
    /// The new text.
    pub replacement: String,
}

impl Diagnostic {
    /// Returns a finding at a place.
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

    /// Returns an error, which rejects the text.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Error, code, message, span)
    }

    /// Returns a warning.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Warning, code, message, span)
    }

    /// Sets the description of the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a note.
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

    /// Adds an edit.
    #[must_use]
    pub fn suggest(mut self, message: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.suggestion = Some(Suggestion {
            message: message.into(),
            span,
            replacement: replacement.into(),
        });
        self
    }

    /// Returns the primary place.
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

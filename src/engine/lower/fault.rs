//! What is wrong within a word.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic, SourceId, Span};
use crate::syntax::ast::Word;

/// A word with its constants put in.
#[derive(Clone, Debug)]
pub(super) struct Expanded<'t> {
    pub(super) text: Cow<'t, str>,
    word: Word,
    source: SourceId,
    /// Whether it stands in the file as it is: then places in it are places in the file.
    is_exact: bool,
}

/// What is wrong with a text, and where in it.
#[derive(Clone, Debug)]
pub(super) struct Fault(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    code: Code,
    message: String,
    range: Option<Range<usize>>,
    label: String,
    help: Vec<String>,
    /// What it does, and what to write in the place of the whole text.
    suggestion: Option<(String, String)>,
}

impl<'t> Expanded<'t> {
    /// A word as it stands.
    pub(super) fn exact(text: &'t str, word: Word, source: SourceId) -> Self {
        Self {
            text: Cow::Borrowed(text),
            word,
            source,
            is_exact: true,
        }
    }

    /// A word in which something was put in.
    pub(super) fn with_constants(text: String, word: Word, source: SourceId) -> Self {
        Self {
            text: Cow::Owned(text),
            word,
            source,
            is_exact: false,
        }
    }

    /// Where the word stands.
    pub(super) fn span(&self) -> Span {
        self.word.span(self.source)
    }

    fn place(&self, range: &Range<usize>) -> Span {
        if !self.is_exact {
            return self.span();
        }
        let at = |offset: usize| self.word.start + u32::try_from(offset).unwrap_or_default();
        Span {
            start: at(range.start),
            end: at(range.end).min(self.word.end),
            ..self.span()
        }
    }

    /// The finding that a fault in this word is.
    pub(super) fn finding(&self, fault: Fault) -> Diagnostic {
        let fault = *fault.0;
        let span = fault
            .range
            .as_ref()
            .map_or_else(|| self.span(), |range| self.place(range));
        let mut finding = Diagnostic::error(fault.code, fault.message, span).label(fault.label);
        if !self.is_exact {
            finding = finding.note(format!("with its constants put in it is `{}`", self.text));
        }
        for help in fault.help {
            finding = finding.help(help);
        }
        match fault.suggestion {
            Some((message, text)) if self.is_exact => finding.suggest(message, self.span(), text),
            Some((message, _)) => finding.help(message),
            None => finding,
        }
    }
}

impl Fault {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            message: message.into(),
            range: None,
            label: String::new(),
            help: Vec::new(),
            suggestion: None,
        }))
    }

    /// Where in the text it is.
    pub(super) fn at(mut self, range: Range<usize>) -> Self {
        self.0.range = Some(range);
        self
    }

    /// Where a part of the text is.
    pub(super) fn at_part(self, text: &str, part: &str) -> Self {
        let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        if start <= text.len() && start + part.len() <= text.len() {
            self.at(start..start + part.len())
        } else {
            self
        }
    }

    pub(super) fn label(mut self, text: impl Into<String>) -> Self {
        self.0.label = text.into();
        self
    }

    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        self.0.help.push(text.into());
        self
    }

    /// What to write in the place of the whole text.
    pub(super) fn write(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.0.suggestion = Some((format!("write `{text}`"), text));
        self
    }
}

/// On one line, where there is no file to show it in.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { message, help, .. } = &*self.0;
        f.write_str(message)?;
        help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

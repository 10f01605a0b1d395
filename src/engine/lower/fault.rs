//! Faults within a word.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic, SourceId, Span};
use crate::syntax::ast::Word;

/// A word after the expansion of its constants.
#[derive(Clone, Debug)]
pub(super) struct Expanded<'t> {
    pub(super) text: Cow<'t, str>,
    word: Word,
    source: SourceId,
    /// True if the word has no constants: then positions in it are positions in the file.
    is_exact: bool,
}

/// A fault of a text, with its position in the text.
#[derive(Clone, Debug)]
pub(super) struct Fault(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    code: Code,
    message: String,
    range: Option<Range<usize>>,
    label: String,
    help: Vec<String>,
    /// The effect of an edit, and the text that replaces the whole word.
    suggestion: Option<(String, String)>,
}

impl<'t> Expanded<'t> {
    /// Returns a word without constants.
    pub(super) fn exact(text: &'t str, word: Word, source: SourceId) -> Self {
        Self {
            text: Cow::Borrowed(text),
            word,
            source,
            is_exact: true,
        }
    }

    /// Returns a word with expanded constants.
    pub(super) fn with_constants(text: String, word: Word, source: SourceId) -> Self {
        Self {
            text: Cow::Owned(text),
            word,
            source,
            is_exact: false,
        }
    }

    /// Returns the place of the word.
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

    /// Returns the finding of a fault in this word.
    pub(super) fn finding(&self, fault: Fault) -> Diagnostic {
        let fault = *fault.0;
        let span = fault
            .range
            .as_ref()
            .map_or_else(|| self.span(), |range| self.place(range));
        let mut finding = Diagnostic::error(fault.code, fault.message, span).label(fault.label);
        if !self.is_exact {
            finding = finding.note(format!("after its constants are expanded, it is `{}`", self.text));
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

    /// Sets the position of the fault.
    pub(super) fn at(mut self, range: Range<usize>) -> Self {
        self.0.range = Some(range);
        self
    }

    /// Sets the position of the fault to a part of the text.
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

    /// Suggests a text that replaces the whole word.
    pub(super) fn write(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.0.suggestion = Some((format!("write `{text}`"), text));
        self
    }
}

/// Writes the fault on one line, for texts that are not in a file.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { message, help, .. } = &*self.0;
        f.write_str(message)?;
        help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

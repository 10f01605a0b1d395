//! The state of a lowering, and its result.

use std::collections::HashMap;

use super::constants::{Constants, Use};
use super::fault::Expanded;
use super::input::Limits;
use crate::diagnostic::{Diagnostic, Findings, SourceId, SourceMap, Span};
use crate::rules::RuleId;
use crate::rules::condition::Condition;
use crate::rules::id::FileId;
use crate::rules::rule::{FileScope, Rule};
use crate::suite::Test;
use crate::syntax::ast::Word;

/// The content of the statements of all files.
#[derive(Debug, Default)]
pub(crate) struct Lowered {
    pub(crate) rules: Vec<Rule>,
    pub(crate) files: Vec<FileScope>,
    /// Prefixes of `home`.
    pub(crate) home: Vec<Box<str>>,
    pub(crate) tests: Vec<Test>,
    pub(crate) constants: Constants,
    pub(crate) findings: Findings,
    /// `true` if statements are missing because they could not be parsed.
    pub(crate) is_broken: bool,
}

/// The state while the statements are lowered.
pub(super) struct Lowering<'s> {
    pub(super) sources: &'s SourceMap,
    pub(super) limits: Limits,
    pub(super) has_map: bool,
    pub(super) constants: Constants,
    /// Rules by their names; `None` for those that have an error.
    pub(super) names: HashMap<String, Option<RuleId>>,
    /// `true` if the limit of rules is reached. The lowering then stops.
    pub(super) is_full: bool,
    pub(super) offs: Vec<Off>,
    pub(super) lowered: Lowered,
    /// Number of rules whose texts already share memory.
    pub(super) shared: usize,
    // State of the current file.
    pub(super) file: FileId,
    pub(super) source: SourceId,
    pub(super) text: &'s str,
    pub(super) label: &'s str,
}

/// An `off NAME` statement.
pub(super) struct Off {
    pub(super) name: String,
    pub(super) because: Option<String>,
    pub(super) span: Span,
    /// The only file whose rules it can name; `None` if it can name those of every file.
    pub(super) confined_to: Option<FileId>,
}

impl<'s> Lowering<'s> {
    pub(super) fn report(&mut self, finding: Diagnostic) {
        self.lowered.findings.push(finding);
    }

    pub(super) fn expand(&mut self, word: Word, used: Use) -> Option<Expanded<'s>> {
        match self.constants.expand(word, self.source, self.text, used) {
            Ok(text) => Some(text),
            Err(finding) => {
                self.lowered.findings.extend(finding.map(|finding| *finding));
                None
            }
        }
    }

    pub(super) fn unquote(&mut self, word: Word, used: Use) -> Option<String> {
        match self.constants.unquote(word, self.source, self.text, used) {
            Ok(text) => Some(text),
            Err(finding) => {
                self.lowered.findings.extend(finding.map(|finding| *finding));
                None
            }
        }
    }

    pub(super) fn note_file(&mut self, when: Box<[Condition]>) {
        self.lowered.files.push(FileScope {
            label: self.label.into(),
            when,
        });
    }
}

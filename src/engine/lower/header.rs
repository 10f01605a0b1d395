//! The first statement of a file.

use super::lowering::Lowering;
use crate::diagnostic::{Code, Diagnostic, Span, similar};
use crate::syntax::ast::{Statement, StatementKind};
use crate::syntax::rules::{Header, first_word, is_rules_file};

/// Version of the language that this release reads.
const VERSION: &str = "v1";

impl Lowering<'_> {
    /// Checks the `rules` statement, and returns true if the file has a condition.
    pub(super) fn header(&mut self, statements: &[Statement]) -> bool {
        let first = statements.first();
        let Some(StatementKind::Rules { version, when }) = first.map(|statement| &statement.kind) else {
            // If the statement is present but has an error, that error is reported already.
            let is_header = |statement: &&Statement| matches!(statement.kind, StatementKind::Rules { .. });
            let word = first_word(self.text).of(self.text);
            let is_slip = is_rules_file(self.text).is_none()
                && !word.contains("::")
                && similar(word, ["rules"]).is_some();
            if !is_slip && is_rules_file(self.text) != Some(Header::Present) {
                self.missing_header(statements.iter().find(is_header));
            }
            self.note_file(Box::default());
            return false;
        };
        let (version, when) = (*version, when.as_deref());
        let written = version.of(self.text);
        if written != VERSION {
            let span = version.span(self.source);
            let finding = Diagnostic::error(
                Code::UNKNOWN_VERSION,
                format!("unknown version `{written}` of the language"),
                span,
            );
            let is_newer = written
                .strip_prefix('v')
                .and_then(|number| number.parse::<u32>().ok())
                .is_some_and(|number| number > 1);
            self.report(if is_newer {
                finding.help(format!(
                    "write the file in {VERSION}, the latest version that this release of imageswap reads, or use \
                     a later release"
                ))
            } else {
                finding.suggest(format!("write `{VERSION}`"), span, VERSION)
            });
        }
        let conditions = self.conditions(when.unwrap_or_default());
        self.note_file(conditions);
        when.is_some()
    }

    fn missing_header(&mut self, below: Option<&Statement>) {
        let word = first_word(self.text);
        let finding = Diagnostic::error(
            Code::MISSING_HEADER,
            "a rules file begins with `rules v1`",
            word.span(self.source),
        )
        .label("expected the header");
        if let Some(below) = below {
            self.report(
                finding
                    .also(below.word.span(self.source), "it is here")
                    .help("move it to the top"),
            );
            return;
        }
        if is_rules_file(self.text).is_none() && word.of(self.text).contains("::") {
            self.report(finding.help(
                "write `rules v1` first; if the file is a map, name it `maps`, or end its name in `.conf`",
            ));
            return;
        }
        // The start of the line, because an indent is reported separately.
        let before = self.text.get(..word.start as usize).unwrap_or_default();
        let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
        let start = word.start - u32::try_from(indent).unwrap_or_default();
        let start = Span {
            start,
            end: start,
            source: self.source,
        };
        self.report(finding.suggest("write it before everything else", start, "rules v1\n"));
    }
}

//! The findings of a load, as lines of the log.

use std::borrow::Cow;
use std::fmt;

use imageswap_engine::diagnostic::{Diagnostic, Findings, Help, Severity, SourceMap};

use crate::findings::{grouped, render};

/// Findings that one load logs. A map with another separator has one for each line.
const MAX_FINDINGS: usize = 20;

/// Logs the findings of a load.
pub(crate) fn findings(findings: &Findings, sources: &SourceMap) {
    for finding in findings.iter().take(MAX_FINDINGS) {
        let text = finding.short(sources, help_text);
        let code = finding.code.as_str();
        let snippet = Snippet { finding, sources };
        match finding.severity {
            Severity::Error => tracing::error!(code, ?snippet, "{text}"),
            Severity::Warning => tracing::warn!(code, ?snippet, "{text}"),
            Severity::Notice => tracing::info!(code, ?snippet, "{text}"),
        }
    }
    let more = findings.len().saturating_sub(MAX_FINDINGS) + findings.omitted();
    if more > 0 {
        tracing::warn!("{} more findings like these", grouped(more));
    }
}

/// A finding with its lines of the rules, for people. It is rendered only if the format of the log shows it.
struct Snippet<'f> {
    finding: &'f Diagnostic,
    sources: &'f SourceMap,
}

impl fmt::Debug for Snippet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(self.finding, self.sources, false))
    }
}

/// Returns the text of a help; `None` if it names a command, which you cannot run in a Pod.
pub(crate) fn help_text(help: &Help) -> Option<Cow<'_, str>> {
    match help {
        Help::Text(text) => Some(Cow::Borrowed(text)),
        Help::MoreRules => Some(Cow::Borrowed("`--max-rules` allows more")),
        Help::Explain { .. } => None,
    }
}

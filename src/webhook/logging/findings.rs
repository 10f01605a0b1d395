//! The findings of a load, as lines of the log.

use std::borrow::Cow;

use imageswap_engine::diagnostic::{Findings, Help, Severity, SourceMap};

use crate::findings::grouped;

/// Findings that one load logs. A map with another separator has one for each line.
const MAX_FINDINGS: usize = 20;

/// Logs the findings of a load.
pub(crate) fn findings(findings: &Findings, sources: &SourceMap) {
    for finding in findings.iter().take(MAX_FINDINGS) {
        let text = finding.short(sources, help_text);
        match finding.severity {
            Severity::Error => tracing::error!(code = finding.code.as_str(), "{text}"),
            Severity::Warning => tracing::warn!(code = finding.code.as_str(), "{text}"),
            Severity::Notice => tracing::info!(code = finding.code.as_str(), "{text}"),
        }
    }
    let more = findings.len().saturating_sub(MAX_FINDINGS) + findings.omitted();
    if more > 0 {
        tracing::warn!("{} more findings like these", grouped(more));
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

//! The result of a validation, as its caller reads it in a terminal.

use std::collections::BTreeSet;

use imageswap_engine::diagnostic::{Diagnostic, Severity, SourceMap, visible};

use crate::config::Loaded;
use crate::findings::{counted, help_text, render};
use crate::webhook::reload::HOW_TO_WANT_NO_RULES;

/// Maximum number of errors in a message: more than that nobody reads in a terminal.
const MAX_ERRORS: usize = 10;
/// Maximum length of a message, in bytes.
const MAX_MESSAGE: usize = 8 << 10;
/// Maximum number of warnings.
const MAX_WARNINGS: usize = 10;
/// Maximum length of a warning, in characters. The API server cuts longer ones if there are many.
const MAX_WARNING: usize = 256;

/// Start of a warning, since a caller sees only its text.
const PREFIX: &str = "imageswap: ";

/// The result of the validation of a ConfigMap.
#[derive(Debug)]
pub(super) enum Validation {
    /// The set loads.
    Allowed { warnings: Vec<String> },
    /// The set does not load, or has no rules although it had some.
    Denied { message: String, first_error: String },
}

impl Validation {
    /// Returns the result for a set. `names` are the files of the ConfigMap, and `has_others` is true if the set has
    /// others.
    pub(super) fn new(loaded: &Loaded, names: &BTreeSet<String>, has_others: bool) -> Self {
        if !loaded.loads() {
            return rejected(loaded, has_others);
        }
        let is_of_the_map = |finding: &&Diagnostic| {
            finding.severity == Severity::Warning && is_about(finding, names, &loaded.sources)
        };
        let findings = loaded.findings.iter().filter(is_of_the_map);
        let empty = loaded.is_empty.then(|| "the ConfigMap has no rules".to_owned());
        let mut warnings: Vec<String> = loaded
            .notices
            .iter()
            .cloned()
            .chain(empty)
            .chain(findings.map(|finding| short(finding, &loaded.sources)))
            .map(|text| clipped(&format!("{PREFIX}{text}")))
            .collect();
        let more =
            warnings.len().saturating_sub(MAX_WARNINGS) + loaded.findings.omitted_of(Severity::Warning);
        if more > 0 {
            warnings.truncate(MAX_WARNINGS);
            let more = counted(more, "more warning");
            warnings.push(format!("{PREFIX}{more}; run `imageswap check` to see all"));
        }
        Self::Allowed { warnings }
    }

    /// Returns the result for an empty set that replaces one with rules. The warnings of `self` are why it is empty.
    pub(super) fn without_rules(self) -> Self {
        let error = format!("the ConfigMap leaves no rules, and now there are some; {HOW_TO_WANT_NO_RULES}");
        let reasons = match &self {
            Self::Allowed { warnings } => warnings.as_slice(),
            Self::Denied { .. } => &[],
        };
        let message = reasons.iter().fold(error.clone(), |message, reason| {
            let reason = reason.strip_prefix(PREFIX).unwrap_or(reason);
            format!("{message}\n{reason}")
        });
        Self::Denied {
            message,
            first_error: error,
        }
    }

    /// Returns the result for a ConfigMap that is longer than the API server allows.
    pub(super) fn too_long(limit: usize) -> Self {
        let message = format!("the values of the ConfigMap are longer than {} MiB", limit >> 20);
        Self::Denied {
            first_error: message.clone(),
            message,
        }
    }
}

fn rejected(loaded: &Loaded, has_others: bool) -> Validation {
    let is_error = |finding: &&Diagnostic| finding.severity == Severity::Error;
    let errors: Vec<&Diagnostic> = loaded.findings.iter().filter(is_error).collect();
    let with = if has_others {
        " with the other files of the set"
    } else {
        ""
    };
    let count = loaded.findings.count(Severity::Error);
    let mut message = format!(
        "the rules of the ConfigMap do not load{with}: {}",
        counted(count, "error")
    );
    let mut shown = 0;
    for error in errors.iter().take(MAX_ERRORS) {
        let text = render(error, &loaded.sources, false);
        if shown > 0 && message.len() + text.len() > MAX_MESSAGE {
            break;
        }
        message.push_str("\n\n");
        message.push_str(&text);
        shown += 1;
    }
    if message.len() > MAX_MESSAGE {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        message.push_str("...");
    }
    if count > shown {
        let more = counted(count - shown, "more error");
        message.push_str(&format!("\n\nand {more}; run `imageswap check` to see all"));
    }
    let first_error = errors
        .first()
        .map(|error| error.short(&loaded.sources, |help| Some(help_text(help))));
    Validation::Denied {
        message,
        first_error: first_error.unwrap_or_default(),
    }
}

/// Returns true if a finding has a place in one of these files.
fn is_about(finding: &Diagnostic, names: &BTreeSet<String>, sources: &SourceMap) -> bool {
    finding.labels.iter().any(|label| {
        let source = sources.get(sources.resolve(label.span).source);
        source.is_some_and(|source| names.contains(source.name()))
    })
}

/// Returns a finding on one line, with its help if there is room for it.
fn short(finding: &Diagnostic, sources: &SourceMap) -> String {
    let whole = finding.short(sources, |help| Some(help_text(help)));
    if whole.chars().count() < MAX_WARNING - PREFIX.len() {
        return whole;
    }
    finding.short(sources, |_| None)
}

/// Returns a text on one line of bounded length, since a warning is a field of an HTTP header.
fn clipped(text: &str) -> String {
    let text = visible(text);
    match text.char_indices().nth(MAX_WARNING - "...".len()) {
        Some((end, _)) if text.chars().count() > MAX_WARNING => format!("{}...", &text[..end]),
        _ => text.into_owned(),
    }
}

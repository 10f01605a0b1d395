//! The objects of a log, with the names of the standard.

use imageswap_engine::diagnostic::{Code, Severity, Source, Span};
use serde::Serialize;

use super::page::CodeEntry;
use super::uri;

/// Maximum length of a snippet, in bytes. A viewer has the file, so longer ones would only enlarge the log.
const MAX_SNIPPET: usize = 1000;
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Debug, Serialize)]
pub(super) struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    original_uri_base_ids: BaseIds,
    artifacts: Vec<Artifact>,
    results: Vec<SarifResult>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

/// Kind of a finding. SARIF calls a code a rule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: SarifText,
    full_description: SarifText,
    help_uri: String,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Debug, Serialize)]
struct Help {
    text: String,
    markdown: &'static str,
}

#[derive(Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub(super) execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_execution_notifications: Vec<Notification>,
}

#[derive(Debug, Serialize)]
pub(super) struct Notification {
    pub(super) level: &'static str,
    pub(super) message: SarifText,
}

#[derive(Debug, Serialize)]
struct BaseIds {
    #[serde(rename = "%SRCROOT%")]
    root: BaseId,
}

#[derive(Debug, Serialize)]
struct BaseId {
    description: SarifText,
}

#[derive(Debug, Serialize)]
pub(super) struct Artifact {
    pub(super) location: ArtifactLocation,
    roles: [&'static str; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    pub(super) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri_base_id: Option<&'static str>,
    /// Index among the artifacts.
    pub(super) index: usize,
}

/// Finding.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult {
    pub(super) rule_id: &'static str,
    pub(super) rule_index: usize,
    pub(super) level: &'static str,
    pub(super) message: SarifText,
    pub(super) locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partial_fingerprints: Option<Fingerprints>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fixes: Vec<Fix>,
}

/// Message, snippet or content of a file.
#[derive(Debug, Serialize)]
pub(super) struct SarifText {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<usize>,
    pub(super) physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<SarifText>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub(super) artifact_location: ArtifactLocation,
    pub(super) region: Region,
}

/// Lines and columns from 1; the end is after the last character.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<SarifText>,
}

#[derive(Debug, Serialize)]
pub(super) struct Fingerprints {
    #[serde(rename = "lineHash/v1")]
    pub(super) line_hash: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fix {
    pub(super) description: SarifText,
    pub(super) artifact_changes: [ArtifactChange; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactChange {
    pub(super) artifact_location: ArtifactLocation,
    pub(super) replacements: [Replacement; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Replacement {
    pub(super) deleted_region: Region,
    pub(super) inserted_content: SarifText,
}

impl Log {
    pub(super) fn new(
        codes: &[Code],
        invocation: Invocation,
        artifacts: Vec<Artifact>,
        results: Vec<SarifResult>,
    ) -> Self {
        let run = Run {
            tool: Tool {
                driver: Driver {
                    name: "imageswap",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: codes.iter().copied().map(Rule::new).collect(),
                },
            },
            invocations: [invocation],
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: BaseIds {
                root: BaseId {
                    description: SarifText::new("the directory that imageswap ran in"),
                },
            },
            artifacts,
            results,
        };
        Self {
            schema: SCHEMA,
            version: "2.1.0",
            runs: [run],
        }
    }
}

impl Rule {
    fn new(code: Code) -> Self {
        let entry = CodeEntry::new(code);
        let uri = entry.uri();
        Self {
            id: code.as_str(),
            short_description: SarifText::new(code.summary()),
            full_description: SarifText::new(entry.first_paragraph()),
            help: Help {
                text: format!("{}\n\n{uri}", entry.first_paragraph()),
                markdown: entry.text,
            },
            help_uri: uri,
            default_configuration: Configuration {
                level: level(code.severity()),
            },
        }
    }
}

impl SarifText {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Returns a message. Braces are doubled, because `{0}` is a placeholder even if the message has no arguments
    /// (3.11.5). Descriptions of rules, snippets and contents are not messages in this sense.
    pub(super) fn message(text: impl AsRef<str>) -> Self {
        Self::new(text.as_ref().replace('{', "{{").replace('}', "}}"))
    }
}

impl Artifact {
    pub(super) fn new(location: ArtifactLocation) -> Self {
        let role = if location.uri == uri::STDIN {
            "standardStream"
        } else {
            "analysisTarget"
        };
        Self {
            location,
            roles: [role],
        }
    }
}

impl Region {
    pub(super) fn plain(source: &Source, span: Span) -> Self {
        let (start, end) = (source.position(span.start), source.position(span.end));
        Self {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
            snippet: None,
        }
    }

    pub(super) fn with_snippet(source: &Source, span: Span) -> Self {
        let text = source.text().get(span.range()).unwrap_or_default();
        let is_shown = !text.is_empty() && text.len() <= MAX_SNIPPET;
        Self {
            snippet: is_shown.then(|| SarifText::new(text)),
            ..Self::plain(source, span)
        }
    }
}

/// Returns the level that SARIF has for a severity.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "note",
    }
}

//! The run of a log: results, their files, and their codes.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;

use imageswap_engine::diagnostic::{self, Code, Diagnostic, Severity, Source, SourceMap, Span, visible};
use sha2::{Digest as _, Sha256};

use super::object::{
    Artifact, ArtifactChange, ArtifactLocation, Fingerprints, Fix, Invocation, Location, Log, Notification,
    PhysicalLocation, Region, Replacement, SarifResult, SarifText, level,
};
use super::uri;
use crate::findings::{applicable, help_text};

/// Maximum part of a line that goes into its fingerprint, in bytes.
const MAX_LINE: usize = 4096;

/// Results of a run.
#[derive(Debug)]
pub(crate) struct Sarif {
    directory: PathBuf,
    artifacts: Vec<Artifact>,
    codes: Vec<Code>,
    results: Vec<SarifResult>,
    failures: Vec<Notification>,
    /// Number of findings of one kind for each line.
    lines: HashMap<String, usize>,
}

impl Sarif {
    /// Returns a run without results, for files below the working directory.
    pub(crate) fn new() -> Self {
        Self {
            // Without a working directory, names stay as they are given.
            directory: std::env::current_dir().unwrap_or_default(),
            artifacts: Vec::new(),
            codes: Vec::new(),
            results: Vec::new(),
            failures: Vec::new(),
            lines: HashMap::new(),
        }
    }

    /// Adds findings.
    pub(crate) fn add(&mut self, findings: &[Diagnostic], sources: &SourceMap) {
        for finding in findings {
            let result = self.result(finding, sources);
            self.results.push(result);
        }
    }

    /// Records the reason why the run could not do its work.
    pub(crate) fn fail(&mut self, reason: String) {
        self.failures.push(Notification {
            level: level(Severity::Error),
            message: SarifText::message(reason),
        });
    }

    /// Writes the log.
    ///
    /// # Errors
    ///
    /// Returns an error if the stream does not take the log.
    pub(crate) fn write(self, mut stream: impl Write) -> io::Result<()> {
        let log = Log::new(
            &self.codes,
            Invocation {
                execution_successful: self.failures.is_empty(),
                tool_execution_notifications: self.failures,
            },
            self.artifacts,
            self.results,
        );
        serde_json::to_writer_pretty(&mut stream, &log)?;
        writeln!(stream)
    }

    fn result(&mut self, finding: &Diagnostic, sources: &SourceMap) -> SarifResult {
        let mut text = visible(&finding.message).into_owned();
        let mut add = |kind: &str, line: &str| text.push_str(&format!("\n{kind}: {}", visible(line)));
        finding.notes.iter().for_each(|note| add("note", note));
        finding.help.iter().for_each(|help| add("help", &help_text(help)));
        let mut fixes = Vec::new();
        if let Some(suggestion) = &finding.suggestion {
            add("help", &suggestion.message);
            let at = applicable(suggestion, sources).and_then(|span| Some((span, sources.get(span.source)?)));
            fixes.extend(at.map(|(span, source)| Fix {
                description: SarifText::message(visible(&suggestion.message)),
                artifact_changes: [ArtifactChange {
                    artifact_location: self.artifact(source.name()),
                    replacements: [Replacement {
                        deleted_region: Region::plain(source, span),
                        inserted_content: SarifText::new(suggestion.replacement.as_str()),
                    }],
                }],
            }));
        }
        let mut labels = finding.labels.iter();
        let primary = labels
            .next()
            .and_then(|label| self.location(label, None, sources));
        let related = labels.zip(1..);
        let related = related
            .filter_map(|(label, id)| self.location(label, Some(id), sources))
            .collect();
        SarifResult {
            rule_id: finding.code.as_str(),
            rule_index: self.code(finding.code),
            level: level(finding.severity),
            message: SarifText::message(text),
            partial_fingerprints: primary.is_some().then(|| self.fingerprint(finding, sources)),
            locations: primary.into_iter().collect(),
            related_locations: related,
            fixes,
        }
    }

    /// Returns the location of a label; `None` if its text is unknown.
    fn location(
        &mut self,
        label: &diagnostic::Label,
        id: Option<usize>,
        sources: &SourceMap,
    ) -> Option<Location> {
        let span = sources.resolve(label.span);
        let source = sources.get(span.source)?;
        Some(Location {
            id,
            physical_location: PhysicalLocation {
                artifact_location: self.artifact(source.name()),
                region: Region::with_snippet(source, span),
            },
            message: (!label.text.is_empty()).then(|| SarifText::message(visible(&label.text))),
        })
    }

    fn artifact(&mut self, name: &str) -> ArtifactLocation {
        let (uri, uri_base_id) = uri::from_file(name, &self.directory);
        let is_it = |artifact: &Artifact| artifact.location.uri == uri;
        let index = self.artifacts.iter().position(is_it);
        let location = ArtifactLocation {
            uri,
            uri_base_id,
            index: index.unwrap_or(self.artifacts.len()),
        };
        if index.is_none() {
            self.artifacts.push(Artifact::new(location.clone()));
        }
        location
    }

    fn code(&mut self, code: Code) -> usize {
        let index = self.codes.iter().position(|known| *known == code);
        index.unwrap_or_else(|| {
            self.codes.push(code);
            self.codes.len() - 1
        })
    }

    /// Returns a fingerprint that is stable if a line moves: a hash of the kind, the file and the line's text. A
    /// number tells findings in equal lines apart.
    fn fingerprint(&mut self, finding: &Diagnostic, sources: &SourceMap) -> Fingerprints {
        let span = sources.resolve(finding.span().unwrap_or_default());
        let source = sources.get(span.source);
        let name = source.map_or("", Source::name);
        let (file, _) = uri::from_file(name, &self.directory);
        let mut hasher = Sha256::new();
        let line = source.map_or("", |source| first_line(source, span));
        for word in [finding.code.as_str(), &file]
            .into_iter()
            .chain(line.split_whitespace())
        {
            hasher.update(word);
            hasher.update([0]);
        }
        let digest = hasher.finalize();
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let count = self.lines.entry(hash.clone()).or_default();
        *count += 1;
        Fingerprints {
            line_hash: format!("{hash}:{count}"),
        }
    }
}

/// Returns the line in which a span begins.
fn first_line(source: &Source, span: Span) -> &str {
    let text = source.text();
    let line = source
        .line(source.position(span.start).line)
        .map_or("", |line| &text[line]);
    &line[..line.floor_char_boundary(MAX_LINE)]
}

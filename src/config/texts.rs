//! Texts of a set as sources of findings, and their parsing.

use std::thread;

use imageswap_engine::compile::RulesFile;
use imageswap_engine::diagnostic::{Diagnostic, Findings, Help, SourceId, SourceMap, Span};
use imageswap_engine::syntax::ast::File;
use imageswap_engine::syntax::rules::parse;

use super::set::{Entries, Entry};

/// Texts of a set, each with its source.
pub(super) struct Texts {
    pub(super) sources: SourceMap,
    /// Rules files, each with the label that its rules are named by.
    files: Vec<(SourceId, String)>,
    pub(super) map: Option<SourceId>,
    /// Errors about whole texts.
    pub(super) findings: Findings,
    pub(super) notices: Vec<String>,
}

impl Texts {
    pub(super) fn new(entries: Entries) -> Self {
        let Entries {
            entries,
            yaml,
            notices,
        } = entries;
        let mut texts = Self {
            sources: SourceMap::default(),
            files: Vec::new(),
            map: None,
            findings: Findings::default(),
            notices,
        };
        let yaml: Vec<SourceId> = yaml
            .into_iter()
            .map(|(name, text)| texts.sources.add(name, text))
            .collect();
        for entry in entries {
            texts.add(entry, &yaml);
        }
        texts
    }

    fn add(&mut self, entry: Entry, yaml: &[SourceId]) {
        if let Some((fault, (code, line))) = entry
            .fault
            .as_ref()
            .and_then(|fault| Some((fault, fault.fault_of_text()?)))
        {
            // The text itself cannot be shown. Empty lines replace it, so that the finding has the right line
            // number.
            let source = self.sources.add(entry.name, "\n".repeat(line - 1));
            let end = u32::try_from(line - 1).unwrap_or_default();
            let span = Span {
                source,
                start: end,
                end,
            };
            let mut finding = Diagnostic::error(code, fault.message(), span);
            finding.help.extend(fault.help().map(Help::from));
            self.findings.push(finding);
            return;
        }
        let value = entry.value.as_ref();
        let parent = value.and_then(|(place, value)| Some((value, *yaml.get(*place)?)));
        let source = match parent {
            Some((value, parent)) => value.add_to(&mut self.sources, parent),
            None => self.sources.add(entry.name, entry.text),
        };
        if entry.is_map {
            self.map = Some(source);
        } else {
            self.files.push((source, entry.label));
        }
    }

    /// Parses the rules files.
    pub(super) fn parse(&self, threads: usize) -> (Vec<RulesFile>, Vec<Diagnostic>) {
        let mut findings = Vec::new();
        let parsed = parse_all(&self.sources, &self.files, threads)
            .into_iter()
            .zip(&self.files)
            .map(|((file, found), (_, label))| {
                findings.extend(found);
                RulesFile {
                    label: label.clone(),
                    file,
                }
            })
            .collect();
        (parsed, findings)
    }
}

type Parsed = (File, Vec<Diagnostic>);

/// Parses files on several threads.
fn parse_all(sources: &SourceMap, files: &[(SourceId, String)], threads: usize) -> Vec<Parsed> {
    let parse = |(source, _): &(SourceId, String)| {
        parse(*source, sources.get(*source).map_or("", |source| source.text()))
    };
    // Even a single file gets its own thread: memory that the parser frees then leaves no holes between the rules.
    let share = files.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let shares: Vec<_> = files
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(parse).collect::<Vec<Parsed>>()))
            .collect();
        shares
            .into_iter()
            .flat_map(|share| {
                share
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

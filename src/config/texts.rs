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
    /// The texts in their order, without those that have an error as a whole.
    pub(super) files: Vec<TextFile>,
    pub(super) map: Option<SourceId>,
    /// Errors about whole texts.
    pub(super) findings: Findings,
    pub(super) notices: Vec<String>,
}

/// A text of a set.
#[derive(Clone, Debug)]
pub(crate) struct TextFile {
    pub(super) source: SourceId,
    /// Label that its rules are named by.
    pub(super) label: String,
    pub(super) is_map: bool,
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
        }
        self.files.push(TextFile {
            source,
            label: entry.label,
            is_map: entry.is_map,
        });
    }

    /// Parses the rules files.
    pub(super) fn parse(&self, threads: usize) -> (Vec<RulesFile>, Findings) {
        let files: Vec<&TextFile> = self.files.iter().filter(|file| !file.is_map).collect();
        let (parsed, findings) = parse_all(&self.sources, &files, threads);
        let with_label = |(file, TextFile { label, .. }): (File, &TextFile)| RulesFile {
            label: label.clone(),
            file,
        };
        (parsed.into_iter().zip(files).map(with_label).collect(), findings)
    }
}

/// Parses files on several threads.
fn parse_all(sources: &SourceMap, files: &[&TextFile], threads: usize) -> (Vec<File>, Findings) {
    let parse_share = |share: &[&TextFile]| {
        // One list for the whole share, since a list for each of 10,000 files could be large.
        let mut findings = Findings::default();
        let parse = |file: &&TextFile| {
            let source = sources.get(file.source);
            let (file, found) = parse(file.source, source.map_or("", |source| source.text()));
            findings.append(found);
            file
        };
        (share.iter().map(parse).collect::<Vec<File>>(), findings)
    };
    // Even a single file gets its own thread: memory that the parser frees then leaves no holes between the rules.
    let share = files.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let shares: Vec<_> = files
            .chunks(share)
            .map(|share| scope.spawn(move || parse_share(share)))
            .collect();
        let (mut parsed, mut findings) = (Vec::with_capacity(files.len()), Findings::default());
        for share in shares {
            let (files, found) = share
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            parsed.extend(files);
            findings.append(found);
        }
        (parsed, findings)
    })
}

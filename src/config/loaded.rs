//! From texts to a set of rules, with all that there is to say of it.

use std::num::NonZero;
use std::thread;

use imageswap_engine::compile::{self, Compilation, Constants, RulesFile, compile};
use imageswap_engine::diagnostic::{Diagnostic, Severity, SourceId, SourceMap, Span};
use imageswap_engine::legacy::Map;
use imageswap_engine::rules::RuleSet;
use imageswap_engine::suite::Test;
use imageswap_engine::syntax::ast::File;
use imageswap_engine::syntax::rules::parse;

use super::set::{Entries, Entry, Limits};

/// A set of rules, and what there is to say of its texts.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The rules; none where a statement has an error, or a text can't be had.
    pub(crate) set: Option<RuleSet>,
    /// Its tests.
    pub(crate) tests: Vec<Test>,
    /// Its constants.
    pub(crate) constants: Constants,
    /// All findings, in the order of the texts.
    pub(crate) findings: Vec<Diagnostic>,
    /// What the findings point into.
    pub(crate) sources: SourceMap,
    /// The map of the old format among them.
    pub(crate) map: Option<SourceId>,
    /// What is worth knowing of how the texts were found.
    pub(crate) notices: Vec<String>,
}

impl Loaded {
    /// A set that has no text.
    pub(super) fn plain(set: RuleSet) -> Self {
        Self {
            set: Some(set),
            tests: Vec::new(),
            constants: Constants::default(),
            findings: Vec::new(),
            sources: SourceMap::default(),
            map: None,
            notices: Vec::new(),
        }
    }

    /// Adds findings, in the order of the texts.
    pub(crate) fn add_findings(&mut self, findings: impl IntoIterator<Item = Diagnostic>) {
        self.findings.extend(findings);
        self.findings
            .sort_by_key(|finding| (finding.span(), finding.severity != Severity::Error));
    }

    /// Whether the set loads: no statement, no test and no proof fails.
    pub(crate) fn loads(&self) -> bool {
        self.set.is_some()
            && self
                .findings
                .iter()
                .all(|finding| finding.severity != Severity::Error)
    }

    /// The rules, if the set loads.
    pub(crate) fn take_set(&mut self) -> Option<RuleSet> {
        if self.loads() { self.set.take() } else { None }
    }
}

/// How many processors loading may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processors {
    /// All that there are.
    All,
    /// All but one, which is left to those who are served meanwhile.
    AllButOne,
}

impl Processors {
    fn count(self) -> usize {
        let all = thread::available_parallelism().map_or(1, NonZero::get);
        match self {
            Self::All => all,
            Self::AllButOne => all.saturating_sub(1).max(1),
        }
    }
}

/// The texts of a set, each with its place among the sources.
struct Texts {
    sources: SourceMap,
    /// Those of rules, and what their rules are called by.
    files: Vec<(SourceId, String)>,
    map: Option<SourceId>,
    /// What is wrong with whole texts.
    findings: Vec<Diagnostic>,
    notices: Vec<String>,
}

/// Reads the statements of texts, and nothing of what they mean together.
pub(super) fn parse_alone(entries: Entries) -> (SourceMap, Vec<RulesFile>) {
    let texts = Texts::of(entries);
    let (parsed, _) = texts.parse(1);
    (texts.sources, parsed)
}

/// Loads a set: parses its files side by side, compiles them as one, and judges the whole.
pub(super) fn load(entries: Entries, limits: Limits, processors: Processors) -> Loaded {
    let threads = processors.count();
    let texts = Texts::of(entries);
    let (parsed, found) = texts.parse(threads);
    let Texts {
        sources,
        map: map_source,
        mut findings,
        notices,
        ..
    } = texts;
    let lacks_text = !findings.is_empty();
    let map = map_source.map(|source| {
        let (map, found) = Map::compile(&sources, source);
        findings.extend(found);
        map
    });
    findings.extend(found);
    let limits = compile::Limits { rules: limits.rules };
    let Compilation {
        set,
        tests,
        constants,
        findings: found,
    } = compile(&sources, &parsed, map, limits);
    drop(parsed);
    findings.extend(found);
    let set = set.filter(|_| !lacks_text);
    if let Some(set) = &set {
        // Where statements are missing since they have an error, the rest would be misjudged.
        if findings.iter().all(|finding| finding.severity != Severity::Error) {
            findings.extend(judge(set, &tests, threads));
        }
    }
    findings.sort_by_key(|finding| (finding.span(), finding.severity != Severity::Error));
    Loaded {
        set,
        tests,
        constants,
        findings,
        sources,
        map: map_source,
        notices,
    }
}

impl Texts {
    fn of(entries: Entries) -> Self {
        let Entries {
            entries,
            yaml,
            notices,
        } = entries;
        let mut texts = Self {
            sources: SourceMap::default(),
            files: Vec::new(),
            map: None,
            findings: Vec::new(),
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
            // The text itself can't be shown: what stands for it has as many lines.
            let source = self.sources.add(entry.name, "\n".repeat(line - 1));
            let end = u32::try_from(line - 1).unwrap_or_default();
            let span = Span {
                source,
                start: end,
                end,
            };
            let mut finding = Diagnostic::error(code, fault.message(), span);
            finding.help.extend(fault.help());
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

    /// Parses the files of rules.
    fn parse(&self, threads: usize) -> (Vec<RulesFile>, Vec<Diagnostic>) {
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

/// Proof, tests and lints of a set, side by side where there are processors for it.
fn judge(set: &RuleSet, tests: &[Test], threads: usize) -> Vec<Diagnostic> {
    let prove_and_test = || {
        let mut found = set.prove();
        found.extend(set.test_findings(tests));
        found
    };
    if threads == 1 {
        let mut found = prove_and_test();
        found.extend(set.lint());
        return found;
    }
    thread::scope(|scope| {
        let tested = scope.spawn(prove_and_test);
        let mut found = set.lint();
        found.extend(
            tested
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        );
        found
    })
}

type Parsed = (File, Vec<Diagnostic>);

/// Parses files on several threads.
fn parse_all(sources: &SourceMap, files: &[(SourceId, String)], threads: usize) -> Vec<Parsed> {
    let parse = |(source, _): &(SourceId, String)| {
        parse(*source, sources.get(*source).map_or("", |source| source.text()))
    };
    // A thread of its own even for one: what it allocates and frees leaves no holes among the rules.
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

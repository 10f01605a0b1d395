//! From texts to a set of rules, with all that there is to say of it.

use std::num::NonZero;
use std::thread;

use imageswap_engine::compile::{
    self, Check, Constants, Draft, Preview, Rejected, RuleSet, RulesFile, Verified, compile,
};
use imageswap_engine::diagnostic::{Code, Diagnostic, Findings, Severity, SourceId, SourceMap, Span};
use imageswap_engine::legacy::Map;
use imageswap_engine::suite::Test;
use imageswap_engine::syntax::ast::File;
use imageswap_engine::syntax::rules::parse;

use super::set::{Entries, Entry, Limits};

/// A set, verified or rejected, with the findings about its texts.
#[derive(Debug)]
pub(crate) struct Loaded {
    verdict: Verdict,
    /// All findings, in the order of the texts.
    pub(crate) findings: Findings,
    /// The texts that the findings point into.
    pub(crate) sources: SourceMap,
    /// The map of the old format among them.
    pub(crate) map: Option<SourceId>,
    /// Remarks about how the texts were found.
    pub(crate) notices: Vec<String>,
}

#[derive(Debug)]
enum Verdict {
    Verified {
        rules: RuleSet,
        tests: Vec<Test>,
        constants: Constants,
    },
    Rejected {
        draft: Draft,
        /// `true` if a whole text is missing, so that a preview would mislead.
        lacks_text: bool,
    },
}

impl Loaded {
    /// A set that has no text.
    pub(super) fn plain(rules: RuleSet) -> Self {
        Self {
            verdict: Verdict::Verified {
                rules,
                tests: Vec::new(),
                constants: Constants::default(),
            },
            findings: Findings::default(),
            sources: SourceMap::default(),
            map: None,
            notices: Vec::new(),
        }
    }

    /// Adds findings, in the order of the texts.
    pub(crate) fn add_findings(&mut self, findings: impl IntoIterator<Item = Diagnostic>) {
        self.findings.extend(findings);
        self.findings.sort();
    }

    /// Returns true if the set is verified.
    pub(crate) fn loads(&self) -> bool {
        matches!(self.verdict, Verdict::Verified { .. })
    }

    /// Returns true if failed tests are the only errors.
    pub(crate) fn only_tests_fail(&self) -> bool {
        let mut errors = self
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .peekable();
        errors.peek().is_some() && errors.all(|error| error.code == Code::TEST_FAILED)
    }

    /// Verifies a set of which only tests fail as if it had none.
    pub(crate) fn without_failed_tests(mut self, processors: Processors) -> Self {
        if self.only_tests_fail()
            && let Verdict::Rejected {
                draft,
                lacks_text: false,
            } = self.verdict
        {
            let run = run(processors.count());
            self.verdict = Verdict::new(draft.without_tests().verify(run)).0;
        }
        self
    }

    /// Returns the set if it is verified.
    pub(crate) fn rules(&self) -> Option<&RuleSet> {
        match &self.verdict {
            Verdict::Verified { rules, .. } => Some(rules),
            Verdict::Rejected { .. } => None,
        }
    }

    /// Returns the set for a look at what it would do; `None` if a statement has an error or a text is missing.
    pub(crate) fn preview(&self) -> Option<Preview<'_>> {
        match &self.verdict {
            Verdict::Verified { rules, .. } => Some(rules.preview()),
            Verdict::Rejected { lacks_text: true, .. } => None,
            Verdict::Rejected { draft, .. } => draft.preview(),
        }
    }

    /// Returns the tests of the set.
    pub(crate) fn tests(&self) -> &[Test] {
        match &self.verdict {
            Verdict::Verified { tests, .. } => tests,
            Verdict::Rejected { draft, .. } => draft.tests(),
        }
    }

    /// Returns the constants of the set.
    pub(crate) fn constants(&self) -> &Constants {
        match &self.verdict {
            Verdict::Verified { constants, .. } => constants,
            Verdict::Rejected { draft, .. } => draft.constants(),
        }
    }

    /// Separates the verified set from the findings and the texts that they point into. A rejected set is `None`.
    pub(crate) fn into_parts(self) -> (Option<RuleSet>, Findings, SourceMap) {
        let rules = match self.verdict {
            Verdict::Verified { rules, .. } => Some(rules),
            Verdict::Rejected { .. } => None,
        };
        (rules, self.findings, self.sources)
    }
}

impl Verdict {
    /// Separates the verdict from the findings of a verification.
    fn new(verified: Result<Verified, Rejected>) -> (Self, Findings) {
        match verified {
            Ok(Verified {
                rules,
                tests,
                constants,
                findings,
            }) => (
                Self::Verified {
                    rules,
                    tests,
                    constants,
                },
                findings,
            ),
            Err(Rejected { draft, findings }) => (
                Self::Rejected {
                    draft,
                    lacks_text: false,
                },
                findings,
            ),
        }
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
    /// Errors about whole texts.
    findings: Findings,
    notices: Vec<String>,
}

/// Reads the statements of texts, and nothing of what they mean together.
pub(super) fn parse_alone(entries: Entries) -> (SourceMap, Vec<RulesFile>) {
    let texts = Texts::new(entries);
    let (parsed, _) = texts.parse(1);
    (texts.sources, parsed)
}

/// Loads a set: parses its files side by side, compiles them as one, and judges the whole.
pub(super) fn verify(entries: Entries, limits: Limits, processors: Processors) -> Loaded {
    let threads = processors.count();
    let texts = Texts::new(entries);
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
    let limits = compile::Limits {
        rules: limits.rules,
        ..compile::Limits::default()
    };
    let draft = compile(&sources, &parsed, map, limits);
    drop(parsed);
    // If texts or statements are missing because they have an error, the checks would report what is not so.
    let (mut verdict, found) = if findings.has_errors() {
        Verdict::new(Err(draft.reject()))
    } else {
        Verdict::new(draft.verify(run(threads)))
    };
    if let Verdict::Rejected {
        lacks_text: lacks, ..
    } = &mut verdict
    {
        *lacks = lacks_text;
    }
    findings.extend(found);
    findings.sort();
    Loaded {
        verdict,
        findings,
        sources,
        map: map_source,
        notices,
    }
}

impl Texts {
    fn new(entries: Entries) -> Self {
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

/// Runs two checks of a set, side by side if there are processors for it.
fn run(threads: usize) -> impl FnOnce(Check<'_>, Check<'_>) -> (Findings, Findings) {
    move |one, other| {
        if threads == 1 {
            return (one(), other());
        }
        thread::scope(|scope| {
            let one = scope.spawn(one);
            let other = other();
            let one = one
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (one, other)
        })
    }
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

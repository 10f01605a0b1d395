//! From texts to a set of rules and its findings.

use std::sync::Arc;

use imageswap_engine::compile::{self, Constants, Draft, Preview, Rejected, RuleSet, Verified, compile};
use imageswap_engine::diagnostic::{Code, Findings, Severity, SourceId, SourceMap};
use imageswap_engine::legacy::{LegacyConfig, Map, Prefix};
use imageswap_engine::suite::Test;

use super::processors::Processors;
use super::set::{Entries, Limits};
use super::set_texts::SetTexts;
use super::texts::Texts;

/// A set, verified or rejected, with the findings about its texts.
#[derive(Debug)]
pub(crate) struct Loaded {
    verdict: Verdict,
    /// All findings, in the order of the texts.
    pub(crate) findings: Findings,
    /// The texts that the findings point into.
    pub(crate) sources: Arc<SourceMap>,
    /// The texts of the set itself.
    texts: SetTexts,
    /// True if no text says anything about images: no rules file is there, and no line of a map can match.
    pub(crate) is_empty: bool,
    /// The map of the old format among them.
    pub(crate) map: Option<SourceId>,
    /// Remarks about how the texts were found.
    pub(crate) notices: Vec<String>,
}

/// A verified set, its constants and its texts.
pub(crate) type VerifiedParts = (RuleSet, Constants, SetTexts);

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
    /// Returns the set of a prefix, which has no text.
    pub(super) fn of_prefix(prefix: Prefix) -> Self {
        let rules = LegacyConfig::Prefix(prefix.clone()).into();
        Self {
            verdict: Verdict::Verified {
                rules,
                tests: Vec::new(),
                constants: Constants::default(),
            },
            findings: Findings::default(),
            sources: Arc::default(),
            texts: SetTexts::Prefix(prefix),
            is_empty: false,
            map: None,
            notices: Vec::new(),
        }
    }

    /// Adds findings, in the order of the texts.
    pub(crate) fn add_findings(&mut self, findings: Findings) {
        self.findings.append(findings);
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
            let run = processors.run();
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

    /// Returns the set for a preview; `None` if a statement has an error or a text is missing.
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

    /// Separates the verified set, its constants and its texts from the findings. A rejected set is `None`.
    pub(crate) fn into_parts(self) -> (Option<VerifiedParts>, Findings, Arc<SourceMap>) {
        let rules = match self.verdict {
            Verdict::Verified { rules, constants, .. } => Some((rules, constants, self.texts)),
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

/// Parses the files of a set in parallel, compiles them, and verifies the set.
pub(super) fn verify(entries: Entries, limits: Limits, processors: Processors) -> Loaded {
    let texts = Texts::new(entries);
    let (parsed, found) = texts.parse(processors.count());
    let Texts {
        sources,
        files,
        map: map_source,
        mut findings,
        notices,
    } = texts;
    let lacks_text = !findings.is_empty();
    let map = map_source.map(|source| {
        let (map, found) = Map::compile(&sources, source);
        findings.append(found);
        map
    });
    findings.append(found);
    let is_empty = files.iter().all(|file| file.is_map) && map.as_ref().is_none_or(Map::is_empty);
    let limits = compile::Limits {
        rules: limits.rules,
        ..compile::Limits::default()
    };
    let draft = compile(&sources, &parsed, map, limits);
    drop(parsed);
    // If texts or statements are missing because of an error, the checks would report false findings.
    let (mut verdict, found) = if findings.has_errors() {
        Verdict::new(Err(draft.reject()))
    } else {
        Verdict::new(draft.verify(processors.run()))
    };
    if let Verdict::Rejected {
        lacks_text: lacks, ..
    } = &mut verdict
    {
        *lacks = lacks_text;
    }
    findings.append(found);
    findings.sort();
    let sources = Arc::new(sources);
    Loaded {
        verdict,
        findings,
        texts: SetTexts::Files(files, Arc::clone(&sources)),
        is_empty,
        sources,
        map: map_source,
        notices,
    }
}

//! The active rules.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Guard};
use imageswap_engine::compile::{Constants, RuleSet};
use imageswap_engine::diagnostic::{Findings, Severity, SourceMap};
use tokio::sync::Notify;

use crate::config::{Digest, Limits, Loaded, Processors, ReadError, RulesText, SetTexts};
use crate::findings::{counted, render};
use crate::webhook::metrics::{RuleCounts, RuleTotals};
use crate::webhook::{logging, os};

/// A set of rules that is or was active.
#[derive(Debug)]
pub(crate) struct LoadedRules {
    pub(crate) rules: RuleSet,
    pub(crate) digest: Digest,
    /// The printed form of the digest, which every answer has.
    pub(crate) digest_text: String,
    /// Counts of the images that its rules decided.
    pub(crate) counts: RuleCounts,
    pub(crate) totals: RuleTotals,
    /// The texts of the set.
    pub(crate) texts: SetTexts,
    /// Its constants, for images that people write with them.
    pub(crate) constants: Constants,
    /// Warnings and notices about its texts.
    pub(crate) findings: Findings,
    /// The reason why the set is empty: no text says anything about images. `None` if it is not.
    pub(crate) empty: Option<String>,
}

/// The active set. It is replaced atomically, so one set answers a whole request.
#[derive(Debug)]
pub(crate) struct SharedRules {
    current: ArcSwap<LoadedRules>,
    limits: Limits,
    /// True while the active set is the last good one of the cluster, because the mounted one was rejected.
    is_last_good: AtomicBool,
    /// Held during a compilation, because two large sets at once would need twice the memory. A candidate has the same.
    compiling: Arc<Mutex<()>>,
    changed: Notify,
}

/// The reason why a set did not become active.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// Its files are not readable.
    Read(ReadError),
    /// It has errors.
    Rejected(Box<RejectedSet>),
    /// It has no rules, and the active set has some.
    Empty(EmptySet),
}

/// A set with errors.
#[derive(Debug)]
pub(crate) struct RejectedSet {
    pub(crate) digest: Digest,
    pub(crate) findings: Findings,
    pub(crate) sources: Arc<SourceMap>,
}

/// A set without rules.
#[derive(Debug)]
pub(crate) struct EmptySet {
    pub(crate) digest: Digest,
    /// The reason why it is empty.
    pub(crate) reason: String,
}

/// Instruction for a set without rules, for messages.
pub(crate) const HOW_TO_WANT_NO_RULES: &str =
    "to want no rules, write `rules v1` alone, or the single line `default::` in a map";

impl SharedRules {
    /// Compiles the mounted set as the first one. Blocks.
    pub(crate) fn mounted(text: RulesText, limits: Limits) -> Result<Self, LoadError> {
        Self::first(text, limits, false)
    }

    /// Compiles the last good set as the first one. Blocks.
    pub(crate) fn last_good(text: RulesText, limits: Limits) -> Result<Self, LoadError> {
        Self::first(text, limits, true)
    }

    fn first(text: RulesText, limits: Limits, is_last_good: bool) -> Result<Self, LoadError> {
        let loaded = compile(text, limits, Processors::All, RuleCounts::default())?;
        Ok(Self::new(loaded, limits, is_last_good, Arc::default()))
    }

    /// Compiles the first set of a candidate, while this set is active. Blocks.
    pub(crate) fn candidate(&self, text: RulesText) -> Result<Self, LoadError> {
        let loaded = self.compile_meanwhile(text, RuleCounts::default())?;
        Ok(Self::new(loaded, self.limits, false, Arc::clone(&self.compiling)))
    }

    fn new(loaded: LoadedRules, limits: Limits, is_last_good: bool, compiling: Arc<Mutex<()>>) -> Self {
        // Compiling needs several times the memory of the result, and glibc keeps it.
        os::release_free_memory();
        Self {
            current: ArcSwap::from_pointee(loaded),
            limits,
            is_last_good: AtomicBool::new(is_last_good),
            compiling,
            changed: Notify::new(),
        }
    }

    /// Returns the active set, for one request.
    pub(crate) fn current(&self) -> Guard<Arc<LoadedRules>> {
        self.current.load()
    }

    /// Returns the limits on rules and files.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns true while the active set is the last good one of the cluster.
    pub(crate) fn is_last_good(&self) -> bool {
        self.is_last_good.load(Ordering::Relaxed)
    }

    /// Records that the active set is the mounted one. Returns true if it was the last good one until now.
    pub(crate) fn is_mounted_again(&self) -> bool {
        let was_last_good = self.is_last_good.swap(false, Ordering::Relaxed);
        if was_last_good {
            // The task that keeps sets may have seen the new one while it still counted as the last good set.
            self.changed.notify_one();
        }
        was_last_good
    }

    /// Waits until another set is active than at the previous call. Only one task may wait.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Verifies a text without making it active, and returns what `inspect` makes of the result. `None` if the deadline
    /// has passed before it begins. Blocks.
    pub(crate) fn verify<T: Send>(
        &self,
        text: RulesText,
        deadline: Instant,
        inspect: impl FnOnce(&Loaded) -> T + Send,
    ) -> Option<T> {
        // Held until the result is freed, so that two sets are never in memory at once.
        let _guard = self.lock();
        if Instant::now() > deadline {
            return None;
        }
        let inspected = os::with_low_priority(|| inspect(&text.verify(self.limits, Processors::AllButOne)));
        // As after a reload: compiling needs several times the memory of the result.
        os::release_free_memory();
        Some(inspected)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.compiling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compiles a text while requests are served: with low priority and one core less, so that they keep their latency.
    fn compile_meanwhile(&self, text: RulesText, counts: RuleCounts) -> Result<LoadedRules, LoadError> {
        let _guard = self.lock();
        os::with_low_priority(|| compile(text, self.limits, Processors::AllButOne, counts))
    }

    /// Compiles a text and makes it active if it is valid. Returns the previous set. Blocks.
    pub(crate) fn replace(&self, text: RulesText) -> Result<PreviousRules, LoadError> {
        // A counter must not decrease, so the counts survive the reload.
        let counts = self.current().counts.for_next_set();
        let loaded = self.compile_meanwhile(text, counts)?;
        // Far more often a mistake, such as a volume that is not mounted, than intended: a set whose files say that
        // there are no rules does not count as empty.
        if loaded.empty.is_some() && self.current().empty.is_none() {
            return Err(loaded.empty_error());
        }
        let previous = PreviousRules(self.current.swap(Arc::new(loaded)));
        self.changed.notify_one();
        let current = self.current();
        os::with_low_priority(|| current.counts.forget_removed(&current.rules));
        Ok(previous)
    }
}

fn compile(
    text: RulesText,
    limits: Limits,
    processors: Processors,
    mut counts: RuleCounts,
) -> Result<LoadedRules, LoadError> {
    let digest = text.digest();
    let loaded = text.verify(limits, processors);
    for notice in &loaded.notices {
        // In an empty set they are the reason why every image stays as it is.
        if loaded.is_empty {
            tracing::warn!("{notice}");
        } else {
            tracing::info!("{notice}");
        }
    }
    let empty = loaded.is_empty.then(|| reason_for_empty(&loaded));
    let (set, findings, sources) = loaded.into_parts();
    let Some((rules, constants, texts)) = set else {
        return Err(LoadError::Rejected(Box::new(RejectedSet {
            digest,
            findings,
            sources,
        })));
    };
    logging::findings(&findings, &sources);
    counts.set_rules(&rules, sources);
    let off = rules.off_count();
    Ok(LoadedRules {
        totals: RuleTotals {
            active: rules.len() - off + rules.line_count(),
            off,
        },
        rules,
        digest,
        digest_text: digest.to_string(),
        counts,
        texts,
        constants,
        findings,
        empty,
    })
}

/// Returns the first findings, errors before others, in the layout of the command line.
pub(crate) fn rendered(findings: &Findings, sources: &SourceMap) -> Vec<String> {
    /// Maximum number of findings: more than that nobody reads.
    const SHOWN: usize = 20;
    let of = |is_error: bool| {
        let findings = findings.iter();
        findings.filter(move |finding| (finding.severity == Severity::Error) == is_error)
    };
    let all = of(true).chain(of(false));
    let mut texts: Vec<String> = all
        .take(SHOWN)
        .map(|finding| render(finding, sources, false))
        .collect();
    let more = findings.len().saturating_sub(SHOWN) + findings.omitted();
    if more > 0 {
        texts.push(counted(more, "more finding"));
    }
    texts
}

/// Returns the reason why a set is empty: the files that are not read, or the first line of a map that is not valid.
fn reason_for_empty(loaded: &Loaded) -> String {
    /// Maximum number of notices in a message.
    const SHOWN: usize = 4;
    if loaded.notices.is_empty() {
        let first = loaded.findings.first();
        return first.map_or_else(
            || {
                "no line of the map matches an image; without a line `default`, no registry is swapped"
                    .to_owned()
            },
            |finding| finding.short(&loaded.sources, logging::help_text),
        );
    }
    let mut reason = loaded.notices[..loaded.notices.len().min(SHOWN)].join("; ");
    match loaded.notices.len().saturating_sub(SHOWN) {
        0 => {}
        more => reason.push_str(&format!("; and {more} more")),
    }
    reason
}

impl LoadedRules {
    /// Returns the error of an empty set that would replace one with rules.
    pub(crate) fn empty_error(&self) -> LoadError {
        LoadError::Empty(EmptySet {
            digest: self.digest,
            reason: self.empty.clone().unwrap_or_default(),
        })
    }
}

impl LoadError {
    /// Returns the first findings of a rejected set, in the layout of the command line.
    pub(crate) fn findings(&self) -> Vec<String> {
        match self {
            Self::Rejected(set) => rendered(&set.findings, &set.sources),
            Self::Read(_) | Self::Empty(_) => Vec::new(),
        }
    }

    /// Returns the digest of the set if its files were readable.
    pub(crate) fn digest(&self) -> Option<Digest> {
        match self {
            Self::Read(_) => None,
            Self::Rejected(set) => Some(set.digest),
            Self::Empty(set) => Some(set.digest),
        }
    }
}

impl From<ReadError> for LoadError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Writes one line, with the first error.
impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Empty(EmptySet { reason, .. }) => {
                write!(f, "the set has no rules: {reason}; {HOW_TO_WANT_NO_RULES}")
            }
            Self::Rejected(set) => {
                let mut errors = set
                    .findings
                    .iter()
                    .filter(|finding| finding.severity == Severity::Error);
                let first = errors
                    .next()
                    .map(|finding| finding.short(&set.sources, logging::help_text));
                write!(f, "invalid rules: {}", first.unwrap_or_default())?;
                match set.findings.count(Severity::Error).saturating_sub(1) {
                    0 => Ok(()),
                    more => write!(f, "; and {}", counted(more, "more error")),
                }
            }
        }
    }
}

/// The set that was active before a reload.
#[must_use]
pub(crate) struct PreviousRules(Arc<LoadedRules>);

impl PreviousRules {
    /// Waits until no request uses the set, and drops it. If a request held the last reference, it would drop the set,
    /// which takes milliseconds for a large one.
    pub(crate) fn retire(self) {
        let Self(mut old) = self;
        for _ in 0..1000 {
            match Arc::try_unwrap(old) {
                Ok(unused) => {
                    drop(unused);
                    return os::release_free_memory();
                }
                Err(used) => old = used,
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

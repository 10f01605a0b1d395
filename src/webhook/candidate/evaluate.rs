//! The thread that evaluates reviews with the candidate.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use imageswap_engine::admission::{
    Caller, ImageDifference, ImageEffect, Policy, ReviewDifferences, Reviewed, SkipReason, differences,
};
use imageswap_engine::rules::{Decision, Effect, Interrupt};

use super::counters::SharedCounter;
use super::queue::{AnsweredReview, ReviewQueue, WaitingReview};
use super::set::CandidateSet;
use crate::config::RulesSource;
use crate::webhook::metrics::Metrics;
use crate::webhook::os;
use crate::webhook::reload::{LoadedRules, ReloadedSet, SharedRules};
use crate::webhook::status::Reloaded;

/// Maximum time of the evaluation of a review. Nobody waits for it, but other reviews do.
const MAX_EVALUATION: Duration = Duration::from_secs(5);
/// Pause of the thread once the queue is empty. It wakes up by itself, since waking it would be work for the thread of a
/// review.
const SHORT_PAUSE: Duration = Duration::from_millis(10);
/// Pause if the queue was empty before too.
const LONG_PAUSE: Duration = Duration::from_millis(100);

/// The candidate set, and the queue of reviews for it.
#[derive(Debug)]
pub(crate) struct LiveCandidate {
    set: Arc<CandidateSet>,
    queue: Arc<ReviewQueue>,
}

/// Work of the thread.
struct Evaluations {
    set: Arc<CandidateSet>,
    queue: Arc<ReviewQueue>,
    evaluated: Arc<SharedCounter>,
    disable_label: String,
}

/// Starts the thread, which lasts as long as the process. The candidate is loaded by the reloads.
///
/// # Errors
///
/// Returns an error if the thread cannot be started.
pub(crate) fn start(
    active: &Arc<SharedRules>,
    disable_label: String,
    metrics: &Metrics,
) -> io::Result<LiveCandidate> {
    let set = Arc::new(CandidateSet::new(Arc::clone(active)));
    let (queue, reviews) = ReviewQueue::new();
    let evaluated = Arc::new(SharedCounter::default());
    let (counted, dropping, counter) = (Arc::clone(&set), Arc::clone(&queue), Arc::clone(&evaluated));
    metrics.observe_candidate(
        move |counter| counted.differences.observe(counter),
        move || dropping.dropped(),
        move || counter.value(),
    );
    let evaluations = Evaluations {
        set: Arc::clone(&set),
        queue: Arc::clone(&queue),
        evaluated,
        disable_label,
    };
    thread::Builder::new()
        .name("candidate".to_owned())
        .spawn(move || evaluations.run(&reviews))?;
    Ok(LiveCandidate { set, queue })
}

impl LiveCandidate {
    /// Takes a copy of a review that has an image to compare. Its answer keeps it until it is written.
    pub(crate) fn review(
        &self,
        reviewed: &Reviewed<'_>,
        body: &[u8],
        entry: Option<&str>,
        answered_by: &Arc<LoadedRules>,
    ) -> Option<AnsweredReview> {
        let is_compared = !reviewed.request.dry_run
            && self.set.is_loaded()
            && reviewed.images.iter().any(|image| is_evaluated(&image.effect));
        is_compared
            .then(|| self.queue.admit(body, entry, answered_by))
            .flatten()
    }

    /// Returns the set for the reloads from these files.
    pub(crate) fn reloaded(&self, source: RulesSource) -> ReloadedSet {
        ReloadedSet {
            object: Reloaded::Candidate,
            source,
            target: Arc::clone(&self.set) as _,
        }
    }
}

/// Returns true if the rules were evaluated for an image.
fn is_evaluated(effect: &ImageEffect) -> bool {
    match effect {
        ImageEffect::Keep
        | ImageEffect::Swap(_)
        | ImageEffect::Deny
        | ImageEffect::WouldSwap(_)
        | ImageEffect::WouldDeny => true,
        ImageEffect::Skipped(reason) => {
            matches!(reason, SkipReason::InvalidImage | SkipReason::InvalidResult)
        }
    }
}

impl Evaluations {
    /// Evaluates the reviews of the queue. Never returns.
    fn run(&self, reviews: &Receiver<WaitingReview>) {
        os::leave_processors_to_others();
        let mut pause = LONG_PAUSE;
        loop {
            thread::sleep(pause);
            pause = LONG_PAUSE;
            while let Ok(review) = reviews.try_recv() {
                pause = SHORT_PAUSE;
                if !self.evaluate(&review) {
                    self.queue.drop_one();
                }
            }
        }
    }

    /// Evaluates a review. Returns false if that was not possible.
    fn evaluate(&self, review: &WaitingReview) -> bool {
        // After a reload, a comparison with another set than the one that answered would report what nobody saw.
        let (Some(active), Some(candidate)) = (review.answered_by.upgrade(), self.set.current()) else {
            return false;
        };
        let started = Instant::now();
        let is_due = || started.elapsed() > MAX_EVALUATION;
        let interrupt = Interrupt::new(&is_due);
        let caller = Caller {
            entry: review.entry.as_deref(),
            interrupt: Some(&interrupt),
        };
        let policy = Policy {
            rules: &active.rules,
            digest: &active.digest_text,
            disable_label: &self.disable_label,
            dry_run: false,
            record_originals: false,
        };
        let Ok(compared) = differences(&review.body, &policy, &candidate.rules, &caller) else {
            return false;
        };
        self.evaluated.add(compared.evaluated);
        for image in &compared.images {
            self.report(&compared, image, &candidate);
        }
        true
    }

    /// Counts a difference, and logs it as a sample if the last sample of the rule is long enough ago.
    fn report(
        &self,
        review: &ReviewDifferences<'_, '_, '_>,
        difference: &ImageDifference<'_, '_, '_>,
        candidate: &LoadedRules,
    ) {
        let ImageDifference { image, decisions } = difference;
        let rule = decisions.new.counted_rule();
        let label = rule.map(|rule| candidate.counts.label(&candidate.rules, rule));
        let Some(suppressed) = self.set.differences.count(label) else {
            return;
        };
        tracing::info!(
            uid = review.request.uid.as_ref(),
            namespace = review.request.namespace.as_deref(),
            kind = review.request.kind.as_ref(),
            image = image.as_ref(),
            active = %ResultText(&decisions.old),
            candidate = %ResultText(&decisions.new),
            rule = label,
            rule_line = rule.and_then(|rule| candidate.rules.rule_line(rule)),
            suppressed,
            "candidate differs"
        );
    }
}

/// The result of an evaluation, in the words of a test of the rules.
struct ResultText<'d>(&'d Decision<'d>);

impl fmt::Display for ResultText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(decision) = self;
        match decision.effect() {
            Effect::Keep => f.write_str("keep")?,
            Effect::Swap(result) => write!(f, "-> {result}")?,
            Effect::Deny => f.write_str("deny")?,
            Effect::Invalid(_) => f.write_str("invalid")?,
        }
        Ok(())
    }
}

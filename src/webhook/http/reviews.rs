//! `POST /`, `POST /hook/NAME` and `POST /break-glass`: admission reviews.
//!
//! Nearly every review takes some microseconds, and is evaluated on the thread that reads it. A large one leaves it to other
//! requests, and few of them run at once.

use std::cell::OnceCell;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use imageswap_engine::admission::{Caller, Policy, ReviewError, review};
use imageswap_engine::rules::Interrupt;
use salvo::prelude::*;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::answer::Answer;
use super::body::{AnnouncedBody, Body};
use super::break_glass;
use super::budget::{BodyBudget, MAX_BODY};
use super::connections::{answer_within, evaluates, queued};
use super::deadline::{DEFAULT_TIMEOUT, timeout};
use super::health::Health;
use super::rejection::{Rejection, respond};
use super::review_log::log_review;
use super::spans::{end_span, start_span};
use crate::webhook::candidate::{AnsweredReview, LiveCandidate};
use crate::webhook::fights::SharedFights;
use crate::webhook::metrics::Metrics;
use crate::webhook::os;
use crate::webhook::recent::Recent;
use crate::webhook::reload::SharedRules;
use crate::webhook::traces::{RequestSpan, Traces};

/// Name of the path parameter that has the entry of the webhook configuration.
pub(crate) const ENTRY_PARAM: &str = "name";

/// Answers reviews.
#[derive(Clone, Debug)]
pub(crate) struct Reviews {
    pub(crate) rules: Arc<SharedRules>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Arc<Health>,
    pub(crate) budget: Arc<BodyBudget>,
    pub(crate) disable_label: String,
    pub(crate) dry_run: bool,
    pub(crate) record_originals: bool,
    pub(crate) large: LargeReviews,
    pub(crate) fights: Arc<SharedFights>,
    /// The second set, if there is one.
    pub(crate) candidate: Option<Arc<LiveCandidate>>,
    pub(crate) traces: Traces,
    pub(crate) subject: ReviewSubject,
    /// The objects that were denied or skipped lately, if the page shows them.
    pub(crate) recent: Option<Arc<Recent>>,
}

/// The part of an object that a review is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReviewSubject {
    /// Its images.
    Images,
    /// The break-glass label of its pod template.
    BreakGlass,
}

/// Limits of the reviews that run at once on threads of their own.
#[derive(Clone, Debug)]
pub(crate) struct LargeReviews {
    /// Reviews with a long body, with a permit for each byte.
    long: Arc<Semaphore>,
    /// Fewest permits of such a review, so that no more run at once than there are processors.
    fewest: usize,
    /// Reviews with a short body that take long. A real Pod may be one of them, so long bodies do not keep it waiting.
    slow: Arc<Semaphore>,
}

/// Maximum length of all long bodies whose reviews run at once, in bytes. A review takes up to four times as much memory.
const AT_ONCE: usize = MAX_BODY + MAX_BODY / 2;

impl Default for LargeReviews {
    fn default() -> Self {
        /// Each takes little memory, and the system divides the processors between them.
        const SLOW: usize = 16;
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self {
            long: Arc::new(Semaphore::new(AT_ONCE)),
            // One that takes until its deadline must not keep all others waiting.
            fewest: AT_ONCE / processors.max(2),
            slow: Arc::new(Semaphore::new(SLOW.max(processors))),
        }
    }
}

impl LargeReviews {
    /// Waits until a review with a body of this length may run.
    async fn permit(&self, length: usize) -> Result<OwnedSemaphorePermit, AcquireError> {
        if length < LARGE {
            return Arc::clone(&self.slow).acquire_owned().await;
        }
        let count = u32::try_from(length.max(self.fewest)).unwrap_or(u32::MAX);
        Arc::clone(&self.long).acquire_many_owned(count).await
    }
}

/// Shortest body of a large review, in bytes. Reading a shorter one takes less than a millisecond.
const LARGE: usize = 256 << 10;
/// Maximum time of an evaluation on a thread that other requests need. One that takes longer is large, whatever its
/// length, and begins again.
const SLICE: Duration = Duration::from_millis(2);

/// Tells the thread of a large review once nobody waits for its answer: the value was dropped.
#[derive(Default)]
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Handler for Reviews {
    async fn handle(&self, request: &mut Request, _: &mut Depot, response: &mut Response, _: &mut FlowCtrl) {
        let started = Instant::now();
        let span = self.start_span(request);
        let answer = self.answer(request, started, &span).await;
        if let Err(rejection) = &answer {
            self.metrics.rejected(rejection.reason, started.elapsed());
        }
        end_span(&span, &answer);
        respond(answer, request, response, &self.health);
    }
}

impl Reviews {
    /// Returns the same for another subject, with the same limits.
    pub(super) fn about(&self, subject: ReviewSubject) -> Self {
        Self {
            subject,
            ..self.clone()
        }
    }

    fn start_span(&self, request: &Request) -> RequestSpan {
        start_span(&self.traces, request, || match self.subject {
            ReviewSubject::BreakGlass => "/break-glass",
            ReviewSubject::Images if request.params().contains_key(ENTRY_PARAM) => "/hook/{name}",
            ReviewSubject::Images => "/",
        })
    }

    async fn answer(
        &self,
        request: &mut Request,
        started: Instant,
        span: &RequestSpan,
    ) -> Result<Answer, Rejection> {
        // Counted from the head of the request, because the caller's timeout started before it.
        let timeout = timeout(request.uri().query());
        if let Some(timeout) = timeout {
            answer_within(request, timeout);
        }
        let deadline = timeout.map(|timeout| started + timeout);
        let announced = AnnouncedBody::of(request.headers());
        let mut body = Body::read(&self.budget, request.take_body(), announced, deadline).await?;
        evaluates(request).await;
        let entry = request.params().get(ENTRY_PARAM).map(String::as_str);
        // Without a timeout, nobody limits the time for which a body waits for memory.
        let deadline = deadline.unwrap_or_else(|| Instant::now() + DEFAULT_TIMEOUT);
        if body.len() < LARGE {
            // Read only if the review is not small, because reading the clock takes a part of the time of a small one.
            let start = OnceCell::new();
            let is_due = || {
                let now = Instant::now();
                now >= (*start.get_or_init(|| now) + SLICE).min(deadline)
            };
            match self.evaluate(body.as_bytes(), entry, started, &is_due, span) {
                Err(ReviewError::Interrupted) => {}
                ended => {
                    let (answer, review) = ended?;
                    return Ok(body.into_answer(answer, review));
                }
            }
        }
        let turn = timeout_at(deadline, async {
            let permit = self.large.permit(body.len()).await;
            body.expect_answer().await;
            permit
        });
        let permit = queued(request, turn).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Rejection::timed_out());
        };
        let (reviews, entry, parts) = (self.clone(), entry.map(str::to_owned), body.take_parts());
        let (gone, span) = (Gone::default(), span.clone());
        let is_gone = Arc::clone(&gone.0);
        let ended = os::unblock(move || {
            let is_due = || is_gone.load(Ordering::Relaxed) || Instant::now() >= deadline;
            let ended = reviews.evaluate(&parts.concat(), entry.as_deref(), started, &is_due, &span);
            drop(permit);
            ended
        });
        let (answer, review) = ended.await?;
        Ok(body.into_answer(answer, review))
    }

    /// Evaluates a review, counts and logs it. It is interrupted once `is_due` returns true. Returns the answer, and the
    /// review for the candidate.
    fn evaluate(
        &self,
        body: &[u8],
        entry: Option<&str>,
        started: Instant,
        is_due: &dyn Fn() -> bool,
        span: &RequestSpan,
    ) -> Result<(Vec<u8>, Option<AnsweredReview>), ReviewError> {
        let interrupt = Interrupt::new(is_due);
        let caller = Caller {
            entry,
            interrupt: Some(&interrupt),
        };
        // The guard borrows the set, and a reload must not change it within an answer.
        let current = self.rules.current();
        let policy = Policy {
            rules: &current.rules,
            digest: &current.digest_text,
            disable_label: &self.disable_label,
            dry_run: self.dry_run,
            record_originals: self.record_originals,
        };
        if let ReviewSubject::BreakGlass = self.subject {
            let answer = break_glass::answer(body, &policy, &self.metrics, started, span)?;
            return Ok((answer, None));
        }
        let reviewed = review(body, &policy, &caller)?;
        let duration = started.elapsed();
        self.metrics
            .reviewed(&reviewed, &current.rules, &current.counts, duration);
        span.reviewed(&reviewed, &current.rules, &current.counts);
        log_review(&reviewed, &current.rules, &current.counts, duration);
        self.fights.reviewed(&reviewed, &current.rules, &current.counts);
        if let Some(recent) = &self.recent {
            recent.reviewed(&reviewed, &current.rules, &current.counts);
        }
        let candidate = self.candidate.as_deref();
        let review = candidate.and_then(|candidate| candidate.review(&reviewed, body, entry, &current));
        Ok((reviewed.answer, review))
    }
}

//! `POST /validate`: reviews of ConfigMaps with rules.
//!
//! An evaluation compiles a whole set, so it has a low priority, one runs at a time, and few requests wait with a body.
//! The entry of the webhook configuration fails open, so a request that is rejected here blocks nothing.

use std::sync::Arc;
use std::time::Duration;

use imageswap_engine::admission::{ConfigMapChange, ConfigMapReview, ReviewOutcome, config_map_review};
use imageswap_engine::context::Operation;
use salvo::prelude::*;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::answer::Answer;
use super::body::{AnnouncedBody, Body, discard};
use super::budget::BodyBudget;
use super::connections::{answer_within, evaluates};
use super::deadline::{DEFAULT_TIMEOUT, micros, timeout};
use super::health::Health;
use super::rejection::{Rejection, respond};
use super::spans::{end_span, start_span};
use super::validation::Validation;
use crate::config::{ChangedSet, RulesSource};
use crate::webhook::metrics::Metrics;
use crate::webhook::recent::Recent;
use crate::webhook::reload::SharedRules;
use crate::webhook::traces::{RequestSpan, Traces};

/// Maximum number of requests whose body is read or evaluated. Further ones wait without one, so that they leave the
/// memory for bodies to reviews of Pods.
const MAX_AT_ONCE: usize = 2;
/// Maximum length of all values of a ConfigMap, in bytes. The API server has the same limit, and checks it first.
const MAX_CONFIG_MAP: usize = 1 << 20;

/// Answers reviews of ConfigMaps.
#[derive(Clone, Debug)]
pub(crate) struct Validations {
    pub(crate) rules: Arc<SharedRules>,
    pub(crate) source: Arc<RulesSource>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Arc<Health>,
    pub(crate) budget: Arc<BodyBudget>,
    traces: Traces,
    recent: Option<Arc<Recent>>,
    at_once: Arc<Semaphore>,
}

impl Validations {
    pub(crate) fn new(
        rules: Arc<SharedRules>,
        source: RulesSource,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
        budget: Arc<BodyBudget>,
        traces: Traces,
        recent: Option<Arc<Recent>>,
    ) -> Self {
        Self {
            rules,
            source: Arc::new(source),
            metrics,
            health,
            budget,
            traces,
            recent,
            at_once: Arc::new(Semaphore::new(MAX_AT_ONCE)),
        }
    }

    async fn answer(
        &self,
        request: &mut Request,
        started: Instant,
        span: &RequestSpan,
    ) -> Result<Answer, Rejection> {
        let timeout = timeout(request.uri().query()).unwrap_or(DEFAULT_TIMEOUT);
        answer_within(request, timeout);
        let deadline = started + timeout;
        let announced = AnnouncedBody::of(request.headers());
        let permit = timeout_at(deadline, Arc::clone(&self.at_once).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            if !announced.waits {
                discard(request.take_body()).await;
            }
            return Err(Rejection::timed_out());
        };
        let mut body = Body::read(&self.budget, request.take_body(), announced, Some(deadline)).await?;
        evaluates(request).await;
        let mut review = config_map_review(body.as_bytes())?;
        let validation = match review.change.take() {
            None => None,
            Some(change) => {
                let (rules, source) = (Arc::clone(&self.rules), Arc::clone(&self.source));
                let evaluation = spawn_blocking(move || {
                    let validation = evaluate(&rules, &source, change, deadline);
                    drop(permit);
                    validation
                });
                let validation = timeout_at(deadline, evaluation).await;
                let Ok(Ok(Some(validation))) = validation else {
                    return Err(Rejection::timed_out());
                };
                Some(validation)
            }
        };
        let outcome = match &validation {
            None => ReviewOutcome::Skipped,
            Some(Validation::Allowed { .. }) => ReviewOutcome::Unchanged,
            Some(Validation::Denied { .. }) => ReviewOutcome::Denied,
        };
        self.metrics.validated(&review, outcome);
        span.answered_review(&review.request, outcome);
        log(&review, validation.as_ref(), outcome, started.elapsed());
        if let (Some(recent), Some(Validation::Denied { .. })) = (&self.recent, &validation) {
            recent.denied_rules(&review);
        }
        let digest = &self.rules.current().digest_text;
        let answer = match validation {
            None => review.allow(Vec::new(), digest),
            Some(Validation::Allowed { warnings }) => review.allow(warnings, digest),
            Some(Validation::Denied { message, .. }) => review.deny(message, digest),
        };
        drop(review);
        Ok(body.into_answer(answer, None))
    }
}

#[async_trait]
impl Handler for Validations {
    async fn handle(&self, request: &mut Request, _: &mut Depot, response: &mut Response, _: &mut FlowCtrl) {
        let span = start_span(&self.traces, request, || "/validate");
        let answer = self.answer(request, Instant::now(), &span).await;
        if let Err(rejection) = &answer {
            self.metrics.validation_rejected(rejection.reason);
        }
        end_span(&span, &answer);
        respond(answer, request, response, &self.health);
    }
}

/// Evaluates the set that a change would lead to. `None` if the deadline has passed before it is done. Blocks.
fn evaluate(
    rules: &SharedRules,
    source: &RulesSource,
    change: ConfigMapChange,
    deadline: Instant,
) -> Option<Validation> {
    let ConfigMapChange { old, new } = change;
    if new.values().map(Vec::len).sum::<usize>() > MAX_CONFIG_MAP {
        return Some(Validation::too_long(MAX_CONFIG_MAP));
    }
    let limits = rules.limits();
    let (changed, active_is_empty) = {
        let active = rules.current();
        let changed = ChangedSet::new(&active.texts, source, &old, new, limits);
        (changed, active.empty.is_some())
    };
    let ChangedSet {
        text,
        names,
        is_alone,
        has_others,
    } = changed;
    let deadline = deadline.into_std();
    // Needed only for a set without rules, but the first verification must have ended before a second one.
    let had_rules = || {
        if !is_alone {
            return Some(!active_is_empty);
        }
        let before = ChangedSet::alone(old, limits).text;
        rules.verify(before, deadline, |loaded| !loaded.is_empty)
    };
    let (is_empty, validation) = rules.verify(text, deadline, |loaded| {
        (loaded.is_empty, Validation::new(loaded, &names, has_others))
    })?;
    if is_empty && had_rules()? {
        return Some(validation.without_rules());
    }
    Some(validation)
}

fn log(
    review: &ConfigMapReview<'_>,
    validation: Option<&Validation>,
    outcome: ReviewOutcome,
    duration: Duration,
) {
    let (error, warnings) = match validation {
        Some(Validation::Denied { first_error, .. }) => (Some(first_error.as_str()), 0),
        Some(Validation::Allowed { warnings }) => (None, warnings.len()),
        None => (None, 0),
    };
    tracing::info!(
        uid = review.request.uid.as_ref(),
        namespace = review.request.namespace.as_deref(),
        kind = review.request.kind.as_ref(),
        name = review.request.name.as_deref(),
        operation = review.request.operation.map(Operation::as_str),
        outcome = outcome.as_str(),
        error,
        warnings,
        duration_us = micros(duration),
        "validated"
    );
}

//! `POST /` and `POST /hook/NAME`: admission reviews.

use std::sync::Arc;
use std::time::Duration;

use imageswap_engine::admission::{Caller, ImageEffect, Policy, ReviewError, Reviewed, review};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Operation;
use imageswap_engine::rules::RuleId;
use salvo::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use salvo::http::{HeaderMap, HeaderValue, StatusCode};
use salvo::prelude::*;
use tokio::time::Instant;

use super::body::{Body, BodyError};
use super::budget::{BodyBudget, MAX_BODY};
use super::deadline::timeout;
use super::endpoints::plain_text;
use super::health::Health;
use crate::webhook::metrics::{Metrics, Rejected, RuleCounts};
use crate::webhook::reload::SharedRules;

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
}

/// The answer to a rejected request: a status, one line, and the reason for the metric.
struct Rejection {
    status: StatusCode,
    line: String,
    reason: Rejected,
}

#[async_trait]
impl Handler for Reviews {
    async fn handle(&self, request: &mut Request, _: &mut Depot, response: &mut Response, _: &mut FlowCtrl) {
        let started = Instant::now();
        match self.answer(request, started).await {
            Ok(answer) => {
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                response.status_code(StatusCode::OK);
                response.body(answer);
            }
            Err(Rejection { status, line, reason }) => {
                self.metrics.rejected(reason, started.elapsed());
                let peer = super::connections::peer(request.remote_addr());
                tracing::warn!(peer, status = status.as_u16(), error = line, "request rejected");
                plain_text(response, status, format!("imageswap: {line}\n"));
            }
        }
        if self.health.is_draining() {
            // The caller must open a new connection, to another replica. If it kept this one, the connection could
            // close while the next request is on its way.
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl Reviews {
    async fn answer(&self, request: &mut Request, started: Instant) -> Result<Vec<u8>, Rejection> {
        // Counted from the head of the request, because the caller's timeout started before it.
        let deadline = timeout(request.uri().query()).map(|timeout| started + timeout);
        let length = content_length(request.headers());
        let body = Body::read(&self.budget, request.take_body(), length, deadline).await?;
        let caller = Caller {
            entry: request.params().get(ENTRY_PARAM).map(String::as_str),
        };
        // No `await` from here on: the guard borrows the set, and a reload must not change it within an answer.
        let current = self.rules.current();
        let policy = Policy {
            rules: &current.rules,
            digest: &current.digest_text,
            disable_label: &self.disable_label,
            dry_run: self.dry_run,
        };
        let reviewed = review(body.as_bytes(), &policy, &caller)?;
        let duration = started.elapsed();
        self.metrics
            .reviewed(&reviewed, &current.rules, &current.counts, duration);
        log_review(&reviewed, &current.rules, &current.counts, duration);
        Ok(reviewed.answer)
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Maximum number of rules in a line of the log. A Pod with many containers could match thousands.
const MAX_NAMED_RULES: usize = 100;

/// Logs one line for a review and, with `debug`, one line for each image that changes.
fn log_review(reviewed: &Reviewed<'_>, rules: &RuleSet, counts: &RuleCounts, duration: Duration) {
    // Building the line allocates, so it is skipped if no one reads it.
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let mut named: Vec<RuleId> = Vec::new();
    let mut swapped = 0u32;
    for image in &reviewed.images {
        if let ImageEffect::Swap(result) = &image.effect {
            swapped += 1;
            tracing::debug!(uid = %reviewed.uid, image = %image.image, result, "swapped");
        }
        for rule in &image.rules {
            if named.len() < MAX_NAMED_RULES && !named.contains(rule) {
                named.push(*rule);
            }
        }
    }
    let labels: Vec<&str> = named.iter().map(|rule| counts.label(rules, *rule)).collect();
    let lines: Vec<String> = named.iter().filter_map(|rule| rules.rule_line(*rule)).collect();
    tracing::info!(
        uid = reviewed.uid.as_ref(),
        namespace = reviewed.namespace.as_deref(),
        kind = reviewed.kind.as_ref(),
        name = reviewed.name.as_deref(),
        operation = reviewed.operation.map(Operation::as_str),
        dry_run = reviewed.dry_run.then_some(true),
        outcome = reviewed.outcome.as_str(),
        images = reviewed.images.len(),
        swapped,
        rules = labels.join(","),
        rule_lines = (!lines.is_empty()).then(|| lines.join(",")),
        duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        "reviewed"
    );
}

impl From<ReviewError> for Rejection {
    fn from(error: ReviewError) -> Self {
        let line = error.to_string();
        let (status, reason) = match error {
            ReviewError::Malformed(_) => (StatusCode::BAD_REQUEST, Rejected::Malformed),
        };
        Self { status, line, reason }
    }
}

impl From<BodyError> for Rejection {
    fn from(error: BodyError) -> Self {
        let (status, line, reason) = match error {
            BodyError::TooLong => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is longer than {} MiB", MAX_BODY >> 20),
                Rejected::TooLarge,
            ),
            BodyError::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "the body did not arrive before the deadline".to_owned(),
                Rejected::TooSlow,
            ),
            BodyError::NoMemory => (
                StatusCode::REQUEST_TIMEOUT,
                "no memory for the body before the deadline; the option --max-body-memory allows more"
                    .to_owned(),
                Rejected::NoMemory,
            ),
            BodyError::Broken => (
                StatusCode::BAD_REQUEST,
                "the connection closed before the body was complete".to_owned(),
                Rejected::Broken,
            ),
        };
        Self { status, line, reason }
    }
}

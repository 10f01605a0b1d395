//! `POST /` and `POST /hook/NAME`: admission reviews.

use std::sync::Arc;
use std::time::Duration;

use imageswap_engine::admission::{Caller, ImageEffect, Policy, Reviewed, review};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Operation;
use imageswap_engine::rules::RuleId;
use salvo::prelude::*;
use tokio::time::Instant;

use super::body::{AnnouncedBody, Body};
use super::budget::BodyBudget;
use super::connections::evaluates;
use super::deadline::timeout;
use super::health::Health;
use super::rejection::{Rejection, respond};
use crate::webhook::metrics::{Metrics, RuleCounts};
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

#[async_trait]
impl Handler for Reviews {
    async fn handle(&self, request: &mut Request, _: &mut Depot, response: &mut Response, _: &mut FlowCtrl) {
        let started = Instant::now();
        let answer = self.answer(request, started).await;
        if let Err(rejection) = &answer {
            self.metrics.rejected(rejection.reason, started.elapsed());
        }
        respond(answer, request, response, &self.health);
    }
}

impl Reviews {
    async fn answer(&self, request: &mut Request, started: Instant) -> Result<Vec<u8>, Rejection> {
        // Counted from the head of the request, because the caller's timeout started before it.
        let deadline = timeout(request.uri().query()).map(|timeout| started + timeout);
        let announced = AnnouncedBody::of(request.headers());
        let body = Body::read(&self.budget, request.take_body(), announced, deadline).await?;
        evaluates(request).await;
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

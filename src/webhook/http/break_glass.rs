//! `POST /break-glass`: reviews of workloads, whose break-glass label the answer carries to the pod template.

use imageswap_engine::admission::{
    BreakGlassReview, Policy, ReviewError, ReviewOutcome, TemplateChange, break_glass,
};
use imageswap_engine::context::Operation;
use tokio::time::Instant;

use super::deadline::micros;
use crate::webhook::metrics::Metrics;
use crate::webhook::traces::RequestSpan;

/// Answers a review of a workload, counts and logs it.
pub(super) fn answer(
    body: &[u8],
    policy: &Policy<'_>,
    metrics: &Metrics,
    started: Instant,
    span: &RequestSpan,
) -> Result<Vec<u8>, ReviewError> {
    let review = break_glass(body, policy)?;
    let duration = started.elapsed();
    metrics.break_glass(&review, duration);
    span.answered_review(&review.request, review.outcome);
    let BreakGlassReview {
        answer,
        request,
        outcome,
        change,
    } = review;
    tracing::info!(
        uid = request.uid.as_ref(),
        namespace = request.namespace.as_deref(),
        kind = request.kind.as_ref(),
        name = request.name.as_deref(),
        operation = request.operation.map(Operation::as_str),
        dry_run = request.dry_run.then_some(true),
        outcome = outcome.as_str(),
        template_label = change
            .filter(|_| outcome == ReviewOutcome::Patched)
            .map(TemplateChange::as_str),
        duration_us = micros(duration),
        "break-glass label reviewed"
    );
    Ok(answer)
}

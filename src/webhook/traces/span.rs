//! The span of a request.

use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use imageswap_engine::admission::{ReviewOutcome, Reviewed, ReviewedRequest};
use imageswap_engine::compile::RuleSet;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Status};
use opentelemetry_sdk::trace::Span;

use super::attributes::{of_images, of_request};
use crate::webhook::metrics::{Rejected, RuleCounts};

/// The span of a request, which ends once it is answered. Empty unless the request is traced.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestSpan(Option<Arc<OpenSpan>>);

#[derive(Debug)]
struct OpenSpan(Mutex<Span>);

impl RequestSpan {
    /// Returns the span, which is empty if the sampler does not want it.
    pub(super) fn new(span: Span) -> Self {
        let is_recording = span.is_recording();
        Self(is_recording.then(|| Arc::new(OpenSpan(Mutex::new(span)))))
    }

    /// Adds the attributes of a review of images.
    pub(crate) fn reviewed(&self, reviewed: &Reviewed<'_>, rules: &RuleSet, counts: &RuleCounts) {
        self.update(|span| {
            span.set_attributes(of_request(&reviewed.request, reviewed.outcome));
            span.set_attributes(of_images(reviewed, rules, counts));
        });
    }

    /// Adds the attributes of another review.
    pub(crate) fn answered_review(&self, request: &ReviewedRequest<'_>, outcome: ReviewOutcome) {
        self.update(|span| span.set_attributes(of_request(request, outcome)));
    }

    /// Ends the span of an answered request, or of one that was rejected for a reason.
    pub(crate) fn end(&self, status: StatusCode, rejected: Option<Rejected>) {
        self.update(|span| {
            let code = i64::from(status.as_u16());
            span.set_attribute(KeyValue::new("http.response.status_code", code));
            if let Some(reason) = rejected {
                span.set_attribute(KeyValue::new("imageswap.outcome", reason.as_str()));
            }
            // A status below 500 is an error of the caller, so the span of a server has none.
            if status.is_server_error() {
                fail(span, status.as_str());
            }
            span.end();
        });
    }

    fn update(&self, change: impl FnOnce(&mut Span)) {
        if let Some(OpenSpan(span)) = self.0.as_deref() {
            change(&mut span.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Ends a span that nobody ended: the caller is gone, or the request panicked.
impl Drop for OpenSpan {
    fn drop(&mut self) {
        let span = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !span.is_recording() {
            return;
        }
        if std::thread::panicking() {
            span.set_attribute(KeyValue::new("http.response.status_code", 500));
            fail(span, "500");
        } else {
            fail(span, "canceled");
        }
    }
}

fn fail(span: &mut Span, error: &str) {
    span.set_attribute(KeyValue::new("error.type", error.to_owned()));
    // The specification leaves the description empty where the attributes say as much.
    span.set_status(Status::error(""));
}

//! The spans of requests for a review.

use salvo::http::StatusCode;
use salvo::prelude::Request;

use super::answer::Answer;
use super::rejection::Rejection;
use crate::webhook::traces::{RequestSpan, Traces};

/// Starts the span of a request, whose route the function returns.
pub(super) fn start_span(
    traces: &Traces,
    request: &Request,
    route: impl FnOnce() -> &'static str,
) -> RequestSpan {
    traces.start(route, request.method(), request.uri().path(), request.headers())
}

/// Ends the span of a request with its answer.
pub(super) fn end_span(span: &RequestSpan, answer: &Result<Answer, Rejection>) {
    match answer {
        Ok(_) => span.end(StatusCode::OK, None),
        Err(rejection) => span.end(rejection.status, Some(rejection.reason)),
    }
}

//! Rejected requests, and the response that every review has in common.

use imageswap_engine::admission::ReviewError;
use salvo::http::header::{CONNECTION, CONTENT_TYPE};
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;

use super::answer::Answer;
use super::body::BodyError;
use super::budget::MAX_BODY;
use super::connections::{peer, reviewed};
use super::endpoints::plain_text;
use super::health::Health;
use crate::webhook::metrics::Rejected;

/// The answer to a rejected request: a status, one line, and the reason for the metric.
pub(super) struct Rejection {
    pub(super) status: StatusCode,
    line: String,
    pub(super) reason: Rejected,
}

impl Rejection {
    /// Returns the rejection of a request whose evaluation passes its deadline.
    pub(super) fn timed_out() -> Self {
        Self {
            status: StatusCode::REQUEST_TIMEOUT,
            line: ReviewError::Interrupted.to_string(),
            reason: Rejected::TimedOut,
        }
    }
}

/// Writes the answer to a review, or its rejection, which is logged.
pub(super) fn respond(
    answer: Result<Answer, Rejection>,
    request: &Request,
    response: &mut Response,
    health: &Health,
) {
    match answer {
        Ok(answer) => {
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            response.status_code(StatusCode::OK);
            response.body(answer);
            reviewed(request);
        }
        Err(Rejection { status, line, .. }) => {
            let peer = peer(request.remote_addr());
            tracing::warn!(peer, status = status.as_u16(), error = line, "request rejected");
            plain_text(response, status, format!("imageswap: {line}\n"));
        }
    }
    if health.is_draining() {
        // The caller must open a new connection, to another replica. If it kept this one, the connection could close
        // while the next request is on its way.
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

impl From<ReviewError> for Rejection {
    fn from(error: ReviewError) -> Self {
        let line = error.to_string();
        let (status, reason) = match error {
            ReviewError::Malformed(_) => (StatusCode::BAD_REQUEST, Rejected::Malformed),
            ReviewError::Interrupted => return Self::timed_out(),
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

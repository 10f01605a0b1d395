//! The endpoints for probes and monitoring: `/healthz`, `/readyz`, `/metrics`; and errors in plain text.

use std::sync::Arc;

use salvo::catcher::Catcher;
use salvo::http::header::CONTENT_TYPE;
use salvo::http::{HeaderValue, Method, StatusCode};
use salvo::prelude::*;

use super::health::Health;
use crate::webhook::metrics::Metrics;

const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Serves health and metrics.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Endpoints {
    /// Adds the endpoints to a router.
    pub(crate) fn below(self, router: Router) -> Router {
        let at =
            |path: &str, handler: EndpointHandler| Router::with_path(path).get(handler.clone()).head(handler);
        let handler = |endpoint| EndpointHandler {
            endpoint,
            endpoints: self.clone(),
        };
        router
            .push(at("healthz", handler(Endpoint::Alive)))
            .push(at("readyz", handler(Endpoint::Ready)))
            .push(at("metrics", handler(Endpoint::Metrics)))
    }
}

#[derive(Clone)]
struct EndpointHandler {
    endpoint: Endpoint,
    endpoints: Endpoints,
}

#[derive(Clone, Copy)]
enum Endpoint {
    Alive,
    Ready,
    Metrics,
}

#[async_trait]
impl Handler for EndpointHandler {
    async fn handle(&self, _: &mut Request, _: &mut Depot, response: &mut Response, _: &mut FlowCtrl) {
        let Endpoints { health, metrics } = &self.endpoints;
        let (status, body, media_type) = match self.endpoint {
            Endpoint::Alive => (
                StatusCode::OK,
                health.healthz().into(),
                Some("application/json".to_owned()),
            ),
            Endpoint::Ready => match health.readyz() {
                Ok(body) => (StatusCode::OK, body.into(), None),
                Err(body) => (StatusCode::SERVICE_UNAVAILABLE, body.into(), None),
            },
            Endpoint::Metrics => match metrics.render() {
                Ok((text, media_type)) => (StatusCode::OK, text, Some(media_type)),
                Err(error) => {
                    let body = format!("cannot encode metrics: {error}\n");
                    (StatusCode::INTERNAL_SERVER_ERROR, body.into(), None)
                }
            },
        };
        let media_type = media_type.and_then(|media_type| HeaderValue::from_str(&media_type).ok());
        response.status_code(status);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, media_type.unwrap_or(PLAIN_TEXT));
        response.body(body);
    }
}

/// Answers with one line of plain text.
pub(crate) fn plain_text(response: &mut Response, status: StatusCode, line: String) {
    response.status_code(status);
    response.headers_mut().insert(CONTENT_TYPE, PLAIN_TEXT);
    response.body(line);
}

/// Returns a catcher that answers errors in plain text, because an API server quotes the body to its user.
/// `takes_reviews` is true for the port that reviews are sent to.
pub(crate) fn plain_errors(takes_reviews: bool) -> Catcher {
    Catcher::default().hoop(PlainErrors { takes_reviews })
}

struct PlainErrors {
    takes_reviews: bool,
}

#[async_trait]
impl Handler for PlainErrors {
    async fn handle(
        &self,
        request: &mut Request,
        _: &mut Depot,
        response: &mut Response,
        ctrl: &mut FlowCtrl,
    ) {
        let status = response.status_code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let path: String = request.uri().path().chars().take(80).collect();
        let line = match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
                if request.method() == Method::POST && !self.takes_reviews =>
            {
                "reviews are posted to / over TLS, on --listen".to_owned()
            }
            StatusCode::NOT_FOUND if request.method() == Method::POST => {
                format!("no endpoint at {path}; send reviews to / with POST")
            }
            StatusCode::NOT_FOUND => {
                format!("no endpoint at {path}; use /healthz, /readyz or /metrics")
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                let is_of_reviews =
                    matches!(path.as_str(), "/" | "/validate" | "/break-glass") || path.starts_with("/hook/");
                let allowed = if is_of_reviews {
                    "send reviews with POST"
                } else {
                    "use GET"
                };
                format!("{} is not allowed at {path}; {allowed}", request.method())
            }
            status => status
                .canonical_reason()
                .unwrap_or("request failed")
                .to_lowercase(),
        };
        plain_text(response, status, format!("imageswap: {line}\n"));
        ctrl.skip_rest();
    }
}

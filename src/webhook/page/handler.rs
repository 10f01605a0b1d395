//! The requests of the page's port.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use salvo::http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use salvo::http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use salvo::http::{HeaderValue, Method, ResBody, StatusCode};
use salvo::prelude::*;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::host::{self, HostError};
use super::layout;
use super::query::{MAX_QUERY, Query, QueryError};
use super::sources::PageSources;
use crate::webhook::http::{in_parts, queued};
use crate::webhook::os;

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");

/// No scripts at all, and nothing of other sites. The form leads only here, and no page can frame this one.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Answers the requests of the page's port.
#[derive(Clone, Debug)]
struct PageHandler {
    sources: Arc<PageSources>,
    port: u16,
    /// One page at a time.
    renders: Arc<Semaphore>,
}

/// Returns a listener with the routes of the page, which reads these sources.
///
/// # Errors
///
/// Returns an error if the listener has no address.
pub(in crate::webhook) fn routes(
    listener: TcpListener,
    sources: PageSources,
) -> io::Result<(TcpListener, Router)> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        tracing::warn!(
            page_address = %address,
            "the page listens on an address of other machines, although it only answers requests for localhost"
        );
    }
    let handler = PageHandler {
        sources: Arc::new(sources),
        port: address.port(),
        renders: Arc::new(Semaphore::new(1)),
    };
    let all = Router::with_path("{**path}").goal(handler.clone());
    Ok((listener, Router::new().goal(handler).push(all)))
}

/// An answer.
struct PageAnswer {
    status: StatusCode,
    media_type: &'static str,
    body: ResBody,
}

impl PageAnswer {
    fn of(media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            media_type,
            body: in_parts(body.into()),
        }
    }

    /// Returns one line of plain text.
    fn rejected(status: StatusCode, line: &str) -> Self {
        Self {
            status,
            ..Self::of("text/plain; charset=utf-8", format!("imageswap: {line}\n"))
        }
    }
}

impl PageHandler {
    async fn answer(&self, request: &Request) -> PageAnswer {
        if let Err(error) = host::check(request) {
            return self.rejected_host(error);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let line = "the page is read-only; use GET";
            return PageAnswer::rejected(StatusCode::METHOD_NOT_ALLOWED, line);
        }
        match request.uri().path() {
            "" | "/" => {}
            "/style.css" => return PageAnswer::of("text/css; charset=utf-8", STYLE),
            "/icon.svg" | "/favicon.ico" => return PageAnswer::of("image/svg+xml", ICON),
            _ => return PageAnswer::rejected(StatusCode::NOT_FOUND, "there is one page, at /"),
        }
        let query = match Query::parse(request.uri().query().unwrap_or_default()) {
            Ok(query) => query,
            Err(error) => return rejected_query(error),
        };
        let permit = queued(request, Arc::clone(&self.renders).acquire_owned()).await;
        let sources = Arc::clone(&self.sources);
        // The thread keeps the permit, also if the client is gone.
        let page = os::unblock(move || {
            let page = os::with_low_priority(|| layout::page(&sources, &query));
            drop(permit);
            page
        });
        PageAnswer::of("text/html; charset=utf-8", page.await)
    }

    fn rejected_host(&self, error: HostError) -> PageAnswer {
        let Self { sources, port, .. } = self;
        let (status, what) = match error {
            HostError::NotOne => (
                StatusCode::BAD_REQUEST,
                "a request has exactly one header field Host",
            ),
            HostError::Other => (
                StatusCode::FORBIDDEN,
                "the page is only for localhost, 127.0.0.1 and [::1]",
            ),
        };
        let target = match &sources.pod_name {
            Some(name) => format!("pod/{name}"),
            None => "deployment/imageswap".to_owned(),
        };
        let namespace = &sources.namespace;
        PageAnswer::rejected(
            status,
            &format!(
                "{what}; run `kubectl port-forward --namespace {namespace} {target} {port}` and open \
                 http://localhost:{port}/"
            ),
        )
    }
}

fn rejected_query(error: QueryError) -> PageAnswer {
    match error {
        QueryError::TooLong => PageAnswer::rejected(
            StatusCode::URI_TOO_LONG,
            &format!("the values are longer than {MAX_QUERY} bytes together; use `imageswap explain`"),
        ),
        QueryError::TooMany => PageAnswer::rejected(
            StatusCode::BAD_REQUEST,
            "the request has too many values; use `imageswap explain`",
        ),
        QueryError::NotUtf8 => PageAnswer::rejected(
            StatusCode::BAD_REQUEST,
            "a value is not UTF-8; encode it in UTF-8, as browsers do",
        ),
    }
}

#[async_trait]
impl Handler for PageHandler {
    async fn handle(
        &self,
        request: &mut Request,
        _: &mut Depot,
        response: &mut Response,
        ctrl: &mut FlowCtrl,
    ) {
        let answer = self.answer(request).await;
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.media_type));
        if answer.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response.status_code(answer.status);
        response.body(answer.body);
        // The catcher of errors has nothing to add.
        ctrl.skip_rest();
    }
}

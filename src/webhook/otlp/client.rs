//! The client of a collector: sends messages, and reports failures at a limited rate.

use std::fmt;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited as LimitedBody};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use imageswap_engine::diagnostic::visible;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tokio::time::{Instant, sleep, timeout_at};

use super::destination::Destination;
use super::tls::{TlsProblem, client_config};
use crate::webhook::logging::Limited;

/// Shortest time between two lines of the log about failures.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// Maximum length of the answer of a collector, in bytes. A usual one has none.
const MAX_ANSWER: usize = 64 << 10;
/// Maximum length of the message of a collector in the log, in characters.
const MAX_MESSAGE: usize = 256;
/// First time between two attempts. Each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Client for one signal.
#[derive(Debug)]
pub(crate) struct OtlpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    destination: Destination,
    failures: Limited,
    /// True from a failure that was logged to the next success.
    is_failing: AtomicBool,
}

/// A failed export.
#[derive(Debug)]
pub(crate) enum SendError {
    /// No answer came before the timeout.
    TimedOut(Duration),
    /// The collector cannot be reached, or the connection broke.
    Connection(String),
    /// The collector answered with another status than 200, and perhaps with the seconds to wait.
    Status(StatusCode, Option<u64>),
    /// The collector rejected a part of the data.
    Rejected { count: i64, message: String },
}

impl OtlpClient {
    /// Returns a client. Reads the files for TLS, so it blocks.
    pub(super) fn new(destination: Destination) -> Result<Self, TlsProblem> {
        let config = client_config(destination.tls.as_ref())?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            destination,
            failures: Limited::new(REPORT_INTERVAL),
            is_failing: AtomicBool::new(false),
        })
    }

    /// Sends a message, and logs a failure unless one was logged within a minute.
    ///
    /// # Errors
    ///
    /// Returns an error if the collector did not accept all of it before the timeout.
    pub(crate) async fn send(&self, message: &impl Message) -> Result<(), SendError> {
        let sent = self.send_before_timeout(message.encode_to_vec()).await;
        let signal = self.destination.signal.as_str();
        let endpoint = self.destination.shown();
        match &sent {
            Ok(()) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(signal, endpoint, "export works again");
                }
            }
            Err(error) => {
                if let Some(suppressed) = self.failures.admit() {
                    self.is_failing.store(true, Ordering::Relaxed);
                    let suppressed = Some(suppressed).filter(|count| *count > 0);
                    tracing::warn!(signal, endpoint, %error, suppressed, "export failed");
                }
            }
        }
        sent
    }

    async fn send_before_timeout(&self, body: Vec<u8>) -> Result<(), SendError> {
        let timeout = self.destination.timeout;
        let deadline = Instant::now() + timeout;
        let body = if self.destination.gzip {
            compress(&body).map_err(|error| SendError::Connection(error.to_string()))?
        } else {
            body
        };
        let body = Bytes::from(body);
        let mut pause = FIRST_PAUSE;
        loop {
            let sent = timeout_at(deadline, self.attempt(body.clone())).await;
            let error = match sent {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error,
                Err(_) => return Err(SendError::TimedOut(timeout)),
            };
            let Some(wait) = error.wait(pause).filter(|wait| Instant::now() + *wait < deadline) else {
                return Err(error);
            };
            sleep(wait).await;
            pause *= 2;
        }
    }

    async fn attempt(&self, body: Bytes) -> Result<(), SendError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.destination.endpoint.clone();
        let headers = request.headers_mut();
        let agent = concat!("imageswap/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        headers.extend(self.destination.headers.clone());
        let media_type = HeaderValue::from_static("application/x-protobuf");
        headers.insert(header::CONTENT_TYPE, media_type);
        if self.destination.gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| SendError::Connection(with_causes(&error)))?;
        if answer.status() != StatusCode::OK {
            let seconds = answer.headers().get(header::RETRY_AFTER);
            let seconds = seconds.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
            return Err(SendError::Status(answer.status(), seconds));
        }
        let body = LimitedBody::new(answer.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|error| SendError::Connection(with_causes(error.as_ref())))?;
        // Answers about traces and metrics have the same fields. Some collectors answer in JSON, which says no more.
        let answer = ExportTraceServiceResponse::decode(body.to_bytes()).unwrap_or_default();
        match answer.partial_success {
            Some(partial) if partial.rejected_spans > 0 => Err(SendError::Rejected {
                count: partial.rejected_spans,
                message: partial.error_message,
            }),
            _ => Ok(()),
        }
    }
}

impl SendError {
    /// Returns the time to wait before the next attempt. `None` if another one would fail too.
    fn wait(&self, pause: Duration) -> Option<Duration> {
        match self {
            Self::Connection(_) => Some(pause),
            Self::Status(status, seconds) if matches!(status.as_u16(), 429 | 502..=504) => {
                Some(seconds.map_or(pause, Duration::from_secs))
            }
            Self::Status(..) | Self::TimedOut(_) | Self::Rejected { .. } => None,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(time) => write!(f, "the collector did not answer within {time:?}"),
            Self::Connection(error) => f.write_str(&visible(error)),
            Self::Status(status, _) => write!(f, "the collector answered {status}"),
            Self::Rejected { count, message } => {
                let message: String = message.chars().take(MAX_MESSAGE).collect();
                write!(f, "the collector rejected {count} items: {}", visible(&message))
            }
        }
    }
}

impl std::error::Error for SendError {}

fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// Returns an error with its causes, of which the last one says the most.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

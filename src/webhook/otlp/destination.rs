//! The destination of a signal: its endpoint, headers, timeout and TLS.

use std::path::PathBuf;
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use super::variables::{Effect, Signal, Variable, Variables};

/// Headers that the client sets.
const OWN_HEADERS: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::HOST,
    header::TRANSFER_ENCODING,
];

/// The address to which a signal is exported.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(super) signal: Signal,
    pub(super) endpoint: Uri,
    pub(super) headers: HeaderMap,
    /// Maximum time of an export.
    pub(super) timeout: Duration,
    /// True if bodies are compressed.
    pub(super) gzip: bool,
    /// Files for TLS, if the endpoint has it.
    pub(super) tls: Option<TlsFiles>,
}

/// Files for TLS, each with the variable that names it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsFiles {
    /// Certificates of authorities. Without it, those of the system.
    pub(super) authorities: Option<(String, PathBuf)>,
    /// Certificate of this client.
    pub(super) certificate: Option<(String, PathBuf)>,
    /// Key of this client.
    pub(super) key: Option<(String, PathBuf)>,
}

impl Destination {
    /// Reads the destination of a signal. `None` if its endpoint is invalid.
    pub(super) fn read(variables: &Variables<'_>, signal: Signal, endpoint: &Variable) -> Option<Self> {
        let Variable { name, value } = endpoint;
        let is_general = name == "OTEL_EXPORTER_OTLP_ENDPOINT";
        let endpoint = parse_endpoint(value, is_general.then_some(signal));
        let endpoint = endpoint
            // The value may have a token in its path, so the problem does not quote it.
            .map_err(|problem| variables.report(name, problem, Effect::NotExported(signal)))
            .ok()?;
        let file = |name| {
            let Variable { name, value } = variables.of_signal(signal, name)?;
            Some((name, PathBuf::from(value)))
        };
        let is_tls = endpoint.scheme() == Some(&Scheme::HTTPS);
        let tls = is_tls.then(|| TlsFiles {
            authorities: file("CERTIFICATE"),
            certificate: file("CLIENT_CERTIFICATE"),
            key: file("CLIENT_KEY"),
        });
        let timeout = variables.of_signal(signal, "TIMEOUT");
        Some(Self {
            signal,
            headers: headers(variables, signal),
            timeout: variables.millis(timeout, 10_000),
            gzip: gzip(variables, signal),
            endpoint,
            tls,
        })
    }

    /// Limits the timeout to another one.
    pub(super) fn shorten_timeout(&mut self, timeout: Duration) {
        self.timeout = self.timeout.min(timeout);
    }

    /// Returns the endpoint for the log: without its query, which may have a token.
    pub(super) fn shown(&self) -> String {
        let endpoint = &self.endpoint;
        let (scheme, authority) = (endpoint.scheme_str(), endpoint.authority());
        let authority = authority.map_or("", |authority| authority.as_str());
        format!("{}://{authority}{}", scheme.unwrap_or("http"), endpoint.path())
    }
}

/// Returns an endpoint. One for all signals gets the path of a signal.
fn parse_endpoint(value: &str, appended: Option<Signal>) -> Result<Uri, String> {
    let expected = "expected a URL such as http://collector.observability:4318";
    let uri: Uri = value.parse().map_err(|error| format!("{error}; {expected}"))?;
    let mut parts = uri.into_parts();
    if !matches!(&parts.scheme, Some(scheme) if [Scheme::HTTP, Scheme::HTTPS].contains(scheme)) {
        return Err(format!("it does not begin with http:// or https://; {expected}"));
    }
    let authority = parts.authority.as_ref();
    if authority.is_none_or(|authority| authority.host().is_empty()) {
        return Err(format!("it has no host; {expected}"));
    }
    if authority.is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("it has a user name; set OTEL_EXPORTER_OTLP_HEADERS instead".to_owned());
    }
    // Its own parser accepts any text as a port, and port 0 cannot be connected to.
    let after_host = authority.and_then(|authority| authority.as_str().strip_prefix(authority.host()));
    if after_host.is_some_and(|port| !port.is_empty()) && uri_port(authority) == 0 {
        return Err(format!("its port is not a number from 1 to 65535; {expected}"));
    }
    if let Some(signal) = appended {
        let path = parts.path_and_query.as_ref();
        let query = path.and_then(PathAndQuery::query);
        let path = path.map_or("", PathAndQuery::path).trim_end_matches('/');
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{path}/v1/{}{query}", signal.as_str());
        parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(|error| error.to_string())?);
    }
    Uri::from_parts(parts).map_err(|error| error.to_string())
}

/// Returns the port of an authority, or 0 if it has no valid one.
fn uri_port(authority: Option<&Authority>) -> u16 {
    authority.and_then(Authority::port_u16).unwrap_or_default()
}

fn headers(variables: &Variables<'_>, signal: Signal) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(variable) = variables.of_signal(signal, "HEADERS") else {
        return headers;
    };
    for (name, value) in variables.pairs(Some(&variable)) {
        let Ok(header) = HeaderName::try_from(&name) else {
            // A secret without its name in front of it would be here.
            variables.ignore(&variable.name, "a name is not that of a header");
            continue;
        };
        match HeaderValue::try_from(value) {
            _ if OWN_HEADERS.contains(&header) => {
                variables.ignore(
                    &variable.name,
                    format_args!("the webhook sets the header {header}"),
                );
            }
            Ok(mut value) => {
                value.set_sensitive(true);
                headers.insert(header, value);
            }
            Err(_) => variables.ignore(
                &variable.name,
                format_args!("the header {header} has an invalid value"),
            ),
        }
    }
    headers
}

fn gzip(variables: &Variables<'_>, signal: Signal) -> bool {
    let Some(Variable { name, value }) = variables.of_signal(signal, "COMPRESSION") else {
        return false;
    };
    match value.as_str() {
        "gzip" => true,
        "none" => false,
        _ => {
            variables.ignore(
                &name,
                format_args!("the compression `{value}` is not supported; use gzip or none"),
            );
            false
        }
    }
}

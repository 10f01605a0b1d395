//! A collector of OpenTelemetry, which takes spans and metrics by OTLP over HTTP.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use prost::Message as _;
use rustls::{ServerConnection, StreamOwned};

use super::other_webhook::end_of_request;
use super::pair::Pair;

/// A collector that answers until the tests end.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    received: Mutex<Vec<Received>>,
    /// Status of the answers. 0 means that no request is answered.
    status: AtomicU16,
}

/// A request to the collector.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its path.
    pub path: String,
    /// Its headers, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// A span, with the attributes of its resource.
#[derive(Clone, Debug)]
pub struct ReceivedSpan {
    /// Name.
    pub name: String,
    /// Identifier of the trace, in hexadecimal digits.
    pub trace: String,
    /// Identifier of the parent, in hexadecimal digits. Empty for a root.
    pub parent: String,
    /// Number of the kind: 2 is a server.
    pub kind: i32,
    /// Number of the status: 2 is an error.
    pub status: i32,
    /// Duration in nanoseconds.
    pub duration: u64,
    /// Attributes, as texts.
    pub attributes: BTreeMap<String, String>,
    /// Attributes of the resource, as texts.
    pub resource: BTreeMap<String, String>,
}

impl Collector {
    /// Starts a collector without TLS.
    pub fn start() -> Self {
        Self::serve(None)
    }

    /// Starts a collector with TLS.
    pub fn with_tls(pair: &Pair) -> Self {
        Self::serve(Some(pair))
    }

    /// Sets the status of the answers. With 0 requests are read and never answered.
    pub fn answer_with(&self, status: u16) {
        self.shared.status.store(status, Ordering::Relaxed);
    }

    /// Returns the value of the variable for its endpoint.
    pub fn endpoint(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.address.port())
    }

    /// Returns all requests to a path.
    pub fn received(&self, path: &str) -> Vec<Received> {
        let received = self.shared.received.lock().unwrap();
        received
            .iter()
            .filter(|request| request.path == path)
            .cloned()
            .collect()
    }

    /// Returns all spans.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        let requests = self.received("/v1/traces");
        requests.iter().flat_map(|request| request.spans()).collect()
    }

    /// Returns the series of the last metrics, as `/metrics` writes them, and their values.
    pub fn metrics(&self) -> Option<BTreeMap<String, f64>> {
        self.received("/v1/metrics").last().map(Received::metrics)
    }

    fn serve(pair: Option<&Pair>) -> Self {
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            status: AtomicU16::new(200),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = pair.map(Pair::server_config);
        let collector = Self {
            address,
            scheme: if pair.is_some() { "https" } else { "http" },
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (shared, config) = (Arc::clone(&shared), config.clone());
                thread::spawn(move || match config {
                    None => shared.serve(socket),
                    Some(config) => {
                        let tls = ServerConnection::new(config).expect("a valid configuration");
                        shared.serve(StreamOwned::new(tls, socket))
                    }
                });
            }
        });
        collector
    }
}

impl Shared {
    fn serve(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 << 10];
        loop {
            let Some(end) = end_of_request(&bytes) else {
                match stream.read(&mut chunk)? {
                    0 => return Ok(()),
                    read => bytes.extend_from_slice(&chunk[..read]),
                }
                continue;
            };
            let request: Vec<u8> = bytes.drain(..end).collect();
            self.received.lock().unwrap().push(Received::parse(&request));
            match self.status.load(Ordering::Relaxed) {
                // The client closes the connection once its timeout has passed.
                0 => drop(stream.read(&mut chunk)?),
                status => {
                    write!(stream, "HTTP/1.1 {status} Status\r\nContent-Length: 0\r\n\r\n")?;
                    stream.flush()?;
                }
            }
        }
    }
}

impl Received {
    fn parse(request: &[u8]) -> Self {
        let start = request.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8(request[..start].to_vec()).unwrap();
        let headers = head.lines().skip(1).filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        });
        Self {
            path: head.split(' ').nth(1).unwrap().to_owned(),
            headers: headers.collect(),
            body: request[start..].to_vec(),
        }
    }

    /// Returns the spans of a request.
    ///
    /// # Panics
    ///
    /// If the body does not have spans.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        let request = ExportTraceServiceRequest::decode(self.body.as_slice()).unwrap();
        let mut spans = Vec::new();
        for of_resource in request.resource_spans {
            let resource = texts(&of_resource.resource.unwrap_or_default().attributes);
            for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                spans.push(ReceivedSpan {
                    trace: hex(&span.trace_id),
                    parent: hex(&span.parent_span_id),
                    kind: span.kind,
                    status: span.status.as_ref().map_or(0, |status| status.code),
                    duration: span.end_time_unix_nano - span.start_time_unix_nano,
                    attributes: texts(&span.attributes),
                    resource: resource.clone(),
                    name: span.name,
                });
            }
        }
        spans
    }

    fn metrics(&self) -> BTreeMap<String, f64> {
        let request = ExportMetricsServiceRequest::decode(self.body.as_slice()).unwrap();
        let scopes = request
            .resource_metrics
            .into_iter()
            .flat_map(|metrics| metrics.scope_metrics);
        let mut series = BTreeMap::new();
        for metric in scopes.flat_map(|scope| scope.metrics) {
            let name = metric.name;
            match metric.data.unwrap() {
                Data::Sum(sum) => {
                    assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "{name}");
                    for point in sum.data_points {
                        assert!(point.start_time_unix_nano > 0 && point.time_unix_nano > 0);
                        series.insert(series_name(&name, &point.attributes, None), number(point.value));
                    }
                }
                Data::Gauge(gauge) => {
                    for point in gauge.data_points {
                        series.insert(series_name(&name, &point.attributes, None), number(point.value));
                    }
                }
                Data::Histogram(histogram) => {
                    for point in histogram.data_points {
                        let bounds = point.explicit_bounds.iter().map(ToString::to_string);
                        let bounds = bounds.chain(["+Inf".to_owned()]);
                        let mut below = 0;
                        for (bound, count) in bounds.zip(&point.bucket_counts) {
                            below += count;
                            let bucket = format!("{name}_bucket");
                            series.insert(
                                series_name(&bucket, &point.attributes, Some(&bound)),
                                below as f64,
                            );
                        }
                        assert_eq!(below, point.count);
                        let of = |suffix| series_name(&format!("{name}_{suffix}"), &point.attributes, None);
                        series.insert(of("count"), point.count as f64);
                        series.insert(of("sum"), point.sum.unwrap());
                    }
                }
                data => panic!("{name} is {data:?}"),
            }
        }
        series
    }
}

fn number(value: Option<number_data_point::Value>) -> f64 {
    match value.unwrap() {
        number_data_point::Value::AsDouble(value) => value,
        number_data_point::Value::AsInt(value) => value as f64,
    }
}

fn series_name(name: &str, attributes: &[KeyValue], bound: Option<&str>) -> String {
    let mut labels: Vec<String> = texts(attributes)
        .into_iter()
        .map(|(key, value)| format!("{key}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    labels.extend(bound.map(|bound| format!("le=\"{bound}\"")));
    match labels.is_empty() {
        true => name.to_owned(),
        false => format!("{name}{{{}}}", labels.join(",")),
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let attributes = attributes.iter();
    attributes
        .map(|attribute| (attribute.key.clone(), text(attribute.value.as_ref())))
        .collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::ArrayValue(array)) => {
            let values = array.values.iter().map(|value| text(Some(value)));
            values.collect::<Vec<_>>().join(",")
        }
        value => panic!("an attribute is {value:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

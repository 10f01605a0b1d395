//! Export by OTLP: its variables, collectors that are down or slow, and the push of metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use imageswap_tests_support::webhook::{
    Collector, Connection, MAP, Pair, Server, Start, eventually, eventually_within, pod,
};
use serde_json::Value;

use crate::IMAGESWAP;
use crate::traces::traced;

/// Starts a webhook that pushes metrics at once, and exports no spans.
fn pushing(collector: &Collector) -> Start {
    Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())
        .env("OTEL_TRACES_EXPORTER", "none")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "50")
}

/// Returns the series of an answer to `/metrics`, with their values.
fn scraped(server: &Server) -> BTreeMap<String, f64> {
    let text = server.get("/metrics").text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.map(|line| line.rsplit_once(' ').unwrap());
    series
        .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
        .collect()
}

#[test]
fn pushed_metrics_are_those_of_the_page() {
    let collector = Collector::start();
    let server = pushing(&collector).serve();
    let mut connection = server.connect();
    connection.post("/", &pod(&["nginx", "quay.io/x", "Bad", "auto"]));
    connection.post("/", b"no review");
    drop(connection);
    eventually("the connection to be closed", || {
        server.metric("imageswap_connections", "tls") == 0.0
    });
    // Each scrape is a connection, and the process lives on.
    let changes = |series: &str| series.contains("port=\"plain\"") || series.starts_with("process_");
    let stable = |series: &BTreeMap<String, f64>| {
        let series = series.clone().into_iter();
        series
            .filter(|(name, _)| !changes(name))
            .collect::<BTreeMap<_, _>>()
    };
    let expected = scraped(&server);
    eventually("the same metrics", || {
        collector
            .metrics()
            .is_some_and(|pushed| stable(&pushed) == stable(&expected))
    });
    let pushed = collector.metrics().unwrap();
    assert_eq!(
        pushed.keys().collect::<BTreeSet<_>>(),
        expected.keys().collect::<BTreeSet<_>>()
    );
    assert_eq!(
        pushed["process_start_time_seconds"],
        expected["process_start_time_seconds"]
    );
    assert!(pushed["process_resident_memory_bytes"] > f64::from(1 << 20));
    let swapped = "imageswap_images_total{effect=\"swap\",rule=\"map\"}";
    assert_eq!(pushed[swapped], 1.0);
    assert!(expected.len() > 60, "{}", expected.len());
    assert!(collector.received("/v1/traces").is_empty());
}

#[test]
fn last_spans_and_metrics_are_exported_at_the_end() {
    let collector = Collector::start();
    let mut server = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--shutdown-delay", "0"])
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            &format!("{}/", collector.endpoint()),
        )
        .serve();
    server.post(&pod(&["nginx"]));
    server.post(&pod(&["nginx"]));
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    assert_eq!(collector.spans().len(), 2);
    let pushed = collector.metrics().unwrap();
    let patched =
        "imageswap_requests_total{dry_run=\"false\",kind=\"Pod\",operation=\"CREATE\",outcome=\"patched\"}";
    assert_eq!(pushed[patched], 2.0);
}

#[test]
fn variables_of_a_signal_have_priority() {
    let [traces, metrics] = [(); 2].map(|()| Collector::start());
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1/base")
        .env(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            &format!("{}/v1/traces", traces.endpoint()),
        )
        .env(
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            &format!("{}/elsewhere?a=b", metrics.endpoint()),
        )
        .env(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "Authorization=Basic%20dXNlcg%3D%3D, x-scope=a",
        )
        .env("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-token=t1")
        .env("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip")
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")
        .env("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf")
        .env("OTEL_SERVICE_NAME", "swapper")
        .env(
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=other,deployment.environment.name=a%2Cb",
        )
        .env("OTEL_BSP_SCHEDULE_DELAY", "20")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "50")
        .serve();
    server.post(&pod(&["nginx"]));
    eventually("both", || {
        !traces.spans().is_empty() && !metrics.received("/elsewhere?a=b").is_empty()
    });
    let of_traces = traces.received("/v1/traces").remove(0);
    assert_eq!(of_traces.headers["content-type"], "application/x-protobuf");
    assert_eq!(of_traces.headers["x-token"], "t1");
    assert!(!of_traces.headers.contains_key("authorization"));
    let of_metrics = metrics.received("/elsewhere?a=b").remove(0);
    assert_eq!(of_metrics.headers["authorization"], "Basic dXNlcg==");
    assert_eq!(of_metrics.headers["x-scope"], "a");
    assert_eq!(of_metrics.headers["content-encoding"], "gzip");
    let mut message = Vec::new();
    GzDecoder::new(of_metrics.body.as_slice())
        .read_to_end(&mut message)
        .unwrap();
    assert!(String::from_utf8_lossy(&message).contains("imageswap_requests_total"));
    let resource = &traces.spans()[0].resource;
    assert_eq!(resource["service.name"], "swapper");
    assert_eq!(resource["deployment.environment.name"], "a,b");
    // Values of headers are secrets.
    assert!(!server.stderr().contains("dXNlcg"), "{}", server.stderr());
}

#[test]
fn collector_with_tls_is_trusted_by_its_certificate() {
    let pair = Pair::generate();
    let collector = Collector::with_tls(&pair);
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let server = traced(&collector)
        .env(
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            &file("ca.pem", &pair.certificate),
        )
        .serve();
    server.post(&pod(&["nginx"]));
    eventually("the span", || collector.spans().len() == 1);
    let server = traced(&collector)
        .env(
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            &file("other.pem", &Pair::generate().certificate),
        )
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
        .serve();
    server.post(&pod(&["nginx"]));
    let failed = server.wait_for_log(|line| line["message"] == "export failed");
    assert!(
        failed["error"].as_str().unwrap().contains("certificate"),
        "{failed}"
    );
    assert_eq!(collector.spans().len(), 1);
    for certificate in [&file("none.pem", "no certificate\n"), "/does/not/exist"] {
        let server = traced(&collector)
            .env("OTEL_EXPORTER_OTLP_CERTIFICATE", certificate)
            .serve();
        let line = server.wait_for_log(|line| line["message"] == "traces are not exported");
        assert_eq!(line["variable"], "OTEL_EXPORTER_OTLP_CERTIFICATE");
        assert!(line["problem"].as_str().unwrap().contains(certificate), "{line}");
        assert_eq!(server.post(&pod(&["nginx"])).status, 200);
    }
}

#[test]
fn invalid_variable_is_named_and_stops_nothing() {
    let collector = Collector::start();
    let cases = [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector:4318",
            "traces are not exported",
            "http://",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://",
            "traces are not exported",
            "URL",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "ftp://collector",
            "metrics are not exported",
            "http://",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "http://h:99999/",
            "traces are not exported",
            "port",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "http://user:pass@h/",
            "metrics are not exported",
            "OTEL_EXPORTER_OTLP_HEADERS",
        ),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "traces are not exported",
            "http/protobuf",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
            "http/json",
            "metrics are not exported",
            "http/protobuf",
        ),
        ("OTEL_TRACES_EXPORTER", "zipkin", "variable ignored", "zipkin"),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "s3cr3t",
            "variable ignored",
            "entry 1",
        ),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "variable ignored", "`10s`"),
        (
            "OTEL_EXPORTER_OTLP_COMPRESSION",
            "zstd",
            "variable ignored",
            "gzip",
        ),
        (
            "OTEL_TRACES_SAMPLER",
            "sometimes",
            "variable ignored",
            "always_on",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "0", "variable ignored", "5000"),
        (
            "OTEL_BSP_MAX_QUEUE_SIZE",
            "1000000000000",
            "variable ignored",
            "2048",
        ),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-1", "variable ignored", "60000"),
        ("OTEL_SDK_DISABLED", "1", "variable ignored", "true or false"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a", "variable ignored", "key=value"),
        ("OTEL_PROPAGATORS", "b3", "variable ignored", "tracecontext"),
    ];
    for (variable, value, message, text) in cases {
        let server = Start::new(IMAGESWAP)
            .self_signed()
            .map(MAP)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())
            .env(variable, value)
            .serve();
        let is_about = |line: &Value| line["variable"] == variable && line["message"] == message;
        let line = server.wait_for_log(is_about);
        assert_eq!(line["level"], "WARN", "{line}");
        assert!(line["problem"].as_str().unwrap().contains(text), "{line}");
        assert_eq!(server.post(&pod(&["nginx"])).images().len(), 1, "{variable}");
        assert!(!server.stderr().contains("s3cr3t") && !server.stderr().contains("user:pass"));
    }
}

/// Number of reviews that a test of a broken collector posts. They are more than the queue has room for.
const REVIEWS: usize = 3000;

/// Returns the time that the reviews take.
fn time_of_reviews(connection: &mut Connection) -> Duration {
    let body = pod(&["nginx"]);
    let started = Instant::now();
    for _ in 0..REVIEWS {
        assert_eq!(connection.post("/", &body).status, 200);
    }
    started.elapsed()
}

#[test]
fn broken_collector_costs_requests_nothing_and_is_reported_once() {
    let [hanging, failing] = [0, 503].map(|status| {
        let collector = Collector::start();
        collector.answer_with(status);
        collector
    });
    // A port that nothing listens on, and one whose queue of connections nothing accepts.
    let down = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unaccepted = TcpListener::bind("127.0.0.1:0").unwrap();
    let unaccepted_address = unaccepted.local_addr().unwrap();
    let without = Start::new(IMAGESWAP).self_signed().map(MAP).serve();
    let baseline = time_of_reviews(&mut without.connect());
    for (endpoint, error) in [
        (hanging.endpoint(), "did not answer"),
        (failing.endpoint(), "503"),
        (format!("http://{down}"), "os error 111"),
        (format!("http://{unaccepted_address}"), "did not answer"),
    ] {
        let mut server = Start::new(IMAGESWAP)
            .self_signed()
            .map(MAP)
            .args(["--shutdown-delay", "0"])
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
            .env("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
            .env("OTEL_BSP_SCHEDULE_DELAY", "20")
            .env("OTEL_METRIC_EXPORT_INTERVAL", "20")
            .serve();
        let mut connection = server.connect();
        let took = time_of_reviews(&mut connection);
        tell!("{REVIEWS} reviews took {took:?} with {endpoint} ({error}), {baseline:?} without");
        assert!(
            took < 10 * baseline,
            "{took:?} with {endpoint}, {baseline:?} without"
        );
        let more = server.peak_memory().saturating_sub(without.peak_memory()) >> 10;
        tell!("and {more} MiB more");
        assert!(more < 64, "{more} MiB");
        let failures = || {
            let lines = server.log().into_iter();
            lines
                .filter(|line| line["message"] == "export failed")
                .collect::<Vec<_>>()
        };
        eventually("both failures", || failures().len() >= 2);
        let failed = failures();
        assert!(
            failed
                .iter()
                .all(|line| line["error"].as_str().unwrap().contains(error)),
            "{failed:?}"
        );
        std::thread::sleep(Duration::from_secs(1));
        // One for each signal in a minute.
        assert_eq!(failures().len(), 2);
        drop(connection);
        server.signal("TERM");
        assert_eq!(server.wait().code(), Some(0));
    }
}

#[test]
fn dropped_spans_are_reported_once_and_the_others_are_exported() {
    let collector = Collector::start();
    collector.answer_with(0);
    let server = traced(&collector)
        .env("OTEL_BSP_MAX_QUEUE_SIZE", "10")
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "5000")
        .serve();
    let mut connection = server.connect();
    connection.post("/", &pod(&["nginx"]));
    eventually("the export", || !collector.received("/v1/traces").is_empty());
    collector.answer_with(200);
    for _ in 0..50 {
        assert_eq!(connection.post("/", &pod(&["nginx"])).status, 200);
    }
    let is_about = |line: &Value| line["message"].as_str().unwrap().starts_with("spans dropped");
    assert_eq!(server.wait_for_log(is_about)["dropped"], 1);
    // The first one, whose export fails, and those that the queue had room for.
    eventually("the waiting spans", || collector.spans().len() >= 11);
    assert_eq!(collector.spans().len(), 11);
    connection.post("/", &pod(&["nginx"]));
    eventually("a later span", || collector.spans().len() == 12);
    assert_eq!(server.log().iter().filter(|line| is_about(line)).count(), 1);
}

#[test]
fn end_does_not_wait_for_a_collector_that_hangs() {
    let collector = Collector::start();
    collector.answer_with(0);
    let mut server = traced(&collector)
        .args(["--shutdown-delay", "0"])
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "600000")
        .env("OTEL_BSP_EXPORT_TIMEOUT", "600000")
        .serve();
    server.post(&pod(&["nginx"]));
    eventually("the export", || !collector.received("/v1/traces").is_empty());
    server.post(&pod(&["nginx"]));
    server.signal("TERM");
    let signaled = Instant::now();
    assert_eq!(server.wait().code(), Some(0));
    let took = signaled.elapsed();
    tell!("the end took {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(
        server
            .log()
            .iter()
            .any(|line| { line["message"] == "the last spans or metrics were not exported before the end" })
    );
}

#[test]
fn export_works_again_after_a_failure_and_says_so() {
    let collector = Collector::start();
    collector.answer_with(400);
    let server = pushing(&collector).serve();
    server.wait_for_log(|line| line["message"] == "export failed");
    collector.answer_with(200);
    server.wait_for_log(|line| line["message"] == "export works again");
    collector.answer_with(503);
    let before = collector.received("/v1/metrics").len();
    eventually_within(Duration::from_secs(60), "another attempt", || {
        collector.received("/v1/metrics").len() > before + 1
    });
    let lines = server.log();
    let failures = lines.iter().filter(|line| line["message"] == "export failed");
    assert_eq!(failures.count(), 1);
}

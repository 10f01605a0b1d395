//! Traces by OTLP.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use imageswap_tests_support::recorded::review;
use imageswap_tests_support::webhook::{
    Answer, Collector, Connection, MAP, ReceivedSpan, Server, Start, Volume, eventually, pod,
};
use serde_json::{Value, json};

use crate::IMAGESWAP;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Starts a webhook that exports spans at once, and no metrics.
pub(crate) fn traced(collector: &Collector) -> Start {
    Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())
        .env("OTEL_METRICS_EXPORTER", "none")
        .env("OTEL_BSP_SCHEDULE_DELAY", "20")
}

/// Posts a body with more lines of the head.
fn post_with(connection: &mut Connection, path: &str, lines: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: webhook\r\nContent-Length: {length}\r\n{lines}\r\n\r\n");
    connection.send(head.as_bytes()).unwrap();
    connection.send(body).unwrap();
    connection.answer().unwrap()
}

/// Waits for a number of spans, and returns all.
fn spans(collector: &Collector, count: usize) -> Vec<ReceivedSpan> {
    eventually("the spans", || collector.spans().len() >= count);
    collector.spans()
}

fn attributes<const N: usize>(expected: [(&str, &str); N]) -> BTreeMap<String, String> {
    let expected = expected.into_iter();
    expected
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn span_is_joined_to_the_trace_of_the_caller() {
    let collector = Collector::start();
    let server = traced(&collector)
        .args(["--pod-name", "imageswap-1", "--namespace-name", "swapping"])
        .serve();
    let lines = format!("traceparent: 00-{TRACE}-{PARENT}-01\r\ntracestate: vendor=1");
    let answer = post_with(&mut server.connect(), "/?timeout=10s", &lines, &pod(&["nginx"]));
    assert_eq!(answer.images().len(), 1);
    let span = spans(&collector, 1).remove(0);
    assert_eq!((span.trace.as_str(), span.parent.as_str()), (TRACE, PARENT));
    assert_eq!((span.name.as_str(), span.kind, span.status), ("POST /", 2, 0));
    assert!(span.duration > 0 && span.duration < 10_000_000_000);
    let expected = attributes([
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("http.route", "/"),
        ("imageswap.dry_run", "false"),
        ("imageswap.images", "1"),
        ("imageswap.kind", "Pod"),
        ("imageswap.name", "p"),
        ("imageswap.operation", "CREATE"),
        ("imageswap.outcome", "patched"),
        ("imageswap.rules", "map"),
        ("imageswap.uid", "u1"),
        ("k8s.namespace.name", "default"),
        ("url.path", "/"),
        ("url.scheme", "https"),
    ]);
    assert_eq!(span.attributes, expected);
    let of_resource = |key: &str| span.resource.get(key).map(String::as_str);
    assert_eq!(of_resource("service.name"), Some("imageswap"));
    assert_eq!(of_resource("service.version"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(of_resource("service.instance.id"), Some("imageswap-1"));
    assert_eq!(of_resource("k8s.pod.name"), Some("imageswap-1"));
    assert_eq!(of_resource("k8s.namespace.name"), Some("swapping"));
}

#[test]
fn caller_decides_on_the_sampling_and_a_malformed_parent_starts_a_trace() {
    let collector = Collector::start();
    let server = traced(&collector).serve();
    let mut connection = server.connect();
    let mut post = |lines: &str| post_with(&mut connection, "/", lines, &pod(&["nginx"])).status;
    // Not sampled by the caller.
    for _ in 0..5 {
        assert_eq!(post(&format!("traceparent: 00-{TRACE}-{PARENT}-00")), 200);
    }
    let malformed = [
        "traceparent: garbage".to_owned(),
        format!("traceparent: 00-{TRACE}-{PARENT}"),
        format!("traceparent: ff-{TRACE}-{PARENT}-01"),
        format!("traceparent: 00-{}-{PARENT}-01", "0".repeat(32)),
        format!("traceparent: 00-{}-{PARENT}-01", &TRACE[1..]),
        format!("traceparent: 00-{TRACE}-{PARENT}-01\r\ntraceparent: 00-{TRACE}-{PARENT}-01"),
        "X-Other: 1".to_owned(),
    ];
    for lines in &malformed {
        assert_eq!(post(lines), 200, "{lines}");
    }
    let spans = spans(&collector, malformed.len());
    assert_eq!(spans.len(), malformed.len());
    let mut traces: Vec<_> = spans.iter().map(|span| span.trace.as_str()).collect();
    traces.sort_unstable();
    traces.dedup();
    assert_eq!(traces.len(), malformed.len());
    assert!(
        spans
            .iter()
            .all(|span| span.parent.is_empty() && span.trace != TRACE)
    );
}

#[test]
fn sampler_of_the_variable_is_used() {
    let collector = Collector::start();
    let off = traced(&collector)
        .env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        .env("OTEL_TRACES_SAMPLER_ARG", "0")
        .serve();
    let mut connection = off.connect();
    for _ in 0..20 {
        connection.post("/", &pod(&["nginx"]));
    }
    post_with(
        &mut connection,
        "/",
        &format!("traceparent: 00-{TRACE}-{PARENT}-01"),
        &pod(&["nginx"]),
    );
    let spans = spans(&collector, 1);
    assert_eq!((spans.len(), spans[0].trace.as_str()), (1, TRACE));
    // Without the propagator, the trace of the caller has no effect.
    let alone = traced(&collector).env("OTEL_PROPAGATORS", "none").serve();
    let lines = format!("traceparent: 00-{TRACE}-{PARENT}-00");
    post_with(&mut alone.connect(), "/", &lines, &pod(&["nginx"]));
    eventually("the root", || {
        collector.spans().iter().any(|span| span.parent.is_empty())
    });
}

#[test]
fn every_endpoint_has_spans_with_its_outcome() {
    let collector = Collector::start();
    let rules = Volume::mount(&[("a.rules", b"rules v1\ndeny nginx because \"no\" as no-nginx\n")]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(rules.path())
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())
        .env("OTEL_METRICS_EXPORTER", "prometheus")
        .env("OTEL_BSP_SCHEDULE_DELAY", "20")
        .serve();
    let mut connection = server.connect();
    let config_map = crate::validate::review("CREATE", Value::Null, json!({"a.rules": "rules v2\n"}));
    let config_map = config_map.to_string().into_bytes();
    let workload = review("016-create-deployments-web.json");
    let cases = [
        ("/", "/", pod(&["nginx", "redis"]), 200, "denied", "no-nginx"),
        (
            "/hook/late",
            "/hook/{name}",
            pod(&["redis"]),
            200,
            "unchanged",
            "",
        ),
        ("/break-glass", "/break-glass", workload, 200, "unchanged", "-"),
        ("/validate", "/validate", config_map, 200, "denied", "-"),
        ("/", "/", b"no review".to_vec(), 400, "malformed", "-"),
    ];
    for (path, _, body, status, ..) in &cases {
        assert_eq!(connection.post(path, body).status, *status, "{path}");
    }
    let spans = spans(&collector, cases.len());
    for ((path, route, _, status, outcome, rules), span) in cases.iter().zip(&spans) {
        let attribute = |key: &str| span.attributes.get(key).map_or("-", String::as_str);
        assert_eq!(span.name, format!("POST {route}"));
        assert_eq!((attribute("url.path"), attribute("http.route")), (*path, *route));
        assert_eq!(attribute("http.response.status_code"), status.to_string());
        assert_eq!(
            (attribute("imageswap.outcome"), attribute("imageswap.rules")),
            (*outcome, *rules)
        );
        // An error of the caller is not one of the server.
        assert_eq!((span.status, attribute("error.type")), (0, "-"), "{path}");
    }
    // The caller closes the connection before its body is complete.
    let mut gone = server.connect();
    gone.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf")
        .unwrap();
    drop(gone);
    eventually("the span of the closed connection", || {
        collector.spans().iter().any(|span| {
            let has = |key: &str, value: &str| span.attributes.get(key).is_some_and(|is| is == value);
            has("error.type", "canceled") || has("imageswap.outcome", "broken")
        })
    });
    // Only reviews have spans.
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(server.get(path).status, 200);
    }
    thread::sleep(Duration::from_millis(200));
    assert_eq!(collector.spans().len(), cases.len() + 1);
}

#[test]
fn span_has_no_part_of_an_object_and_only_short_texts() {
    const SECRET: &str = "s3cr3t";
    let collector = Collector::start();
    let server = traced(&collector).serve();
    let mut review: Value = serde_json::from_slice(&pod(&["nginx", "redis:s3cr3t", "BAD/s3cr3t"])).unwrap();
    let object = &mut review["request"]["object"];
    object["metadata"]["annotations"] = json!({"token": SECRET, "s3cr3t": "x"});
    object["metadata"]["labels"] = json!({"s3cr3t": SECRET});
    object["spec"]["containers"][0]["env"] = json!([{"name": "s3cr3t", "value": SECRET}]);
    object["spec"]["containers"][0]["name"] = SECRET.into();
    object["spec"]["imagePullSecrets"] = json!([{"name": SECRET}]);
    review["request"]["userInfo"] = json!({"username": SECRET, "extra": {"s3cr3t": [SECRET]}});
    review["request"]["options"] = json!({"s3cr3t": SECRET});
    review["request"]["name"] = "n".repeat(1 << 20).into();
    review["request"]["namespace"] = "ö".repeat(1 << 20).into();
    review["request"]["uid"] = "u".repeat(1 << 20).into();
    let body = review.to_string();
    let path = format!("/hook/{}?timeout=10s&x={SECRET}", "p".repeat(4000));
    let lines = format!("Authorization: Bearer {SECRET}\r\nCookie: {SECRET}\r\nUser-Agent: {SECRET}");
    assert_eq!(
        post_with(&mut server.connect(), &path, &lines, body.as_bytes()).status,
        200
    );
    let span = spans(&collector, 1).remove(0);
    assert_eq!(span.attributes["imageswap.images"], "3");
    assert!(span.attributes.values().all(|value| value.len() <= 256));
    let message = &collector.received("/v1/traces")[0].body;
    assert!(message.len() < 4096, "{}", message.len());
    let text = String::from_utf8_lossy(message);
    assert!(!text.to_lowercase().contains(SECRET), "{text}");
}

#[test]
fn nothing_is_exported_without_an_endpoint() {
    let has_thread = |server: &Server| {
        let tasks = fs::read_dir(format!("/proc/{}/task", server.id())).unwrap();
        let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        let mut names = tasks.flatten().map(name);
        names.any(|name| name.starts_with("OpenTelemetry"))
    };
    let collector = Collector::start();
    let on = traced(&collector).serve();
    assert!(has_thread(&on));
    let without = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", " ")
        .env("OTEL_TRACES_EXPORTER", "otlp")
        .env("OTEL_TRACES_SAMPLER", "always_on");
    let disabled = traced(&collector).env("OTEL_SDK_DISABLED", "TRUE");
    let none = traced(&collector).env("OTEL_TRACES_EXPORTER", "none");
    for start in [without, disabled, none] {
        let server = start.env("OTEL_METRIC_EXPORT_INTERVAL", "20").serve();
        assert!(!has_thread(&server));
        for _ in 0..20 {
            assert_eq!(server.post(&pod(&["nginx"])).status, 200);
        }
        thread::sleep(Duration::from_millis(200));
        let is_about_export = |line: &Value| line["message"].as_str().unwrap().contains("export");
        assert!(!server.log().iter().any(is_about_export), "{}", server.stderr());
    }
    assert!(collector.received("/v1/traces").is_empty() && collector.received("/v1/metrics").is_empty());
}

//! Tests of the settings, with variables of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry::Key;

use super::resource::Pod;
use super::settings::OtlpSettings;
use super::variables::{Effect, Problem, Signal, Variables};

/// Returns the settings in variables, and the problems in them.
fn read(variables: &[(&str, &str)]) -> (Option<OtlpSettings>, Vec<Problem>) {
    let set: BTreeMap<_, _> = variables.iter().copied().collect();
    let get = |name: &str| set.get(name).map(Into::into);
    let variables = Variables::new(&get);
    let pod = Pod {
        name: None,
        namespace: "n".to_owned(),
    };
    let settings = OtlpSettings::read(&variables, pod);
    (settings, variables.into_problems())
}

/// Returns the endpoints of traces and metrics for an endpoint of both.
fn endpoints(endpoint: &str) -> Option<[String; 2]> {
    let settings = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]).0?;
    let traces = settings.traces?.destination.endpoint.to_string();
    Some([traces, settings.metrics?.destination.endpoint.to_string()])
}

#[test]
fn endpoint_for_all_signals_gets_their_paths() {
    let expected = |start: &str| Some(["traces", "metrics"].map(|signal| format!("{start}/v1/{signal}")));
    for (endpoint, start) in [
        ("http://collector:4318", "http://collector:4318"),
        (" http://collector:4318/ ", "http://collector:4318"),
        ("https://[::1]:4318/base/", "https://[::1]:4318/base"),
        ("http://[fe80::1]", "http://[fe80::1]"),
        ("HTTP://collector", "http://collector"),
    ] {
        assert_eq!(endpoints(endpoint), expected(start), "{endpoint}");
    }
    for invalid in [
        "collector",
        "collector:4318",
        "/v1/traces",
        "http://",
        "http://:4318",
        "http://h:0",
        "http://h:65536",
        "http://h:port",
        "http://[::1]:x",
        "http://u:p@h",
        "unix:///socket",
        "http://a b",
    ] {
        assert_eq!(endpoints(invalid), None, "{invalid}");
    }
}

#[test]
fn general_problem_is_reported_once_and_that_of_a_signal_for_it() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h");
    let (settings, problems) = read(&[endpoint, ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let timeout = settings.unwrap().traces.unwrap().destination.timeout;
    assert_eq!(timeout, Duration::from_secs(10));
    let (settings, problems) = read(&[endpoint, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "h")]);
    let settings = settings.unwrap();
    assert!(settings.traces.is_none() && settings.metrics.is_some());
    let effects: Vec<_> = problems.iter().map(|problem| problem.effect).collect();
    assert_eq!(effects, [Effect::NotExported(Signal::Traces)]);
    // Without an endpoint the others do not matter.
    let (settings, problems) = read(&[("OTEL_TRACES_SAMPLER", "x"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "x")]);
    assert!(settings.is_none() && problems.is_empty());
}

#[test]
fn header_is_decoded_and_an_invalid_one_is_ignored() {
    let headers = "a=b%20c,Authorization=Bearer x==, =v, novalue,b d=e,f=g%0Ah,host=i,,j=%ff";
    let (settings, problems) = read(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_HEADERS", headers),
    ]);
    let headers = settings.unwrap().metrics.unwrap().destination.headers;
    assert_eq!(
        (headers.len(), problems.len()),
        (2, 6),
        "{headers:?} {problems:?}"
    );
    assert_eq!(
        (&headers["a"], &headers["authorization"]),
        (&"b c".parse().unwrap(), &"Bearer x==".parse().unwrap())
    );
    // The log must not have the value of a header.
    assert!(!format!("{headers:?}").contains("Bearer"));
}

#[test]
fn instance_without_a_name_differs_from_every_other() {
    let instance = || {
        let settings = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h")]).0.unwrap();
        let instance = settings.resource.get(&Key::new("service.instance.id"));
        instance.unwrap().to_string()
    };
    assert_eq!(instance().len(), 32);
    assert_ne!(instance(), instance());
}

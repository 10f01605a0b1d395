//! Drop-in replacement of imageswap-webhook v1.5.3: its command, variables and paths.

use std::os::unix::process::CommandExt as _;

use imageswap_tests_support::recorded::review;
use imageswap_tests_support::webhook::{MAP, Pair, STOPPED, Server, Start, Volume, command, pod};
use serde_json::Value;

use crate::IMAGESWAP;

/// Variables that the kubelet sets in a Pod of a namespace with the Services `imageswap` and `imageswap-metrics`.
const OF_SERVICES: [(&str, &str); 16] = [
    ("IMAGESWAP_SERVICE_HOST", "10.0.0.7"),
    ("IMAGESWAP_SERVICE_PORT", "443"),
    ("IMAGESWAP_SERVICE_PORT_HTTPS", "443"),
    ("IMAGESWAP_PORT", "tcp://10.0.0.7:443"),
    ("IMAGESWAP_PORT_443_TCP", "tcp://10.0.0.7:443"),
    ("IMAGESWAP_PORT_443_TCP_PROTO", "tcp"),
    ("IMAGESWAP_PORT_443_TCP_PORT", "443"),
    ("IMAGESWAP_PORT_443_TCP_ADDR", "10.0.0.7"),
    ("IMAGESWAP_METRICS_SERVICE_HOST", "10.0.0.8"),
    ("IMAGESWAP_METRICS_SERVICE_PORT", "9090"),
    ("IMAGESWAP_METRICS_PORT", "tcp://10.0.0.8:9090"),
    ("IMAGESWAP_METRICS_PORT_9090_TCP", "tcp://10.0.0.8:9090"),
    ("IMAGESWAP_METRICS_PORT_9090_TCP_PROTO", "tcp"),
    ("IMAGESWAP_METRICS_PORT_9090_TCP_PORT", "9090"),
    ("IMAGESWAP_METRICS_PORT_9090_TCP_ADDR", "10.0.0.8"),
    ("IMAGESWAP_METRICS_SERVICE_PORT_HTTP", "9090"),
];

fn warnings(server: &Server) -> Vec<String> {
    let text = |line: &Value| line["message"].as_str().unwrap().to_owned();
    server
        .log()
        .iter()
        .filter(|line| line["level"] == "WARN")
        .map(text)
        .collect()
}

#[test]
fn deployment_of_v1_5_3_works_with_only_its_image_changed() {
    let pair = Pair::generate();
    let tls = Volume::mount(&pair.files());
    let maps = Volume::mount(&[("imageswap-maps.conf", b"default:registry.example.com\n")]);
    let mut start = Start::as_gunicorn(IMAGESWAP)
        // In a cluster, the paths of the mounts determine these two.
        .env("IMAGESWAP_TLS_DIR", tls.path().to_str().unwrap())
        .env(
            "IMAGESWAP_MAPS_FILE",
            maps.file("imageswap-maps.conf").to_str().unwrap(),
        )
        .env("FLASK_ENV", "production")
        .env("PYTHONUNBUFFERED", "TRUE")
        .env("IMAGESWAP_MODE", "MAPS")
        .env("IMAGESWAP_LOG_LEVEL", "INFO")
        .env("IMAGESWAP_DISABLE_AUTO_MWC", "FALSE")
        .env("IMAGESWAP_CSR_SIGNER_NAME", "example.com/signer")
        .env("IMAGESWAP_POD_NAME", "imageswap-5d4f")
        .env("IMAGESWAP_NAMESPACE_NAME", "imageswap-system");
    for (name, value) in OF_SERVICES {
        start = start.env(name, value);
    }
    let server = start.serve();
    let answer = server.post(&review("018-create-pods-web-7bfb4bc78d.json"));
    assert_eq!(answer.images(), ["registry.example.com/nginx:1.25"]);
    // The shipped map has a deprecated line. No variable is unknown.
    let warnings = warnings(&server);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("a single `:` between key and value is deprecated"),
        "{warnings:?}"
    );
    let health: Value = serde_json::from_slice(&server.connect().get("/healthz").body).unwrap();
    assert_eq!(
        (&health["pod_name"], &health["health"]),
        (&"imageswap-5d4f".into(), &"ok".into())
    );
    assert!(health["date_time"].as_str().unwrap().starts_with("20"));
}

#[test]
fn init_container_fails_with_a_reason_and_a_help() {
    let output = command(IMAGESWAP)
        .arg0("/app/imageswap-init.py")
        .output()
        .unwrap();
    let line: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), &line["message"]),
        (Some(1), &STOPPED.into())
    );
    assert_eq!(
        line["error"],
        "the init container cannot use its ServiceAccount, by which it makes the certificate: its Pod has no token \
         (automountServiceAccountToken); help: to serve a pair of your own, remove the init container, and mount the \
         Secret with the pair at /tls"
    );
}

#[test]
fn variables_set_legacy_mode() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .env("IMAGESWAP_MODE", "LEGACY")
        .env("IMAGE_PREFIX", "jmsearcy/")
        .serve();
    assert_eq!(
        server.swap("quay.io/coreos/etcd:v3").as_deref(),
        Some("jmsearcy/etcd:v3")
    );
}

#[test]
fn break_glass_label_is_configurable() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .env("IMAGESWAP_DISABLE_LABEL", "example.com/no-swap")
        .serve();
    let body = String::from_utf8(pod(&["nginx"])).unwrap();
    let labeled = |label: &str| {
        let metadata = format!("\"metadata\":{{\"labels\":{{\"{label}\":\"disabled\"}},");
        body.replace("\"metadata\":{", &metadata).into_bytes()
    };
    assert_eq!(server.post(&labeled("example.com/no-swap")).images(), [""; 0]);
    assert_eq!(server.post(&labeled("k8s.twr.io/imageswap")).images().len(), 1);
}

#[test]
fn option_overrides_its_variable() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .env("IMAGESWAP_MODE", "LEGACY")
        .env("IMAGE_PREFIX", "h.io/from-variable")
        .args(["--image-prefix", "h.io/from-option"])
        .serve();
    assert_eq!(server.swap("nginx").as_deref(), Some("h.io/from-option/nginx"));
}

#[test]
fn switch_accepts_words_of_config_maps_and_empty_is_unset() {
    for on in ["TRUE", "true", "1", "yes"] {
        let server = Start::new(IMAGESWAP)
            .self_signed()
            .map(MAP)
            .env("IMAGESWAP_DRY_RUN", on)
            .serve();
        assert_eq!(server.swap("nginx"), None, "{on}");
    }
    for off in ["FALSE", "0", "no", ""] {
        let server = Start::new(IMAGESWAP)
            .self_signed()
            .map(MAP)
            .env("IMAGESWAP_DRY_RUN", off)
            .env("IMAGESWAP_MODE", "")
            .env("IMAGESWAP_LOG_LEVEL", "")
            .env("IMAGESWAP_DISABLE_LABEL", "")
            .serve();
        assert!(server.swap("nginx").is_some(), "{off}");
        assert_eq!(
            server.post(&review("041-create-pods-glass.json")).images(),
            [""; 0]
        );
    }
}

#[test]
fn error_in_a_variable_names_the_variable() {
    let (status, log) = Start::new(IMAGESWAP).env("IMAGESWAP_MODE", "both").end();
    assert_eq!((status, log.len()), (Some(2), 1));
    assert_eq!(log[0]["variable"], "IMAGESWAP_MODE", "{log:?}");
    let (_, log) = Start::new(IMAGESWAP)
        .env("IMAGESWAP_MODE", "maps")
        .args(["--mode", "both"])
        .end();
    assert_eq!(log[0]["variable"], Value::Null, "{log:?}");
    let output = command(IMAGESWAP)
        .args(["serve", "--log-format", "human"])
        .env("IMAGESWAP_MODE", "both")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.ends_with("The value comes from the variable IMAGESWAP_MODE.\n"),
        "{text}"
    );
}

#[test]
fn log_levels_of_python_are_accepted() {
    for level in ["DEBUG", "INFO", "NOTSET", "trace", "Info"] {
        // At these levels the log has the line `serving`.
        Start::new(IMAGESWAP)
            .self_signed()
            .map(MAP)
            .env("IMAGESWAP_LOG_LEVEL", level)
            .serve();
    }
    for level in ["WARNING", "CRITICAL", "ERROR", "FATAL", "off"] {
        let start = Start::new(IMAGESWAP)
            .env("IMAGESWAP_LOG_LEVEL", level)
            .args(["--maps-file", "/missing"]);
        assert_eq!(start.fail().0, Some(1), "{level}");
    }
}

#[test]
fn unknown_variable_is_reported_with_a_suggestion() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .env("IMAGESWAP_MAPS_FLIE", "/maps")
        .env("IMAGESWAP_COLOR", "blue")
        .env("IMAGESWAP_HTTP_PORT", "9090")
        .serve();
    assert_eq!(
        warnings(&server),
        [
            "the variable IMAGESWAP_COLOR means nothing; `imageswap serve --help` names those that do",
            "the variable IMAGESWAP_HTTP_PORT means nothing; `imageswap serve --help` names those that do",
            "the variable IMAGESWAP_MAPS_FLIE means nothing; is IMAGESWAP_MAPS_FILE meant?",
        ]
    );
}

#[test]
fn every_variable_has_an_option_in_the_help() {
    let output = command(IMAGESWAP).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for variable in [
        "IMAGESWAP_MODE",
        "IMAGESWAP_MAPS_FILE",
        "IMAGE_PREFIX",
        "IMAGESWAP_DISABLE_LABEL",
        "IMAGESWAP_LOG_LEVEL",
        "IMAGESWAP_NAMESPACE_NAME",
        "IMAGESWAP_POD_NAME",
    ] {
        assert!(help.contains(&format!("[env: {variable}")), "{variable}");
    }
    for heading in ["Rules:", "Network:", "Limits:", "Log:", "Identity:", "Examples:"] {
        assert!(help.contains(heading), "{heading}");
    }
}

#[test]
fn version_has_the_commit() {
    let output = command(IMAGESWAP).arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    let commit = version
        .trim()
        .strip_prefix(concat!("imageswap ", env!("CARGO_PKG_VERSION"), " (commit "));
    let commit = commit.and_then(|rest| rest.strip_suffix(')')).expect(&version);
    assert!(
        commit == "unknown" || commit.len() == 12 && commit.chars().all(|c| c.is_ascii_hexdigit()),
        "{version}"
    );
}

#[test]
fn dry_run_warns_and_changes_nothing() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--dry-run"])
        .serve();
    let review = server.post(&pod(&["nginx"])).review();
    assert!(review["response"].get("patch").is_none());
    assert_eq!(
        review["response"]["warnings"][0],
        "imageswap: would-swap (dry run): nginx of container c0 would become mirror.example.com/hub/nginx"
    );
    assert_eq!(
        server.metric("imageswap_images_total", "effect=\"would-swap\""),
        1.0
    );
}

#[test]
fn each_review_has_one_log_line() {
    let server = Server::start(IMAGESWAP);
    server.post(&review("018-create-pods-web-7bfb4bc78d.json"));
    let line = server.wait_for_log(|line| line["message"] == "reviewed");
    let expected = [
        ("level", Value::from("INFO")),
        ("uid", "d4589333-37f2-4d5d-9d57-a633d23b5f92".into()),
        ("namespace", "default".into()),
        ("kind", "Pod".into()),
        ("name", "web-7bfb4bc78d-".into()),
        ("operation", "CREATE".into()),
        ("outcome", "patched".into()),
        ("images", 1.into()),
        ("swapped", 1.into()),
        ("rules", "map".into()),
    ];
    for (field, value) in expected {
        assert_eq!(line[field], value, "{line}");
    }
    assert!(
        line["duration_us"].is_u64() && line["timestamp"].is_string(),
        "{line}"
    );
}

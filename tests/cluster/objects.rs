//! Objects of an installation and answers of its replicas: one reader for each.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_tests_support::webhook::{Connection, ControlPlane, Node, eventually_within};
use serde_json::Value;

pub(crate) const MUTATING: &str = "mutatingwebhookconfiguration";
pub(crate) const VALIDATING: &str = "validatingwebhookconfiguration";
pub(crate) const CONFIGURATIONS: [&str; 2] = [MUTATING, VALIDATING];
/// The webhook configuration that swaps Pods.
pub(crate) const SWAPPING: &str = "mutatingwebhookconfiguration/imageswap-webhook";

/// Returns an object, or a list of objects, of the cluster or of the namespace of the webhook.
#[track_caller]
pub(crate) fn object(plane: &ControlPlane, name: &str) -> Value {
    plane.json(&format!("kubectl get {name} -n imageswap-system -o json"))
}

fn decoded(base64: &str) -> String {
    String::from_utf8(STANDARD.decode(base64).unwrap()).unwrap()
}

/// Returns the content of the Secret of the webhook. It is empty if the Secret does not exist.
pub(crate) fn secret(plane: &ControlPlane) -> BTreeMap<String, String> {
    let ran = plane.run("kubectl get secret imageswap-tls -n imageswap-system -o json");
    let secret: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    let data = secret["data"].as_object().into_iter().flatten();
    data.map(|(key, value)| (key.clone(), decoded(value.as_str().unwrap())))
        .collect()
}

/// Returns the certificates that API servers trust by the first entry of a configuration, in PEM. Empty without any.
#[track_caller]
pub(crate) fn ca_bundle(plane: &ControlPlane, configuration: &str) -> String {
    let object = object(plane, configuration);
    let bundle = &object["webhooks"][0]["clientConfig"]["caBundle"];
    decoded(bundle.as_str().unwrap_or_default())
}

/// Returns a webhook configuration. `None` if it does not exist.
pub(crate) fn configuration(node: &Node, kind: &str) -> Option<Value> {
    node.api.get(&format!(
        "/apis/admissionregistration.k8s.io/v1/{kind}s/imageswap-webhook"
    ))
}

/// Returns the entries of a webhook configuration. Null without any.
pub(crate) fn webhooks(node: &Node, kind: &str) -> Value {
    configuration(node, kind).map_or(Value::Null, |object| object["webhooks"].clone())
}

/// Returns the version of a webhook configuration.
#[track_caller]
pub(crate) fn version(node: &Node, kind: &str) -> Value {
    configuration(node, kind).unwrap()["metadata"]["resourceVersion"].clone()
}

/// Returns a field of each Pod of the installation.
pub(crate) fn of_pods(plane: &ControlPlane, field: &str) -> Vec<String> {
    let line =
        format!("kubectl get pods -n imageswap-system -l app=imageswap -o jsonpath='{{.items[*].{field}}}'");
    let fields = plane.succeed(&line);
    fields.split_whitespace().map(str::to_owned).collect()
}

/// Returns what each replica answers at a path of its port without TLS.
pub(crate) fn replicas(plane: &ControlPlane, path: &str) -> Vec<String> {
    let read = |pod: String| {
        let proxy = format!("/api/v1/namespaces/imageswap-system/pods/{pod}:9090/proxy{path}");
        let ran = plane.run(&format!("kubectl get --raw {proxy}"));
        ran.stdout + &ran.stderr
    };
    of_pods(plane, "metadata.name").into_iter().map(read).collect()
}

/// Returns `/readyz` of all replicas.
pub(crate) fn readyz(plane: &ControlPlane) -> String {
    replicas(plane, "/readyz").concat()
}

/// Returns the addresses of all replicas.
pub(crate) fn pod_addresses(plane: &ControlPlane) -> Vec<IpAddr> {
    let addresses = of_pods(plane, "status.podIP").into_iter();
    addresses.map(|address| address.parse().unwrap()).collect()
}

/// Returns the certificate that each replica serves.
pub(crate) fn served(plane: &ControlPlane) -> Vec<Vec<u8>> {
    let addresses = pod_addresses(plane).into_iter();
    addresses
        .map(|address| Connection::open((address, 5000).into()).certificate())
        .collect()
}

/// Returns the address of the Service.
pub(crate) fn service_address(plane: &ControlPlane) -> SocketAddr {
    let service = object(plane, "service/imageswap");
    let host: IpAddr = service["spec"]["clusterIP"].as_str().unwrap().parse().unwrap();
    (host, 443).into()
}

/// Patches an object, and returns the time from the answer of the API server until a condition is true.
#[track_caller]
pub(crate) fn time_after(
    plane: &ControlPlane,
    line: &str,
    patch: &Value,
    is_so: impl FnMut() -> bool,
) -> Duration {
    plane.write("patch.json", &patch.to_string());
    plane.succeed(&format!("{line} --patch-file=patch.json"));
    let started = Instant::now();
    let what = format!("the effect of {line} {patch}");
    eventually_within(Duration::from_secs(20), &what, is_so);
    started.elapsed()
}

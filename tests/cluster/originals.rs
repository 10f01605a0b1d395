//! Original images in an annotation, a second entry, and other mutating webhooks before and after ours.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_tests_support::webhook::{ControlPlane, OtherWebhook, Pair, Server, Start, Volume};
use serde_json::{Value, json};

use super::waits::wait_for_image;
use crate::IMAGESWAP;

const RULES: &[u8] = b"\
rules v1
keep harbor.example.com/
deny **/banned because \"not in production\" as banned when hook strict
swap docker.io/ -> harbor.example.com/hub/ as hub
swap quay.io/ -> harbor.example.com/quay/ as strict when hook strict
";
const KEY: &str = "imageswap.k8s.twr.io/original-images";

/// Returns the webhook configuration: an entry for all namespaces, and one for those with the label `env=prod`.
fn configuration(server: &Server, authority: &str) -> Value {
    let entry = |name: &str, path: &str, selector: Value| {
        json!({
            "name": name, "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "reinvocationPolicy": "IfNeeded", "namespaceSelector": selector,
            "clientConfig": {
                "url": format!("https://localhost:{}{path}", server.address.port()),
                "caBundle": STANDARD.encode(authority),
            },
            "rules": [{
                "operations": ["CREATE", "UPDATE"], "apiGroups": [""], "apiVersions": ["v1"],
                "resources": ["pods", "pods/ephemeralcontainers"],
            }],
        })
    };
    let strict = json!({"matchLabels": {"env": "prod"}});
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "imageswap-webhook"},
        "webhooks": [
            entry("imageswap.webhook.k8s.twr.io", "/", json!({})),
            entry("strict.hook.imageswap.k8s.twr.io", "/hook/strict", strict),
        ],
    })
}

/// Returns the configuration of a webhook that adds a container, if the Pod lacks it.
fn injector(name: &str, webhook: &OtherWebhook) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{
            "name": format!("{name}.example.com"), "clientConfig": webhook.client_config(), "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "reinvocationPolicy": "IfNeeded",
            "objectSelector": {"matchLabels": {"inject": "yes"}},
            "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        }],
    })
}

fn inject(request: &Value) -> Vec<Value> {
    let containers = request["object"]["spec"]["containers"].as_array().unwrap();
    if containers.iter().any(|container| container["name"] == "proxy") {
        return Vec::new();
    }
    let proxy = json!({"name": "proxy", "image": "proxy:1"});
    vec![json!({"op": "add", "path": "/spec/containers/-", "value": proxy})]
}

fn originals(pod: &Value) -> Value {
    let annotation = &pod["metadata"]["annotations"][KEY];
    annotation
        .as_str()
        .map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

#[test]
fn original_images_are_recorded_in_every_pass() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    let rules = Volume::mount(&[("10-hub.rules", RULES)]);
    let pair = Pair::generate();
    let tls = Volume::mount(&pair.files());
    let server = start(tls.path(), rules.path());
    plane.apply(&configuration(&server, &pair.certificate).to_string());
    wait_for_image(
        &plane,
        "default",
        "nginx:1.25",
        "harbor.example.com/hub/library/nginx:1.25",
    );
    pods_of_the_caller(&plane);
    second_entry(&plane);
    other_webhooks(&plane);
}

fn start(tls: &Path, rules: &Path) -> Server {
    Start::new(IMAGESWAP)
        .args(["--tls-dir", tls.to_str().unwrap(), "--record-originals"])
        .rules(rules)
        .serve()
}

/// Each image is recorded when it is first swapped. Ephemeral containers are not recorded.
fn pods_of_the_caller(plane: &ControlPlane) {
    plane.apply(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: rich}\nspec:\n  \
         initContainers: [{name: setup, image: 'busybox:1'}]\n  \
         containers: [{name: web, image: 'nginx:1.25'}, {name: own, image: harbor.example.com/acme/api:7}]\n  \
         volumes: [{name: model, image: {reference: 'model:1'}}]\n",
    );
    let recorded = json!({
        "/spec/containers/0/image": "nginx:1.25", "/spec/initContainers/0/image": "busybox:1",
        "/spec/volumes/0/image/reference": "model:1",
    });
    let rich = || plane.json("kubectl get pod rich -o json");
    assert_eq!(originals(&rich()), recorded);

    // The API server drops what a request for ephemeral containers changes elsewhere.
    plane.succeed("kubectl debug rich --image=busybox:2 --container=look --target=web");
    let debugged = rich();
    assert_eq!(
        debugged["spec"]["ephemeralContainers"][0]["image"],
        "harbor.example.com/hub/library/busybox:2"
    );
    assert_eq!(originals(&debugged), recorded);

    // An image that was recorded keeps its entry; one that was not gets one.
    plane.succeed("kubectl set image pod/rich web=nginx:1.26 own=api:8");
    let updated = rich();
    assert_eq!(
        updated["spec"]["containers"][1]["image"],
        "harbor.example.com/hub/library/api:8"
    );
    let mut expected = recorded;
    expected["/spec/containers/1/image"] = "api:8".into();
    assert_eq!(originals(&updated), expected);
    plane.succeed("kubectl label pod rich seen=yes");
    assert_eq!(originals(&rich()), expected);
}

/// The second entry is called for its namespaces only, after the first one, whose entries of the annotation it keeps.
fn second_entry(plane: &ControlPlane) {
    plane.namespace("prod", "env=prod");
    plane.namespace("test", "");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: both}\nspec:\n  \
               containers: [{name: web, image: 'nginx:1.25'}, {name: agent, image: 'quay.io/acme/agent:2'}]\n";
    plane.write("both.yaml", pod);
    for (namespace, agent, recorded) in [
        (
            "prod",
            "harbor.example.com/quay/acme/agent:2",
            json!({"/spec/containers/0/image": "nginx:1.25", "/spec/containers/1/image": "quay.io/acme/agent:2"}),
        ),
        (
            "test",
            "quay.io/acme/agent:2",
            json!({"/spec/containers/0/image": "nginx:1.25"}),
        ),
    ] {
        plane.succeed(&format!("kubectl create -n {namespace} -f both.yaml"));
        let pod = plane.json(&format!("kubectl get pod both -n {namespace} -o json"));
        assert_eq!(pod["spec"]["containers"][1]["image"], agent);
        assert_eq!(originals(&pod), recorded);
    }
    let ran = plane.run("kubectl run no -n prod --image=quay.io/acme/banned");
    assert_eq!(
        ran.stderr,
        "Error from server (Forbidden): admission webhook \"strict.hook.imageswap.k8s.twr.io\" denied the request: \
         imageswap: quay.io/acme/banned of container no is denied by banned: not in production\n"
    );
    plane.succeed("kubectl run no -n test --image=quay.io/acme/banned");
}

/// A webhook that adds a container gives the same Pod, whether it is called before ours or after it.
fn other_webhooks(plane: &ControlPlane) {
    let other = OtherWebhook::start(inject);
    let pod = |name: &str| {
        let line = format!(
            "kubectl create --dry-run=server -o json -f - <<'POD'\n{}\nPOD",
            json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"inject": "yes"}},
                "spec": {"containers": [{"name": "web", "image": "nginx:1.25"}]},
            })
        );
        plane.json(&line)
    };
    let mut pods = Vec::new();
    for name in ["aaa", "zzz"] {
        plane.apply(&injector(name, &other).to_string());
        let mut injected = Value::Null;
        plane.wait("the container of the other webhook", |_| {
            injected = pod("same");
            injected["spec"]["containers"].as_array().unwrap().len() == 2
        });
        plane.succeed(&format!("kubectl delete mutatingwebhookconfiguration {name}"));
        plane.wait("a Pod without the other webhook", |_| {
            pod("same")["spec"]["containers"].as_array().unwrap().len() == 1
        });
        pods.push(injected);
    }
    for pod in &mut pods {
        assert_eq!(
            originals(pod),
            json!({"/spec/containers/0/image": "nginx:1.25", "/spec/containers/1/image": "proxy:1"})
        );
        assert_eq!(
            pod["spec"]["containers"][1]["image"],
            "harbor.example.com/hub/library/proxy:1"
        );
        // What the API server sets for each request. Each volume of a token has a random name.
        for field in ["uid", "creationTimestamp", "managedFields"] {
            pod["metadata"].as_object_mut().unwrap().remove(field);
        }
        let volume = pod["spec"]["volumes"][0]["name"].as_str().unwrap().to_owned();
        *pod = serde_json::from_str(&pod.to_string().replace(&volume, "token")).unwrap();
    }
    assert_eq!(pods[0], pods[1]);
}

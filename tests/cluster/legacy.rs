//! The upgrade of imageswap-webhook v1.5.3 in its cluster, by the overlay for it: the commands of docs/operations.md. No
//! Pod fails meanwhile, nor during the rollback.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use imageswap_tests_support::webhook::{Connection, ControlPlane, Node};
use serde_json::{Value, json};

use super::asked;
use super::forms::{SWAPPED, commands, copy_manifests, replaced, run};
use super::install::cluster;
use super::load::Load;
use super::objects::{SWAPPING, object, service_address};
use super::waits::{wait_for_image, wait_for_rollout};

const NAMESPACE: &str = "imageswap-system";
pub(crate) const INSTALLED: &str = include_str!("legacy/installed.yaml");

/// Generates a key pair as the init container gets it from the cluster: RSA, for a year, by the CA of the cluster.
pub(crate) const GENERATE: &str = "\
subject=/O=system:nodes/CN=system:node:imageswap.imageswap-system.svc
names=DNS:imageswap,DNS:imageswap.imageswap-system,DNS:imageswap.imageswap-system.svc
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 3650 -subj /CN=kubernetes
openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj $subject
printf 'subjectAltName=%s\\nextendedKeyUsage=serverAuth\\n' $names > extensions
openssl x509 -req -in request.pem -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile extensions -out cert.pem
";

/// The commands of the page, in order.
const UPGRADE: (&str, usize) = ("Upgrade from imageswap-webhook v1.5.3", 0);
pub(crate) const ROLL_BACK: (&str, usize) = ("Upgrade from imageswap-webhook v1.5.3", 1);
const RETURN: (&str, usize) = ("Upgrade from imageswap-webhook v1.5.3", 2);
const REMOVE_RIGHTS: (&str, usize) = ("Upgrade from imageswap-webhook v1.5.3", 3);

/// Creates the objects of v1.5.3: those of `kubectl apply`, and those that its init container creates.
pub(crate) fn install(plane: &ControlPlane) {
    plane.write("v1.5.3.yaml", INSTALLED);
    plane.succeed("kubectl apply -f v1.5.3.yaml");
    plane.succeed(&format!("set -e\n{GENERATE}"));
    plane.succeed(
        "kubectl create secret generic imageswap-tls -n imageswap-system --type=tls --from-file=cert.pem --from-file=key.pem",
    );
    plane.succeed(
        "kubectl label secret imageswap-tls -n imageswap-system imageswap/updated-by-pod=imageswap-0",
    );
    plane.succeed(
        "kubectl get configmap imageswap-mwc-template -n imageswap-system -o jsonpath='{.data.imageswap-mwc}' | \
         sed \"s|\\$CA_BUNDLE|$(base64 < ca.crt | tr -d '\\n')|\" | kubectl create -f -",
    );
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    plane.namespace("unlabeled", "");
    plane.namespace("disabled", "k8s.twr.io/imageswap=disabled");
    copy_manifests(plane);
}

/// Connections to the Service, one after the other, as API servers without an open one make them.
struct Connections {
    is_ended: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Connections {
    fn start(plane: &ControlPlane) -> Self {
        let address = service_address(plane);
        let is_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_ended);
        let thread = thread::spawn(move || {
            let mut failures = 0;
            while !ended.load(Ordering::Relaxed) {
                failures += usize::from(Connection::try_open(address).is_err());
                thread::sleep(Duration::from_millis(20));
            }
            failures
        });
        Self { is_ended, thread }
    }

    /// Ends it, and returns the number of connections that failed.
    fn end(self) -> usize {
        self.is_ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Evicts a Pod, as a drained node does, and waits for the next one.
fn evict(plane: &ControlPlane, node: &Node) {
    let name = object(plane, "pods")["items"][0]["metadata"]["name"].clone();
    let name = name.as_str().unwrap();
    let eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE},
    });
    plane.write("eviction.json", &eviction.to_string());
    plane.succeed(&format!(
        "kubectl create --raw /api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction -f eviction.json"
    ));
    plane.wait("another Pod", |plane| {
        let pods = object(plane, "pods");
        let pods = pods["items"].as_array().unwrap();
        pods.len() == 2 && pods.iter().all(|pod| pod["metadata"]["name"] != name) && node.ready() == 2
    });
}

#[test]
fn legacy_overlay_upgrades_and_rolls_back_without_a_failed_pod() {
    let Some((plane, node)) = cluster() else { return };
    install(&plane);
    wait_for_rollout(&plane, &node, 2);
    // By the line `docker.io/library` of the map.
    wait_for_image(&plane, "default", "nginx:1.25", SWAPPED);
    let secret = object(&plane, "secret/imageswap-tls");
    let maps = object(&plane, "configmap/imageswap-maps");

    let load = Load::start(node.api);
    let connections = Connections::start(&plane);
    run(&plane, UPGRADE);
    wait_for_rollout(&plane, &node, 2);
    is_upgraded(&plane);
    assert_eq!(connections.end(), 0);
    load.end().assert_all_swapped("upgrade");
    assert_eq!(selected_by_policy(&plane), 2);
    // Its pair becomes that of the webhook some seconds after API servers trust the CA.
    plane.wait("the pair of the webhook", |plane| {
        object(plane, "secret/imageswap-tls")["data"]["cert.pem"] != secret["data"]["cert.pem"]
    });
    let kept = object(&plane, "secret/imageswap-tls");
    assert_eq!(secret["type"], "tls");
    assert_eq!(kept["type"], "tls");
    assert!(kept["data"]["ca-key.pem"].is_string());
    assert_eq!(object(&plane, "configmap/imageswap-maps"), maps);
    let manifests = commands(UPGRADE);
    let manifests: Vec<&str> = manifests.lines().skip(1).take(1).collect();
    let manifests = manifests.join("\n");
    plane.succeed(&replaced(&manifests, "kubectl apply", "kubectl diff"));
    wait_for_image(
        &plane,
        "default",
        "ghcr.io/acme/api:7",
        "harbor.example.com/other/acme/api:7",
    );
    for namespace in ["unlabeled", "disabled"] {
        let image = asked(&plane, namespace, "nginx:1.25");
        assert_eq!(image.as_deref(), Some("nginx:1.25"));
    }
    evict(&plane, &node);

    let load = Load::start(node.api);
    run(&plane, ROLL_BACK);
    wait_for_rollout(&plane, &node, 2);
    let template = object(&plane, "deployment/imageswap")["spec"]["template"]["spec"].clone();
    assert_eq!(template["containers"][0]["command"][0], "gunicorn");
    assert_eq!(template["initContainers"][0]["name"], "imageswap-init");
    assert_eq!(template["serviceAccountName"], "imageswap-sa");
    // The policy that is left would separate their init container from the API server.
    assert_eq!(selected_by_policy(&plane), 0);
    run(&plane, RETURN);
    run(&plane, UPGRADE);
    wait_for_rollout(&plane, &node, 2);
    is_upgraded(&plane);
    load.end().assert_all_swapped("rollback and return");

    let load = Load::start(node.api);
    // Nothing needs the objects of v1.5.3 that the manifests do not have.
    run(&plane, REMOVE_RIGHTS);
    evict(&plane, &node);
    load.end().assert_all_swapped("cleanup");

    plane.succeed(
        "kubectl patch configmap imageswap-env -n imageswap-system --type=merge \
         -p '{\"data\":{\"IMAGESWAP_MODE\":\"LEGACY\",\"IMAGE_PREFIX\":\"harbor.example.com/hub\"}}'",
    );
    plane.succeed("kubectl rollout restart deployment/imageswap -n imageswap-system");
    wait_for_rollout(&plane, &node, 2);
    wait_for_image(
        &plane,
        "default",
        "nginx:1.25",
        "harbor.example.com/hub/nginx:1.25",
    );

    // Another overlay applies to the namespaces without the label, too.
    plane.succeed(&replaced(&manifests, "overlays/legacy", "base"));
    wait_for_image(
        &plane,
        "unlabeled",
        "nginx:1.25",
        "harbor.example.com/hub/nginx:1.25",
    );
}

/// Returns the number of Pods that the NetworkPolicy selects.
fn selected_by_policy(plane: &ControlPlane) -> usize {
    let labels = object(plane, "networkpolicy/imageswap")["spec"]["podSelector"]["matchLabels"].clone();
    let labels = labels.as_object().unwrap().iter();
    let labels: Vec<String> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
        .collect();
    let pods = object(plane, &format!("pods -l {}", labels.join(",")));
    pods["items"].as_array().unwrap().len()
}

/// Asserts that no part of v1.5.3 is left where the manifests have another one.
fn is_upgraded(plane: &ControlPlane) {
    let deployment = object(plane, "deployment/imageswap");
    assert_eq!(deployment["spec"]["replicas"], 2);
    // The HorizontalPodAutoscaler would have raised a lower number by now.
    let rescaled = object(plane, "events --field-selector reason=SuccessfulRescale");
    assert_eq!(rescaled["items"], json!([]));
    let template = &deployment["spec"]["template"]["spec"];
    let container = &template["containers"][0];
    for left in [&template["initContainers"], &container["command"]] {
        assert_eq!(left, &Value::Null);
    }
    assert_eq!(container["resources"]["limits"], json!({"memory": "256Mi"}));
    assert_eq!(template["serviceAccountName"], "imageswap");
    let volumes = template["volumes"].as_array().unwrap();
    let mut names: Vec<&str> = volumes
        .iter()
        .map(|volume| volume["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["maps", "settings"]);

    let budgets = object(plane, "poddisruptionbudgets");
    let budgets = budgets["items"].as_array().unwrap();
    assert_eq!(budgets.len(), 1);
    assert_eq!(budgets[0]["spec"]["minAvailable"], Value::Null);
    assert_eq!(budgets[0]["spec"]["maxUnavailable"], 1);

    let entries = object(plane, SWAPPING)["webhooks"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 2);
    for entry in entries.as_array().unwrap() {
        let selector = &entry["namespaceSelector"];
        assert_eq!(selector["matchLabels"], Value::Null);
        let label = json!({"key": "k8s.twr.io/imageswap", "operator": "In", "values": ["enabled"]});
        assert_eq!(selector["matchExpressions"][0], label);
    }
}

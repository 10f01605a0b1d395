//! Controllers that put original images back, and others that only create many Pods.

use std::time::Duration;

use imageswap_tests_support::webhook::{ControlPlane, Pair, Server, Start, Volume};

use crate::IMAGESWAP;
use crate::waits::wait_for_image;

const FILE: &str = "10-mirror.rules";
const RULES: &str = "rules v1\nkeep harbor.example.com/\nswap docker.io/ -> harbor.example.com/hub/ as hub\n";
const ORIGINAL: &str = "nginx:1.25";
const SWAPPED: &str = "harbor.example.com/hub/library/nginx:1.25";

const OWNER: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusters.postgresql.cnpg.io}
spec:
  group: postgresql.cnpg.io
  scope: Namespaced
  names: {kind: Cluster, plural: clusters, singular: cluster}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
";

const SCALED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, half: b}}
    spec: {containers: [{name: web, image: 'nginx:1.25'}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 0
  serviceName: db
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db, half: a}}
    spec: {containers: [{name: db, image: 'nginx:1.25'}]}
";

/// Two replicas: the first has one half of the Pods that are created, and the second has the other one, and all updates.
struct Halves {
    replicas: [Server; 2],
    rules: Volume,
    _tls: Volume,
}

impl Halves {
    fn start(plane: &ControlPlane) -> Self {
        let pair = Pair::generate();
        let tls = Volume::mount(&pair.files());
        let rules = Volume::mount(&[(FILE, RULES.as_bytes())]);
        let replicas = [(); 2].map(|()| {
            Start::new(IMAGESWAP)
                .args(["--tls-dir", tls.path().to_str().unwrap()])
                .rules(rules.path())
                .serve()
        });
        let authority = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &pair.certificate);
        let entry = |name: &str, replica: &Server, operation: &str, selector: &str| {
            format!(
                "- name: {name}.imageswap.example.com\n  \
                   clientConfig: {{url: 'https://localhost:{}/', caBundle: {authority}}}\n  \
                   rules: [{{operations: [{operation}], apiGroups: [''], apiVersions: [v1], resources: [pods]}}]\n  \
                   failurePolicy: Fail\n  \
                   sideEffects: None\n  \
                   admissionReviewVersions: [v1]\n  \
                   objectSelector: {{{selector}}}\n",
                replica.address.port()
            )
        };
        let [first, second] = &replicas;
        plane.apply(&format!(
            "apiVersion: admissionregistration.k8s.io/v1\n\
             kind: MutatingWebhookConfiguration\n\
             metadata: {{name: imageswap-halves}}\n\
             webhooks:\n{}{}{}",
            entry(
                "first",
                first,
                "CREATE",
                "matchExpressions: [{key: half, operator: NotIn, values: [b]}]"
            ),
            entry("second", second, "CREATE", "matchLabels: {half: b}"),
            entry("updates", second, "UPDATE", ""),
        ));
        wait_for_image(plane, "default", ORIGINAL, SWAPPED);
        Self {
            replicas,
            rules,
            _tls: tls,
        }
    }

    fn fights(&self) -> [f64; 2] {
        let [first, second] = &self.replicas;
        [first, second].map(|replica| replica.metric("imageswap_fights_total", ""))
    }

    fn creates(&self) -> [f64; 2] {
        let [first, second] = &self.replicas;
        [first, second].map(|replica| replica.metric("imageswap_requests_total", "operation=\"CREATE\""))
    }
}

/// A controller that wants its Pod to have the original image. Each round creates the Pod if it is missing, and deletes
/// it if it has another image.
fn reconcile(plane: &ControlPlane, uid: &str, round: usize) -> bool {
    let half = ["a", "b"][round % 2];
    plane.write(
        "pod.yaml",
        &format!(
            "apiVersion: v1\nkind: Pod\n\
             metadata:\n  name: pg-1\n  labels: {{half: {half}}}\n  \
               ownerReferences: [{{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: pg, uid: {uid}, controller: true}}]\n\
             spec: {{containers: [{{name: db, image: '{ORIGINAL}'}}]}}\n"
        ),
    );
    plane.succeed("kubectl create -f pod.yaml");
    let image = plane.succeed("kubectl get pod pg-1 -o jsonpath='{.spec.containers[0].image}'");
    let is_wanted = image == ORIGINAL;
    if !is_wanted {
        plane.succeed("kubectl delete pod pg-1 --now");
    }
    is_wanted
}

#[test]
fn fight_is_seen_by_each_of_two_replicas_and_scaling_is_none() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    let mut halves = Halves::start(&plane);
    plane.apply(OWNER);
    plane.succeed("kubectl wait --for=condition=Established crd/clusters.postgresql.cnpg.io --timeout=60s");
    plane.apply("apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\n");
    let uid = plane.succeed("kubectl get cluster pg -o jsonpath='{.metadata.uid}'");

    // Many Pods of one owner, and the same names again: scaled up and down, and restarted.
    plane.apply(SCALED);
    let pods = |plane: &ControlPlane, count: usize| {
        let names = plane.succeed("kubectl get pods -l 'app in (web, db)' -o name");
        names.lines().count() == count
    };
    for _ in 0..4 {
        plane.succeed("kubectl scale deployment/web statefulset/db --replicas=5");
        plane.wait("ten Pods", |plane| pods(plane, 10));
        plane.succeed("kubectl scale deployment/web statefulset/db --replicas=0");
        plane.wait("no Pods", |plane| pods(plane, 0));
    }
    plane.succeed("kubectl scale deployment/web statefulset/db --replicas=2");
    for restart in 0..2 {
        if restart > 0 {
            // The annotation of a restart is a time in seconds, and `kubectl` rejects the same one.
            std::thread::sleep(Duration::from_secs(1));
        }
        plane.succeed("kubectl rollout restart deployment/web statefulset/db");
        plane.succeed("kubectl delete pods -l app=db --now");
    }
    assert!(
        halves.creates().into_iter().all(|count| count >= 22.0),
        "{:?}",
        halves.creates()
    );
    assert_eq!(halves.fights(), [0.0, 0.0]);

    // Each replica has half of the Pods that the controller creates.
    let mut rounds = 0;
    while halves.fights().contains(&0.0) {
        assert!(rounds < 20, "{:?} after {rounds} rounds", halves.fights());
        assert!(!reconcile(&plane, &uid, rounds));
        rounds += 1;
    }
    let line = halves.replicas[0].wait_for_log(|line| line["owner"] == "Cluster.postgresql.cnpg.io");
    assert_eq!(
        (&line["namespace"], &line["name"], &line["owner_name"]),
        (&"default".into(), &"pg-1".into(), &"pg".into())
    );

    // The first replica has the Pod that is created, and the second one has the updates.
    let before = halves.fights();
    plane.write(
        "pod.yaml",
        &plane
            .read("pod.yaml")
            .replace("pg-1", "pg-2")
            .replace("half: b", "half: a"),
    );
    plane.succeed("kubectl create -f pod.yaml");
    for _ in 0..2 {
        plane.succeed(&format!("kubectl set image pod/pg-2 db={ORIGINAL}"));
        let image = plane.succeed("kubectl get pod pg-2 -o jsonpath='{.spec.containers[0].image}'");
        assert_eq!(image, SWAPPED);
    }
    assert_eq!(halves.fights(), [before[0], before[1] + 2.0]);

    // The logged rule ends it: the controller finds the image that it wants.
    let rule = line["add_above"].as_str().unwrap();
    assert_eq!(
        rule,
        "keep docker.io/library/nginx when owner Cluster.postgresql.cnpg.io"
    );
    let rules = RULES.replace("swap", &format!("{rule}\nswap"));
    let [first, second] = &halves.replicas;
    first.reloads_when(|| second.reloads_when(|| halves.rules.update(&[(FILE, rules.as_bytes())])));
    let before = halves.fights();
    assert!(reconcile(&plane, &uid, rounds));
    plane.succeed(&format!("kubectl set image pod/pg-2 db={ORIGINAL}"));
    assert_eq!(
        plane.succeed("kubectl get pod pg-2 -o jsonpath='{.spec.containers[0].image}'"),
        ORIGINAL
    );
    assert_eq!(halves.fights(), before);
    eprintln!(
        "a fight after {rounds} rounds: {:?}; creates: {:?}",
        before,
        halves.creates()
    );
}

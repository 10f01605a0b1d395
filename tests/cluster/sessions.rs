//! Sessions of kubectl with swapped and denied Pods, in kubectl's own words.

use std::path::Path;

use imageswap_tests_support::webhook::{ControlPlane, Start, Volume};
use serde_json::{Value, json};

use super::{Armed, assert_no_errors};
use crate::IMAGESWAP;

/// Returns rules with a target of their own.
fn rules(hub: &str) -> String {
    format!(
        "rules v1\nkeep harbor.example.com/\ndeny **/banned because \"use base/image\" as banned\n\
         swap docker.io/ -> harbor.example.com/{hub}/ as hub\n"
    )
}

fn swapped(hub: &str, image: &str) -> String {
    format!("harbor.example.com/{hub}/library/{image}")
}

/// A cluster whose Pods are swapped.
struct Session {
    plane: ControlPlane,
    armed: Armed,
    rules: Volume,
}

impl Session {
    fn start() -> Option<Self> {
        let plane = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR"))?;
        let rules = Volume::mount(&[("10-hub.rules", rules("hub").as_bytes())]);
        plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
        let start = |tls: &Path| {
            Start::new(IMAGESWAP)
                .args(["--tls-dir", tls.to_str().unwrap()])
                .rules(rules.path())
        };
        let armed = Armed::start(&plane, "default", start, &swapped("hub", "nginx:1.25"));
        Some(Self { plane, armed, rules })
    }

    /// Replaces the rules by those with another target.
    fn reload(&mut self, hub: &str) {
        let Self {
            armed, rules: volume, ..
        } = self;
        let text = rules(hub);
        armed
            .server
            .reloads_when(|| volume.update(&[("10-hub.rules", text.as_bytes())]));
    }

    /// Runs kubectl, and returns what it prints.
    #[track_caller]
    fn kubectl(&self, line: &str) -> String {
        self.plane.succeed(&format!("kubectl {line}"))
    }

    /// Runs kubectl with a manifest.
    #[track_caller]
    fn with_file(&self, line: &str, manifest: &str) -> String {
        self.plane.write("object.yaml", manifest);
        self.kubectl(&format!("{line} -f object.yaml"))
    }

    /// Returns the images of a list of a Pod.
    fn images(&self, pod: &str, list: &str) -> String {
        self.kubectl(&format!("get pod {pod} -o jsonpath='{{.spec.{list}[*].image}}'"))
    }

    /// Waits for the images of all Pods with a label, in any order.
    #[track_caller]
    fn wait_for_images(&self, label: &str, expected: &str) {
        let line = format!("get pods -l {label} -o jsonpath='{{.items[*].spec.containers[*].image}}'");
        self.plane.wait(&format!("{expected} for {label}"), |_| {
            self.kubectl(&line).split(' ').any(|image| image == expected)
        });
    }

    /// Waits for the message of an event.
    #[track_caller]
    fn wait_for_event(&self, kind: &str, expected: &str) {
        let line = format!(
            "get events --field-selector involvedObject.kind={kind},reason=FailedCreate -o jsonpath='{{.items[*].message}}'"
        );
        self.plane.wait(&format!("the event of a {kind}"), |_| {
            self.kubectl(&line).contains(expected)
        });
    }
}

fn pod(name: &str, image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: web, image: '{image}'}}]}}\n"
    )
}

#[test]
fn sessions_of_kubectl_say_what_happens() {
    let Some(mut session) = Session::start() else {
        return;
    };
    runs(&session);
    applies(&mut session);
    running_pod(&mut session);
    workloads(&session);
    denials(&session);
    large_review(&session);
    many_pods_while_rules_are_reloaded(&mut session);
    assert_no_errors(&session.armed.server);
}

/// Pods that kubectl creates by itself, with a generated name, with an image volume, and not at all.
fn runs(session: &Session) {
    assert_eq!(
        session.kubectl("run first --image=nginx:1.25"),
        "pod/first created\n"
    );
    assert_eq!(
        session.images("first", "containers"),
        swapped("hub", "nginx:1.25")
    );

    let dry = "run dry --image=nginx:1.25 --dry-run=server";
    assert_eq!(session.kubectl(dry), "pod/dry created (server dry run)\n");
    let image = session.kubectl(&format!("{dry} -o jsonpath='{{.spec.containers[0].image}}'"));
    assert_eq!(image, swapped("hub", "nginx:1.25"));
    let ran = session.plane.run("kubectl get pod dry");
    assert_eq!(
        ran.stderr,
        "Error from server (NotFound): pods \"dry\" not found\n"
    );

    let generated = pod("x", "nginx:1.25").replace("name: x", "generateName: made-, labels: {app: made}");
    let created = session.with_file("create", &generated);
    assert!(
        created.starts_with("pod/made-") && created.ends_with(" created\n"),
        "{created}"
    );
    session.wait_for_images("app=made", &swapped("hub", "nginx:1.25"));

    let volume = "spec: {volumes: [{name: model, image: {reference: 'model:1'}}], containers:";
    let created = session.with_file(
        "create",
        &pod("model", "nginx:1.25").replace("spec: {containers:", volume),
    );
    assert_eq!(created, "pod/model created\n");
    let reference = session.kubectl("get pod model -o jsonpath='{.spec.volumes[0].image.reference}'");
    assert_eq!(reference, swapped("hub", "model:1"));
}

/// Both kinds of apply, of the manifest with the original image over a swapped Pod.
fn applies(session: &mut Session) {
    for (name, apply, again) in [
        ("client", "apply", "pod/client configured\n"),
        ("server", "apply --server-side", "pod/server serverside-applied\n"),
    ] {
        let manifest = pod(name, "nginx:1.25");
        let created = session.with_file(apply, &manifest);
        assert!(
            created == format!("pod/{name} created\n") || created == again,
            "{created}"
        );
        for _ in 0..2 {
            assert_eq!(session.with_file(apply, &manifest), again);
            assert_eq!(session.images(name, "containers"), swapped("hub", "nginx:1.25"));
        }
        let changed = session.with_file(apply, &pod(name, "nginx:1.26"));
        assert_eq!(changed, again);
        assert_eq!(session.images(name, "containers"), swapped("hub", "nginx:1.26"));
    }
}

/// A Pod that runs: `debug` twice, a label, an annotation, and its eviction. Rules that change meanwhile restart nothing.
fn running_pod(session: &mut Session) {
    session.kubectl("run up --image=nginx:1.25");
    // Nothing else makes it running without a node.
    session.kubectl("patch pod up --subresource=status -p '{\"status\":{\"phase\":\"Running\"}}'");
    let spec = |session: &Session| session.kubectl("get pod up -o jsonpath='{.spec.containers}'");
    let before = spec(session);
    for (number, hub) in [(1, "hub"), (2, "second")] {
        if number == 2 {
            session.reload(hub);
        }
        session.kubectl(&format!(
            "debug up --image=busybox:{number} --container=look-{number} --target=up"
        ));
    }
    assert_eq!(
        session.images("up", "ephemeralContainers"),
        format!(
            "{} {}",
            swapped("hub", "busybox:1"),
            swapped("second", "busybox:2")
        )
    );
    let denied = session
        .plane
        .run("kubectl debug up --image=banned --container=look-3 --target=up");
    assert!(
        denied.stderr.contains(
            "admission webhook \"imageswap.webhook.k8s.twr.io\" denied the request: imageswap: banned of container \
             look-3 is denied by banned: use base/image"
        ),
        "{}",
        denied.stderr
    );
    assert_eq!(session.kubectl("label pod up seen=yes"), "pod/up labeled\n");
    assert_eq!(session.kubectl("annotate pod up seen=yes"), "pod/up annotated\n");
    assert_eq!(spec(session), before);
    let phase = session.kubectl("get pod up -o jsonpath='{.status.phase}'");
    assert_eq!(phase, "Running");

    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "up"}});
    session.plane.write("eviction.json", &eviction.to_string());
    let evicted =
        session.kubectl("create --raw /api/v1/namespaces/default/pods/up/eviction -f eviction.json");
    let evicted: Value = serde_json::from_str(&evicted).unwrap();
    assert_eq!(evicted["status"], "Success");
    session.plane.wait("the end of the Pod", |plane| {
        !plane.run("kubectl get pod up").is_success
    });
    session.reload("hub");
}

/// The Pods of a Deployment through an undone rollout and a scale, and the way from a CronJob to a Pod.
fn workloads(session: &Session) {
    let created = session.kubectl("create deployment web --image=nginx:1.25");
    assert_eq!(created, "deployment.apps/web created\n");
    // Without a node no Pod is ready, and the default strategy waits for that.
    session.kubectl(
        r#"patch deployment web -p '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'"#,
    );
    session.wait_for_images("app=web", &swapped("hub", "nginx:1.25"));
    let updated = session.kubectl("set image deployment/web nginx=nginx:1.26");
    assert_eq!(updated, "deployment.apps/web image updated\n");
    session.wait_for_images("app=web", &swapped("hub", "nginx:1.26"));
    let undone = session.kubectl("rollout undo deployment/web");
    assert_eq!(undone, "deployment.apps/web rolled back\n");
    // The template has the original image, so the undone revision is the first one again.
    let template = "get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'";
    assert_eq!(session.kubectl(template), "nginx:1.25");
    session.wait_for_images("app=web", &swapped("hub", "nginx:1.25"));
    let scaled = session.kubectl("scale deployment/web --replicas=3");
    assert_eq!(scaled, "deployment.apps/web scaled\n");
    let line = "get pods -l app=web -o jsonpath='{.items[*].spec.containers[*].image}'";
    let image = swapped("hub", "nginx:1.25");
    session.plane.wait("three Pods", |_| {
        session
            .kubectl(line)
            .split(' ')
            .filter(|found| *found == image)
            .count()
            == 3
    });
    let sets = session.kubectl("get replicasets -l app=web -o name");
    assert_eq!(sets.lines().count(), 2, "{sets}");

    let cron = "create cronjob tick --image=busybox:1 --schedule='0 0 1 1 *' -- true";
    assert_eq!(session.kubectl(cron), "cronjob.batch/tick created\n");
    let job = session.kubectl("create job once --from=cronjob/tick");
    assert_eq!(job, "job.batch/once created\n");
    session.wait_for_images("batch.kubernetes.io/job-name=once", &swapped("hub", "busybox:1"));
}

/// A denial reaches the caller, and the events of the object whose controller creates the Pod.
fn denials(session: &Session) {
    let denied = session.plane.run("kubectl run no --image=banned");
    assert_eq!(
        denied.stderr,
        "Error from server (Forbidden): admission webhook \"imageswap.webhook.k8s.twr.io\" denied the request: \
         imageswap: banned of container no is denied by banned: use base/image\n"
    );
    session.kubectl("create deployment no --image=banned");
    session.kubectl("create job no --image=banned");
    for (kind, container) in [("ReplicaSet", "banned"), ("Job", "no")] {
        session.wait_for_event(
            kind,
            &format!(
                "admission webhook \"imageswap.webhook.k8s.twr.io\" denied the request: imageswap: banned of container \
                 {container} is denied by banned: use base/image"
            ),
        );
    }
    session.kubectl("delete deployment,job no");
}

/// An UPDATE has the object twice, so its review is larger than 1 MiB.
fn large_review(session: &Session) {
    let value = "x".repeat(900 << 10);
    let manifest = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "large"},
        "spec": {"containers": [{"name": "web", "image": "nginx:1.25", "env": [{"name": "LONG", "value": value}]}]},
    });
    let created = session.with_file("create", &manifest.to_string());
    assert_eq!(created, "pod/large created\n");
    assert_eq!(session.kubectl("label pod large seen=yes"), "pod/large labeled\n");
    assert_eq!(
        session.images("large", "containers"),
        swapped("hub", "nginx:1.25")
    );
    let updated = session.kubectl("set image pod/large web=nginx:1.26");
    assert_eq!(updated, "pod/large image updated\n");
    assert_eq!(
        session.images("large", "containers"),
        swapped("hub", "nginx:1.26")
    );
}

/// Every Pod of a Deployment of 50 is swapped by one set, whichever is active.
fn many_pods_while_rules_are_reloaded(session: &mut Session) {
    const PODS: usize = 50;
    session.with_file(
        "create",
        &format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: many}}\nspec:\n  replicas: {PODS}\n  \
             selector: {{matchLabels: {{app: many}}}}\n  template:\n    metadata: {{labels: {{app: many}}}}\n    \
             spec: {{containers: [{{name: a, image: 'nginx:1.25'}}, {{name: b, image: 'busybox:1'}}]}}\n"
        ),
    );
    for number in 0..10 {
        session.reload(&format!("hub-{number}"));
    }
    let mut pods = Value::Null;
    session.plane.wait("50 Pods", |plane| {
        pods = plane.json("kubectl get pods -l app=many -o json")["items"].take();
        pods.as_array().unwrap().len() == PODS
    });
    for pod in pods.as_array().unwrap() {
        let image = |index: usize| pod["spec"]["containers"][index]["image"].as_str().unwrap();
        let hub = image(0)
            .strip_prefix("harbor.example.com/")
            .and_then(|rest| rest.strip_suffix("/library/nginx:1.25"));
        assert_eq!(image(1), swapped(hub.expect("a swapped image"), "busybox:1"));
    }
    let rejected = session.kubectl(
        "get events --field-selector involvedObject.kind=ReplicaSet,reason=FailedCreate \
         -o jsonpath='{.items[*].involvedObject.name}'",
    );
    assert!(!rejected.contains("many-"), "{rejected}");
}

//! Break glass by `kubectl label` on workloads, with the entries of the manifests, beside other mutating webhooks.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_tests_support::repository;
use imageswap_tests_support::webhook::{ControlPlane, OtherWebhook, Pair, Server, Start, Volume};
use serde_json::{Value, json};

use super::waits::wait_for_image;
use crate::{IMAGESWAP, assert_no_errors};

const RULES: &[u8] = b"rules v1\nswap docker.io/ -> harbor.example.com/hub/ as hub\n";
const ORIGINAL: &str = "nginx:1.25";
const SWAPPED: &str = "harbor.example.com/hub/library/nginx:1.25";
const LABEL: &str = "k8s.twr.io/imageswap";

/// The workloads, by kubectl's names, with the path of their templates.
const WORKLOADS: [(&str, &str); 4] = [
    ("deployment/web", "/spec/template"),
    ("statefulset/db", "/spec/template"),
    ("daemonset/agent", "/spec/template"),
    ("cronjob/tick", "/spec/jobTemplate/spec/template"),
];
const ALL: &str = "deployment/web statefulset/db daemonset/agent cronjob/tick";

/// Returns the manifest of the workloads. The template of the CronJob has no labels.
fn manifest(revision: u8) -> String {
    let metadata = |name: &str| format!("{{name: {name}, annotations: {{revision: '{revision}'}}}}");
    let of_apps = |kind: &str, name: &str, more: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  \
             {more}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    \
             spec:\n      tolerations: [{{operator: Exists}}]\n      \
             containers: [{{name: main, image: '{ORIGINAL}'}}]\n---\n",
            metadata(name)
        )
    };
    let cron = format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {}\nspec:\n  schedule: '0 0 1 1 *'\n  jobTemplate:\n    \
         spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: main, image: '{ORIGINAL}'}}]}}}}}}\n",
        metadata("tick")
    );
    // So that each workload has one Pod, which its controller replaces at once.
    of_apps("Deployment", "web", "strategy: {type: Recreate}")
        + &of_apps("StatefulSet", "db", "serviceName: db")
        + &of_apps("DaemonSet", "agent", "minReadySeconds: 0")
        + &cron
}

/// Returns the shipped webhook configuration, with this server instead of the Service.
fn shipped(server: &Server, authority: &str) -> String {
    let entries = repository::read("deploy/base/webhooks.yaml");
    let entries = entries.split_once("  mutating: |\n").unwrap().1;
    let entries = entries.split_once("  validating: |").unwrap().0;
    let mut list = entries.replace("\n    ", "\n");
    for path in ["/", "/break-glass"] {
        let service = format!(
            "    service:\n      name: imageswap\n      namespace: imageswap-system\n      path: {path}\n      \
             port: 443\n"
        );
        assert_eq!(list.matches(&service).count(), 1, "{list}");
        let url = format!("https://localhost:{}{path}", server.address.port());
        let authority = STANDARD.encode(authority);
        list = list.replace(&service, &format!("    url: {url}\n    caBundle: {authority}\n"));
    }
    format!(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\n\
         metadata: {{name: imageswap-webhook}}\nwebhooks:\n{}\n",
        list.trim_start_matches("    ")
    )
}

/// Returns the operations that add a label to the pod template of a workload.
fn label_template(request: &Value, label: &str) -> Vec<Value> {
    let path = match request["kind"]["kind"].as_str() {
        Some("CronJob") => "/spec/jobTemplate/spec/template/metadata/labels",
        _ => "/spec/template/metadata/labels",
    };
    let labels = request["object"].pointer(path);
    match labels {
        Some(labels) if labels[label] == "yes" => Vec::new(),
        Some(_) => vec![json!({"op": "add", "path": format!("{path}/{label}"), "value": "yes"})],
        None => vec![json!({"op": "add", "path": path, "value": {label: "yes"}})],
    }
}

/// Applies the configuration of a webhook of others for workloads.
fn arm(plane: &ControlPlane, name: &str, webhook: &OtherWebhook) {
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{
            "name": format!("{name}.example.com"), "clientConfig": webhook.client_config(), "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "reinvocationPolicy": "IfNeeded",
            "rules": [{
                "operations": ["CREATE", "UPDATE"], "apiGroups": ["apps", "batch"], "apiVersions": ["v1"],
                "resources": ["deployments", "statefulsets", "daemonsets", "cronjobs"],
            }],
        }],
    });
    plane.apply(&configuration.to_string());
}

/// A namespace with the workloads, and the way in which their manifest is applied.
struct Namespace<'p> {
    plane: &'p ControlPlane,
    name: &'static str,
    apply: &'static str,
}

impl Namespace<'_> {
    fn kubectl(&self, line: &str) -> String {
        self.plane.succeed(&format!("kubectl -n {} {line}", self.name))
    }

    fn apply(&self, revision: u8) -> String {
        self.plane.write("workloads.yaml", &manifest(revision));
        self.kubectl(&format!("{} -f workloads.yaml", self.apply))
    }

    /// Returns the labels of the template of each workload.
    fn of_templates(&self) -> Vec<Value> {
        let labels = |(name, path): &(&str, &str)| {
            let object = self
                .plane
                .json(&format!("kubectl -n {} get {name} -o json", self.name));
            let labels = object.pointer(&format!("{path}/metadata/labels"));
            labels.cloned().unwrap_or_default()
        };
        WORKLOADS.iter().map(labels).collect()
    }

    #[track_caller]
    fn assert_templates(&self, expected: &Value) {
        for (labels, (name, _)) in self.of_templates().iter().zip(WORKLOADS) {
            assert_eq!(&labels[LABEL], expected, "{name} in {}: {labels}", self.name);
        }
    }

    /// Waits until the Pod of each workload has an image. A Job of the CronJob stands for its schedule.
    fn wait_for_pods(&self, image: &str, job: &str) {
        self.kubectl(&format!("create job {job} --from=cronjob/tick"));
        let of_job = format!("batch.kubernetes.io/job-name={job}");
        for selector in ["app=web", "app=db", "app=agent", &of_job] {
            let what = format!("{image} for {selector} in {}", self.name);
            let images =
                format!("get pods -l {selector} -o jsonpath='{{.items[*].spec.containers[0].image}}'");
            self.plane.wait(&what, |_| self.kubectl(&images) == image);
        }
        // A StatefulSet replaces a Pod only if it is ready, and no kubelet makes it so.
        let ready = r#"{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"#;
        self.kubectl(&format!("patch pod db-0 --subresource=status -p '{ready}'"));
    }

    /// The label, there and back.
    fn break_glass(&self) {
        self.apply(1);
        self.assert_templates(&Value::Null);
        self.wait_for_pods(SWAPPED, "before");
        assert_eq!(
            self.kubectl(&format!("label {ALL} {LABEL}=disabled")),
            "deployment.apps/web labeled\nstatefulset.apps/db labeled\ndaemonset.apps/agent labeled\n\
             cronjob.batch/tick labeled\n"
        );
        self.assert_templates(&"disabled".into());
        self.wait_for_pods(ORIGINAL, "broken");

        // The manifest from before the incident, as it was and with a change.
        for revision in [1, 2] {
            self.apply(revision);
            self.assert_templates(&"disabled".into());
            let labels = self.kubectl(&format!("get {ALL} -o jsonpath='{{.items[*].metadata.labels}}'"));
            assert_eq!(
                labels.matches("\"disabled\"").count(),
                WORKLOADS.len(),
                "{labels}"
            );
        }
        self.kubectl(&format!("label {ALL} {LABEL}-"));
        self.assert_templates(&Value::Null);
        self.wait_for_pods(SWAPPED, "after");
        self.apply(1);
        self.assert_templates(&Value::Null);
    }
}

#[test]
fn label_of_a_workload_starts_its_rollout_with_original_images() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    let rules = Volume::mount(&[("10-hub.rules", RULES)]);
    let pair = Pair::generate();
    let tls = Volume::mount(&pair.files());
    let server = start(tls.path(), rules.path());
    let other = OtherWebhook::start(|request| label_template(request, "other"));
    arm(&plane, "aaa", &other);
    let late = OtherWebhook::start(|request| label_template(request, "late"));
    arm(&plane, "zzz", &late);
    plane.apply(&shipped(&server, &pair.certificate));
    // A DaemonSet has a Pod for each node, and needs no kubelet for it.
    plane.apply("apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n");
    wait_for_image(&plane, "default", ORIGINAL, SWAPPED);
    for (name, apply) in [("client", "apply"), ("server", "apply --server-side")] {
        plane.namespace(name, "");
        let namespace = Namespace {
            plane: &plane,
            name,
            apply,
        };
        namespace.break_glass();
        // The other webhooks, which run before and after, have done their work too.
        for labels in namespace.of_templates() {
            assert_eq!(
                (&labels["other"], &labels["late"]),
                (&json!("yes"), &json!("yes"))
            );
        }
    }
    template_of_others(&plane);
    jobs(&plane);
    selector_with_the_label(&plane);
    undone_rollout(&plane);
    near_misses(&plane);
    assert_no_errors(&server);
    without_a_replica(&plane, server);
}

fn start(tls: &Path, rules: &Path) -> Server {
    Start::new(IMAGESWAP)
        .args(["--tls-dir", tls.to_str().unwrap()])
        .rules(rules)
        .serve()
}

/// The label of a template that others have set is removed with that of the workload.
fn template_of_others(plane: &ControlPlane) {
    let template = |name: &str| {
        let line = format!("kubectl -n client get {name} -o jsonpath='{{.spec.template.metadata.labels}}'");
        plane.succeed(&line)
    };
    let patch = format!(r#"{{"spec":{{"template":{{"metadata":{{"labels":{{"{LABEL}":"disabled"}}}}}}}}}}"#);
    for name in ["deployment/web", "statefulset/db", "daemonset/agent"] {
        plane.succeed(&format!(
            "kubectl -n client patch {name} --field-manager=others -p '{patch}'"
        ));
        assert!(template(name).contains("disabled"), "{name}");
        plane.succeed(&format!("kubectl -n client label {name} {LABEL}=disabled"));
        assert!(template(name).contains("disabled"), "{name}");
        plane.succeed(&format!("kubectl -n client label {name} {LABEL}-"));
        assert!(!template(name).contains("disabled"), "{name}");
    }
}

/// The template of a Job gets the label when the Job is created, and never later.
fn jobs(plane: &ControlPlane) {
    let job = |name: &str, labels: &str| {
        plane.apply(&format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, labels: {{{labels}}}}}\nspec:\n  template:\n    \
             spec: {{restartPolicy: Never, containers: [{{name: main, image: '{ORIGINAL}'}}]}}\n"
        ));
    };
    job("glass", &format!("{LABEL}: disabled"));
    job("plain", "");
    plane.succeed(&format!("kubectl label job plain {LABEL}=disabled"));
    plane.succeed(&format!("kubectl label job glass {LABEL}-"));
    for (name, image, label) in [("glass", ORIGINAL, "disabled"), ("plain", SWAPPED, "")] {
        let of_template = "{.spec.template.metadata.labels.k8s\\.twr\\.io/imageswap}";
        let line = format!("kubectl get job {name} -o jsonpath='{of_template}'");
        assert_eq!(plane.succeed(&line), label);
        let line = format!(
            "kubectl get pods -l job-name={name} -o jsonpath='{{.items[*].spec.containers[*].image}}'"
        );
        plane.wait(name, |plane| plane.succeed(&line) == image);
    }
}

/// A change that the API server would reject is not made, so the request of the caller succeeds.
fn selector_with_the_label(plane: &ControlPlane) {
    plane.apply(&format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: selected}}\nspec:\n  \
         selector: {{matchLabels: {{{LABEL}: enabled}}}}\n  template:\n    \
         metadata: {{labels: {{{LABEL}: enabled}}}}\n    spec: {{containers: [{{name: main, image: '{ORIGINAL}'}}]}}\n"
    ));
    let ran = plane.run(&format!("kubectl label deployment selected {LABEL}=disabled"));
    assert!(ran.is_success, "{}", ran.stderr);
    assert_eq!(
        ran.stderr,
        format!(
            "Warning: imageswap: the selector has the label {LABEL}, so the label of the pod template is not changed\n"
        )
    );
}

/// The template of an old revision gets the label too, while the workload has it.
fn undone_rollout(plane: &ControlPlane) {
    let kubectl = |line: &str| plane.succeed(&format!("kubectl -n server {line}"));
    let states = "get deployment/web -o jsonpath='{.metadata.generation} {.status.observedGeneration}'";
    plane.wait("the revision", |_| {
        let states = kubectl(states);
        states
            .split_once(' ')
            .is_some_and(|(wanted, seen)| wanted == seen)
    });
    let revision = "{.metadata.annotations.deployment\\.kubernetes\\.io/revision}";
    let revision = kubectl(&format!("get deployment/web -o jsonpath='{revision}'"));
    kubectl("set image deployment/web main=nginx:1.26");
    kubectl(&format!("label deployment/web {LABEL}=disabled"));
    assert_eq!(
        kubectl(&format!("rollout undo deployment/web --to-revision={revision}")),
        "deployment.apps/web rolled back\n"
    );
    let template = kubectl("get deployment/web -o jsonpath='{.spec.template}'");
    assert!(
        template.contains("\"disabled\"") && template.contains(ORIGINAL),
        "{template}"
    );
    kubectl(&format!("label deployment/web {LABEL}-"));
}

fn near_misses(plane: &ControlPlane) {
    for value in ["Disabled", "false", "true"] {
        let ran = plane.run(&format!(
            "kubectl -n client label --overwrite {ALL} {LABEL}={value}"
        ));
        assert!(ran.is_success, "{}", ran.stderr);
        let warning = format!(
            "Warning: imageswap: the label {LABEL}={value} has no effect; to keep the original images, set \
             {LABEL}=disabled\n"
        );
        // kubectl prints equal warnings once.
        assert_eq!(ran.stderr, warning);
    }
    let ran = plane.run(&format!(
        "kubectl run missed --image={ORIGINAL} --labels={LABEL}=Disabled"
    ));
    assert!(
        ran.stderr.starts_with(&format!(
            "Warning: imageswap: the label {LABEL}=Disabled has no effect"
        )),
        "{}",
        ran.stderr
    );
    plane.succeed(&format!("kubectl -n client label {ALL} {LABEL}-"));
}

/// Without a replica the label is set and not carried. The next update of the workload carries it.
fn without_a_replica(plane: &ControlPlane, server: Server) {
    drop(server);
    let namespace = Namespace {
        plane,
        name: "client",
        apply: "apply",
    };
    namespace.kubectl(&format!("label {ALL} {LABEL}=disabled"));
    namespace.assert_templates(&Value::Null);
}

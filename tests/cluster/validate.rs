//! ConfigMaps with rules, as kubectl and the API server see their validation.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_tests_support::webhook::{ControlPlane, Pair, Ran, Server, Start, Volume};
use serde_json::json;

use super::asked;
use super::forms::{RULES, SWAPPED, replaced, rules_map};
use super::install::installed;
use crate::IMAGESWAP;

const GOOD: &str = "rules v1\nlet hub = harbor.example.com\nswap quay.io/ -> {hub}/quay/\n";

/// Returns the entry of the ValidatingWebhookConfiguration as shipped, but for where it leads.
fn configuration(server: &Server, authority: &str) -> String {
    format!(
        "apiVersion: admissionregistration.k8s.io/v1\n\
         kind: ValidatingWebhookConfiguration\n\
         metadata: {{name: imageswap-webhook}}\n\
         webhooks:\n\
         - name: validate.imageswap.k8s.twr.io\n  \
           clientConfig: {{url: 'https://localhost:{}/validate', caBundle: {}}}\n  \
           rules: [{{operations: [CREATE, UPDATE], apiGroups: [''], apiVersions: [v1], resources: [configmaps]}}]\n  \
           namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: imageswap-system}}}}\n  \
           objectSelector: {{matchLabels: {{imageswap.k8s.twr.io/rules: 'true'}}}}\n  \
           failurePolicy: Ignore\n  \
           timeoutSeconds: 5\n  \
           sideEffects: None\n  \
           admissionReviewVersions: [v1, v1beta1]\n",
        server.address.port(),
        STANDARD.encode(authority)
    )
}

/// Writes the manifest of a ConfigMap with rules that the webhook validates.
fn write(plane: &ControlPlane, name: &str, rules: &str) {
    let mut map = rules_map(name, rules);
    map["metadata"]["labels"] = json!({"imageswap.k8s.twr.io/rules": "true"});
    plane.write(&format!("{name}.json"), &map.to_string());
}

/// Runs `kubectl edit` with an editor that replaces a text.
fn edit(plane: &ControlPlane, from: &str, to: &str) -> Ran {
    plane.write("editor", &format!("#!/bin/sh\nsed -i 's/{from}/{to}/' \"$1\"\n"));
    let editor = plane.path("editor");
    fs::set_permissions(&editor, Permissions::from_mode(0o755)).unwrap();
    let line = "kubectl edit configmap imageswap-rules -n imageswap-system";
    plane.run(&format!("EDITOR='{}' {line}", editor.display()))
}

/// The findings in the output of kubectl, byte for byte.
const FINDINGS: &str = "\
admission webhook \"validate.imageswap.k8s.twr.io\" denied the request: \
the rules of the ConfigMap do not load: 1 error

error[E0104]: unknown placeholder `{hubb}`
 --> 10-mirror.rules:3:18
  |
3 | swap quay.io/ -> {hubb}/quay/
  |                  ^^^^^^ not a constant, a capture or a part of the image
  |
  = help: use `{hub}`, a constant with a similar name
";

#[track_caller]
fn assert_denied(ran: &Ran) {
    assert!(
        !ran.is_success && ran.stderr.contains(FINDINGS),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
}

#[test]
fn kubectl_shows_why_a_config_map_is_denied() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    plane.namespace("imageswap-system", "");
    plane.namespace("elsewhere", "");
    let pair = Pair::generate();
    let tls = Volume::mount(&pair.files());
    let rules = Volume::mount(&[("10-mirror.rules", GOOD.as_bytes())]);
    let server = Start::new(IMAGESWAP)
        .rules(rules.path())
        .args(["--tls-dir", tls.path().to_str().unwrap()])
        .serve();
    write(&plane, "imageswap-rules", GOOD);
    plane.succeed("kubectl apply -f imageswap-rules.json");
    plane.apply(&configuration(&server, &pair.certificate));
    let broken = replaced(GOOD, "{hub}", "{hubb}");
    write(&plane, "broken", &broken);
    plane.wait("the webhook", |plane| {
        !plane
            .run("kubectl apply -f broken.json --dry-run=server")
            .is_success
    });

    // Each way in which people change a ConfigMap.
    write(&plane, "imageswap-rules", &broken);
    for line in [
        "kubectl create -f broken.json",
        "kubectl apply -f imageswap-rules.json",
        "kubectl apply -f imageswap-rules.json --server-side --force-conflicts",
        "kubectl replace -f imageswap-rules.json",
    ] {
        let ran = plane.run(line);
        eprintln!("$ {line}\n{}{}", ran.stdout, ran.stderr);
        assert_denied(&ran);
    }
    let ran = edit(&plane, "{hub}", "{hubb}");
    eprintln!(
        "$ kubectl edit configmap imageswap-rules\n{}{}",
        ran.stdout, ran.stderr
    );
    assert_denied(&ran);
    assert!(
        ran.stderr
            .contains("error: configmaps \"imageswap-rules\" could not be patched: admission webhook "),
        "{}",
        ran.stderr
    );
    // All rules lost, by a key that is misspelled.
    let ran = edit(&plane, "10-mirror.rules", "10-mirror.rule");
    assert!(
        !ran.is_success
            && ran
                .stderr
                .contains("the ConfigMap leaves no rules, and now there are some; to want no rules"),
        "{}",
        ran.stderr
    );
    // Nothing of this has changed the rules.
    let data =
        plane.succeed("kubectl get configmap imageswap-rules -n imageswap-system -o jsonpath='{.data}'");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&data).unwrap()["10-mirror.rules"],
        GOOD
    );

    // Valid rules pass, with the warnings of the check.
    let ran = edit(&plane, "harbor.example.com", "mirror.example.com");
    assert!(ran.is_success && ran.stdout.contains("edited"), "{}", ran.stderr);
    let doubled = format!("{GOOD}swap quay.io/x/ -> h.example.com/\n");
    write(&plane, "imageswap-rules", &doubled);
    let ran = plane.run("kubectl apply -f imageswap-rules.json");
    eprintln!(
        "$ kubectl apply -f imageswap-rules.json\n{}{}",
        ran.stdout, ran.stderr
    );
    assert!(
        ran.is_success
            && ran
                .stderr
                .contains("Warning: imageswap: 10-mirror.rules:4:1: warning[never-fires]: "),
        "{}",
        ran.stderr
    );
    // Other ConfigMaps are not asked about.
    let reviews = || server.metric("imageswap_requests_total", "kind=\"ConfigMap\"");
    let before = reviews();
    plane.succeed("kubectl create configmap other -n imageswap-system --from-literal=a.rules=broken");
    plane.succeed("sed s/imageswap-system/elsewhere/ broken.json | kubectl apply -f -");
    assert!(before > 0.0 && reviews() == before, "{before} {}", reviews());

    // The label can go, and with it the validation. It can come back, and deletion is always possible.
    let unlabel = "kubectl label configmap imageswap-rules -n imageswap-system imageswap.k8s.twr.io/rules";
    plane.succeed(&format!("{unlabel}-"));
    let manifest = replaced(&plane.read("broken.json"), "\"broken\"", "\"imageswap-rules\"");
    plane.write(
        "imageswap-rules.json",
        &replaced(&manifest, "\"true\"", "\"false\""),
    );
    plane.succeed("kubectl apply -f imageswap-rules.json");
    plane.succeed(&format!("{unlabel}=true --overwrite"));
    // The repair is possible while no replica answers.
    drop(server);
    write(&plane, "imageswap-rules", GOOD);
    plane.succeed("kubectl apply -f imageswap-rules.json");
    plane.succeed("kubectl delete configmap imageswap-rules -n imageswap-system");
}

#[test]
fn shipped_entry_denies_broken_rules_and_blocks_no_repair() {
    let Some((plane, node)) = installed() else { return };
    write(&plane, "imageswap-rules", RULES);
    plane.succeed("kubectl apply -f imageswap-rules.json");
    let broken = replaced(RULES, "swap", "swop");
    write(&plane, "broken", &broken);
    plane.succeed("sed -i 's/\"broken\"/\"imageswap-rules\"/' broken.json");
    let shown = "\
        denied the request: the rules of the ConfigMap do not load: 1 error\n\n\
        error[E0103]: unknown statement `swop`\n --> 10-mirror.rules:3:1\n";
    plane.wait("the entry", |plane| {
        !plane
            .run("kubectl apply --dry-run=server -f broken.json")
            .is_success
    });
    let ran = plane.run("kubectl apply -f broken.json");
    assert!(
        !ran.is_success && ran.stderr.contains(shown),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    let ran = edit(&plane, "swap ", "swop ");
    assert!(
        !ran.is_success && ran.stderr.contains(shown),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(asked(&plane, "default", "nginx:1.25").as_deref(), Some(SWAPPED));

    // Without a replica nothing is denied, so a repair is always possible.
    plane.succeed("kubectl delete hpa imageswap -n imageswap-system");
    plane.succeed("kubectl scale deployment imageswap -n imageswap-system --replicas=0");
    // A replica that ends answers until the API server uses no more of its connections.
    plane.wait("a ConfigMap that nobody validates", |plane| {
        plane.run("kubectl apply -f broken.json").is_success
    });
    assert_eq!(node.ready(), 0);
    plane.succeed("kubectl apply -f imageswap-rules.json");
}

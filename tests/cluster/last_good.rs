//! The last good set: rules that do not load, and all replicas replaced.

use imageswap_tests_support::webhook::{ControlPlane, Node};

use super::asked;
use super::forms::{RULES, SWAPPED, commands, replaced, run, set_rules};
use super::install::installed;
use super::load::Load;
use super::objects::{object, replicas};
use super::waits::{wait_for_image, wait_for_rollout};

const MAP: &str = "configmap/imageswap-last-good";
/// Commands of the page.
const SHOW: (&str, usize) = ("Rules that do not load", 0);
const FORGET: (&str, usize) = ("Rules that do not load", 1);

/// Waits until two replicas answer, and the answers of both are so.
fn wait_for_replicas(plane: &ControlPlane, what: &str, path: &str, is_so: impl Fn(&str) -> bool) {
    plane.wait(what, |plane| {
        let answers = replicas(plane, path);
        answers.len() == 2 && answers.iter().all(|answer| is_so(answer))
    });
}

/// Replaces all replicas, and waits until two new ones are ready and the old ones are gone.
fn replace_all(plane: &ControlPlane, node: &Node) {
    plane.succeed("kubectl rollout restart deployment/imageswap -n imageswap-system");
    wait_for_rollout(plane, node, 2);
}

/// Returns the digest and the version of the ConfigMap.
fn kept(plane: &ControlPlane) -> (String, String) {
    let map = object(plane, MAP);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&map["metadata"]["annotations"]["imageswap.k8s.twr.io/digest"]),
        text(&map["metadata"]["resourceVersion"]),
    )
}

/// Returns the digest of the active set of each replica.
fn digests(plane: &ControlPlane) -> Vec<String> {
    let metrics = replicas(plane, "/metrics");
    let digest = |text: &String| {
        let (_, rest) = text.split_once("imageswap_rules_info{digest=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    metrics.iter().map(digest).collect()
}

fn swapped_image(plane: &ControlPlane) -> Option<String> {
    asked(plane, "default", "nginx:1.25")
}

#[test]
fn replicas_start_with_the_last_good_set_and_return_to_the_mounted_one() {
    let Some((plane, node)) = installed() else {
        return;
    };
    plane.wait("the last good set", |plane| {
        digests(plane).contains(&kept(plane).0)
    });
    let stored: serde_json::Value = serde_json::from_str(&run(&plane, SHOW)).unwrap();
    assert_eq!(stored["files"][0]["text"], RULES);
    let before = kept(&plane);

    // A bad file, which nothing has validated, and all replicas replaced.
    let load = Load::start(node.api);
    set_rules(&plane, "rules v1\n\nswap docker.io/ to nowhere\n");
    wait_for_replicas(&plane, "the rejected set", "/readyz", |answer| {
        answer.contains("rules: reload failed, the previous rules stay active: invalid rules: ")
    });
    replace_all(&plane, &node);
    for answer in replicas(&plane, "/readyz") {
        let active = "last good set: active, kept at 20";
        assert!(
            answer.starts_with("ready\n") && answer.contains(active) && answer.contains("10-mirror.rules:3:"),
            "{answer}"
        );
    }
    for metrics in replicas(&plane, "/metrics") {
        assert!(metrics.contains("\nimageswap_last_good_active 1\n"), "{metrics}");
        assert!(
            metrics.contains("\nimageswap_config_last_reload_successful{what=\"rules\"} 0\n"),
            "{metrics}"
        );
    }
    load.end()
        .assert_all_swapped("a bad file, and all replicas replaced");
    let logs = node.logs();
    let with_last_good = logs.values().filter(|log| {
        log.contains("\"message\":\"last good set became active\"")
            && log.contains("\"message\":\"mounted rules rejected\"")
    });
    assert_eq!(with_last_good.count(), 2);
    assert_eq!(
        kept(&plane),
        before,
        "the last good set is not written while it is active"
    );

    // A good file ends it, and becomes the last good set.
    set_rules(&plane, &replaced(RULES, "dockerhub", "hub"));
    wait_for_replicas(&plane, "the good file", "/readyz", |answer| answer == "ready\n");
    wait_for_replicas(&plane, "the end of the last good set", "/metrics", |metrics| {
        metrics.contains("\nimageswap_last_good_active 0\n")
    });
    plane.wait("the next last good set", |plane| {
        digests(plane).contains(&kept(plane).0)
    });
    assert_ne!(kept(&plane).0, before.0);
    let swapped = replaced(SWAPPED, "dockerhub", "hub");
    assert_eq!(swapped_image(&plane).as_deref(), Some(swapped.as_str()));

    // Without any file, the last good set is used as well.
    plane.succeed("kubectl delete configmap imageswap-rules -n imageswap-system");
    replace_all(&plane, &node);
    wait_for_replicas(&plane, "the last good set", "/readyz", |answer| {
        answer.contains("last good set: active") && answer.contains("the set has no rules")
    });
    assert_eq!(swapped_image(&plane).as_deref(), Some(swapped.as_str()));

    // To start without rules, remove the last good set.
    run(&plane, FORGET);
    replace_all(&plane, &node);
    assert_eq!(swapped_image(&plane).as_deref(), Some("nginx:1.25"));
    let logs = node.logs();
    let has_warned = |log: &&String| {
        log.lines()
            .any(|line| line.contains("\"level\":\"WARN\"") && line.contains("started without rules"))
    };
    assert!(logs.values().filter(has_warned).count() >= 2);
    let map = object(&plane, MAP);
    assert!(map.get("binaryData").is_none(), "an empty set is not kept: {map}");

    // A bad file without a last good set: the new replica ends, and says why.
    set_rules(&plane, RULES);
    wait_for_image(&plane, "default", "nginx:1.25", SWAPPED);
    plane.wait("the last good set", |plane| {
        digests(plane).contains(&kept(plane).0)
    });
    plane.succeed(&format!(
        "kubectl patch {MAP} -n imageswap-system --type=merge -p '{{\"binaryData\":{{\"set\":\"bm90IGd6aXA=\"}}}}'"
    ));
    set_rules(&plane, "rules v1\n\nswap docker.io/ to nowhere\n");
    plane.succeed("kubectl rollout restart deployment/imageswap -n imageswap-system");
    plane.wait("the error", |_| {
        node.logs().values().any(|log| {
            log.contains("invalid rules: ")
                && log.contains("; the last good set cannot be used either: it is not valid gzip")
        })
    });
    // The running replicas go on.
    assert_eq!(swapped_image(&plane).as_deref(), Some(SWAPPED));
    set_rules(&plane, RULES);
    wait_for_rollout(&plane, &node, 2);
    // The broken value is replaced.
    plane.wait("the repaired set", |plane| {
        let stored = plane.run(&commands(SHOW)).stdout;
        stored.starts_with("{\"version\":1,")
    });
}

//! Updates and limits behind a real API server: what a manifest with the original image does to a swapped object, and which
//! part of long texts reaches the caller.

use std::path::Path;

use imageswap_tests_support::webhook::{ControlPlane, Pair, Start, Volume};
use serde_json::{Value, json};

use super::forms::replaced;
use super::{Armed, IMAGESWAP, asked, webhook_configuration};

const RULES: &str = "\
rules v1
warn  example.com/warned/  because \"AAAA\"  as early
deny  example.com/denied/  because \"not here\"  as denied
swap  docker.io/  -> harbor.example.com/hub/
";
const SWAPPED: &str = "harbor.example.com/hub/library/nginx:1.25";

/// Returns a Pod or a Deployment with the original image.
fn manifest(kind: &str, name: &str) -> String {
    let pod = json!({"containers": [{"name": "web", "image": "nginx:1.25"}], "initContainers": [{"name": "setup", "image": "nginx:1.25"}]});
    match kind {
        "Pod" => json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": pod}),
        _ => json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod}}}),
    }
    .to_string()
}

/// Returns the images of an object, and what changes with a restart: its uid and the ReplicaSets of a Deployment. (The API
/// server counts a generation for a server-side apply before it calls webhooks, so that number may grow.)
fn state(plane: &ControlPlane, kind: &str, name: &str) -> Value {
    let object = plane.json(&format!("kubectl get {kind} {name} -o json"));
    let pod = match kind {
        "Pod" => &object["spec"],
        _ => &object["spec"]["template"]["spec"],
    };
    let replica_sets = plane.json(&format!("kubectl get replicasets -l app={name} -o json"));
    let names: Vec<&Value> = replica_sets["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| &set["metadata"]["name"])
        .collect();
    json!({
        "images": [pod["containers"][0]["image"], pod["initContainers"][0]["image"]],
        "uid": object["metadata"]["uid"],
        "replica sets": names,
    })
}

/// Returns a Pod whose containers have these images.
fn pod(name: &str, images: &[String]) -> String {
    let container = |(index, image): (usize, &String)| json!({"name": format!("c{index}"), "image": image});
    let containers: Vec<Value> = images.iter().enumerate().map(container).collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers}})
        .to_string()
}

#[test]
fn original_image_restarts_nothing_and_long_texts_are_counted() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    let reason = "ö".repeat(300);
    let text = replaced(RULES, "AAAA", &reason);
    let rules = Volume::mount(&[("10-mirror.rules", text.as_bytes())]);
    let start = |tls: &Path| {
        Start::new(IMAGESWAP)
            .args(["--tls-dir", tls.to_str().unwrap()])
            .rules(rules.path())
    };
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    let armed = Armed::start(&plane, "default", start, SWAPPED);
    // With Deployments and their subresources, too.
    let configuration = plane.json("kubectl get mutatingwebhookconfiguration imageswap-webhook -o json");
    let mut patched = configuration["webhooks"].clone();
    patched[0]["rules"][0]["resources"] = json!(["pods", "pods/*", "deployments", "deployments/*"]);
    plane.write("entries.json", &json!({"webhooks": patched}).to_string());
    plane.succeed(
        "kubectl patch mutatingwebhookconfiguration imageswap-webhook --type=merge --patch-file entries.json",
    );
    plane.wait("a Deployment that is swapped", |plane| {
        plane.write("try.json", &manifest("Deployment", "try"));
        let ran = plane.succeed("kubectl create -f try.json --dry-run=server -o jsonpath='{.spec.template.spec.containers[0].image}'");
        ran == SWAPPED
    });

    original_image_restarts_nothing(&plane);
    long_texts_are_cut_with_a_count(&plane, &reason);

    // A scale of a Deployment has no images.
    let log = armed.server.log();
    let of_scale = log.iter().find(|line| line["kind"] == "Scale");
    assert_eq!(of_scale.unwrap()["images"], 0);
    dry_run_says_so(&plane, &rules);
}

fn original_image_restarts_nothing(plane: &ControlPlane) {
    for (kind, name) in [("Pod", "bare"), ("Deployment", "web")] {
        plane.write("original.json", &manifest(kind, name));
        plane.succeed("kubectl apply -f original.json");
        if kind == "Deployment" {
            plane.wait("a ReplicaSet", |plane| {
                state(plane, kind, name)["replica sets"] != json!([])
            });
        }
        let first = state(plane, kind, name);
        assert_eq!(first["images"], json!([SWAPPED, SWAPPED]), "{kind}");
        for line in [
            "kubectl apply -f original.json",
            "kubectl apply -f original.json",
            // The images are fields of the manager that created the object, so the first one asks to take them.
            "kubectl apply -f original.json --server-side --force-conflicts",
            "kubectl apply -f original.json --server-side",
            "kubectl apply -f original.json --server-side --field-manager=other --force-conflicts",
        ] {
            plane.succeed(line);
            assert_eq!(state(plane, kind, name), first, "{line} of a {kind}");
        }
        if kind == "Deployment" {
            // A Pod has a volume that only its creation adds.
            plane.succeed("kubectl replace -f original.json");
            assert_eq!(state(plane, kind, name), first, "replace of a {kind}");
        }
        plane.succeed(&format!("kubectl label {kind} {name} seen=yes"));
        assert_eq!(state(plane, kind, name), first, "label of a {kind}");
    }
    // A scale changes the generation, and no image.
    plane.succeed("kubectl scale deployment web --replicas=2");
    let scaled = state(plane, "Deployment", "web");
    assert_eq!(scaled["images"], json!([SWAPPED, SWAPPED]));
    assert_eq!(scaled["replica sets"].as_array().unwrap().len(), 1);
}

fn long_texts_are_cut_with_a_count(plane: &ControlPlane, reason: &str) {
    let images = |path: &str, count: usize| -> Vec<String> {
        (0..count)
            .map(|n| format!("example.com/{path}/app{n:03}:1"))
            .collect()
    };
    let warnings = |count: usize| -> Vec<String> {
        plane.write("pod.json", &pod("warned", &images("warned", count)));
        let ran = plane.run("kubectl create -f pod.json --dry-run=server");
        assert!(ran.is_success, "{}", ran.stderr);
        let lines = ran.stderr.lines();
        lines
            .map(|line| line.strip_prefix("Warning: ").unwrap().to_owned())
            .collect()
    };
    // Few warnings are whole, and of many each is cut and the rest is counted.
    let few = warnings(7);
    assert_eq!(few.len(), 7);
    assert!(few.iter().all(|warning| warning.ends_with(reason)), "{few:?}");
    let many = warnings(30);
    let (count, shown) = many.split_last().unwrap();
    assert_eq!(*count, format!("imageswap: {} more warnings", 30 - shown.len()));
    let is_cut = |warning: &String| warning.chars().count() == 256 && warning.ends_with("ö...");
    assert!(shown.len() > 7 && shown.iter().all(is_cut), "{many:?}");

    plane.write("pod.json", &pod("denied", &images("denied", 500)));
    let denied = plane.run("kubectl create -f pod.json");
    assert!(!denied.is_success);
    let lines: Vec<&str> = denied.stderr.trim_end().lines().collect();
    let (last, shown) = lines.split_last().unwrap();
    assert_eq!(
        *last,
        format!("imageswap: {} more images are denied", 500 - shown.len())
    );
    assert!(
        shown.len() > 100 && denied.stderr.len() < 17 << 10,
        "{}",
        denied.stderr.len()
    );
    assert!(shown[1].contains("example.com/denied/app001:1 of container c1 is denied by denied: not here"));
    assert!(plane.read("audit.log").contains("/rules\":\"denied\""));
}

fn dry_run_says_so(plane: &ControlPlane, rules: &Volume) {
    let pair = Pair::generate();
    let tls = Volume::mount(&pair.files());
    let server = Start::new(IMAGESWAP)
        .args(["--tls-dir", tls.path().to_str().unwrap(), "--dry-run"])
        .rules(rules.path())
        .serve();
    plane.apply(&webhook_configuration(&server, &pair.certificate));
    plane.wait("the webhook in a dry run", |plane| {
        asked(plane, "default", "nginx:1.25").as_deref() == Some("nginx:1.25")
    });
    for (image, warning) in [
        (
            "nginx:1.25",
            format!("would-swap (dry run): nginx:1.25 of container real would become {SWAPPED}"),
        ),
        (
            "example.com/denied/x:1",
            "would-deny (dry run): example.com/denied/x:1 of container real would be denied by denied: not here".to_owned(),
        ),
    ] {
        let ran = plane.run(&format!("kubectl run real --image={image}"));
        assert!(ran.is_success, "{}", ran.stderr);
        assert_eq!(ran.stderr.trim_end(), format!("Warning: imageswap: {warning}"));
        plane.succeed("kubectl delete pod real --now --wait=true");
    }
    for effect in ["would-swap", "would-deny"] {
        let label = format!("effect=\"{effect}\"");
        assert!(server.metric("imageswap_images_total", &label) >= 1.0, "{effect}");
    }
    for effect in ["\"swap\"", "\"deny\""] {
        assert_eq!(
            server.metric("imageswap_images_total", &format!("effect={effect}")),
            0.0,
            "{effect}"
        );
    }
    assert_eq!(server.metric("imageswap_dry_run", ""), 1.0);
}

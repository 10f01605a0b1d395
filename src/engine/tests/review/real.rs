//! Answers to reviews of real objects.

use std::collections::HashSet;

use imageswap_engine::admission::{Caller, Policy, ReviewOutcome, SkipReason, cases, review};
use imageswap_engine::context::Place;
use imageswap_tests_support::recorded::{conformance, review as recorded};
use serde_json::{Value, json};

use crate::support::{
    answer, assert_only_images_change, left, of, of_pod, patch, pointers, policy, reviewed, rules,
};

#[test]
fn real_review_gets_its_uid_and_a_patch_that_applies() {
    let directory = conformance("reviews");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let body = std::fs::read(&path).unwrap();
        let request = serde_json::from_slice::<Value>(&body).unwrap()["request"].clone();
        let reviewed = reviewed(&body);
        let answer = answer(&reviewed);
        assert_eq!(answer["kind"], "AdmissionReview");
        assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(answer["response"]["uid"], request["uid"], "{}", path.display());
        assert_eq!(answer["response"]["allowed"], true);
        assert_eq!(
            answer["response"].get("patch").is_some(),
            answer["response"].get("patchType").is_some()
        );
        assert_only_images_change(&request["object"], &reviewed);
        count += 1;
    }
    assert_eq!(count, 38, "every real review was read");
}

#[test]
fn real_reviews_have_an_image_in_each_place() {
    let mut places = HashSet::new();
    for entry in std::fs::read_dir(conformance("reviews")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let body = std::fs::read(&path).unwrap();
            let cases = cases(&body, "k8s.twr.io/imageswap", &Caller::default()).unwrap_or_default();
            places.extend(cases.iter().map(|case| case.setting.context().place));
        }
    }
    assert_eq!(places, HashSet::from(Place::ALL));
}

#[test]
fn every_place_of_a_pod_is_patched() {
    let body = recorded("002-create-pods-rich.json");
    let request = serde_json::from_slice::<Value>(&body).unwrap()["request"].clone();
    let reviewed = reviewed(&body);
    assert_eq!(reviewed.outcome, ReviewOutcome::Patched);
    let spec = &request["object"]["spec"];
    let count = |list: &str| spec[list].as_array().unwrap().len();
    let volumes = spec["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|volume| volume.get("image").is_some())
        .count();
    assert!(volumes > 0);
    assert_eq!(
        reviewed.images.len(),
        count("containers") + count("initContainers") + volumes
    );
    assert!(
        pointers(&reviewed)
            .iter()
            .any(|pointer| pointer.starts_with("/spec/initContainers/0/image"))
    );
    assert!(
        pointers(&reviewed)
            .iter()
            .any(|pointer| pointer.ends_with("/image/reference"))
    );
}

#[test]
fn edit_of_a_label_or_annotation_changes_no_image() {
    for file in [
        "003-update-pods-rich.json",
        "004-update-pods-rich.json",
        "009-update-pods-rich.json",
    ] {
        let body = recorded(file);
        let reviewed = reviewed(&body);
        assert_eq!(patch(&reviewed), [], "{file}");
        assert!(
            left(&reviewed)
                .iter()
                .all(|reason| *reason == SkipReason::Unchanged),
            "{file}"
        );
    }
}

#[test]
fn update_patches_only_the_changed_image() {
    let old = json!({"spec": {"containers": [
        {"name": "a", "image": "mirror.example.com/hub/a:1"}, {"name": "b", "image": "b:1"}]}});
    let new = json!({"spec": {"containers": [
        {"name": "b", "image": "b:1"}, {"name": "a", "image": "a:2"}]}});
    let body = of("UPDATE", "", "Pod", new, old);
    assert_eq!(pointers(&reviewed(&body)), ["/spec/containers/1/image"]);
}

#[test]
fn ephemeral_container_is_patched_and_its_pod_is_not() {
    let body = recorded("006-update-pods-ephemeralcontainers-rich.json");
    let pointers = pointers(&reviewed(&body));
    assert_eq!(pointers, ["/spec/ephemeralContainers/0/image"]);
}

#[test]
fn templates_are_patched_where_each_kind_has_them() {
    let files = [
        (
            "016-create-deployments-web.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "017-create-replicasets-web-7bfb4bc78d.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "026-create-jobs-once.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "028-create-cronjobs-tick.json",
            "/spec/jobTemplate/spec/template/spec/containers/0/image",
        ),
        (
            "031-create-daemonsets-agent.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "036-create-replicationcontrollers-rc.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "038-create-podtemplates-pt.json",
            "/template/spec/containers/0/image",
        ),
    ];
    for (file, pointer) in files {
        let body = recorded(file);
        assert_eq!(pointers(&reviewed(&body)), [pointer], "{file}");
    }
}

#[test]
fn every_kind_with_a_pod_template_is_patched() {
    let object =
        json!({"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "a", "image": "a"}]}}}});
    let body = of("CREATE", "argoproj.io", "Rollout", object, Value::Null);
    assert_eq!(
        pointers(&reviewed(&body)),
        ["/spec/template/spec/containers/0/image"]
    );
}

#[test]
fn pod_with_break_glass_label_is_skipped() {
    let body = recorded("041-create-pods-glass.json");
    let reviewed = reviewed(&body);
    assert_eq!(
        (reviewed.outcome, patch(&reviewed)),
        (ReviewOutcome::Skipped, vec![])
    );
    assert_eq!(left(&reviewed), [SkipReason::Disabled]);
}

#[test]
fn break_glass_label_works_on_object_and_template() {
    let label = json!({"labels": {"k8s.twr.io/imageswap": "disabled"}});
    let spec = json!({"containers": [{"name": "a", "image": "a"}]});
    let on_object = json!({"metadata": label, "spec": {"template": {"spec": spec}}});
    let on_template = json!({"metadata": {}, "spec": {"template": {"metadata": label, "spec": spec}}});
    for object in [on_object, on_template] {
        let body = of("CREATE", "apps", "Deployment", object, Value::Null);
        assert_eq!(left(&reviewed(&body)), [SkipReason::Disabled]);
    }
}

#[test]
fn other_value_of_break_glass_label_has_no_effect() {
    let metadata = json!({"labels": {"k8s.twr.io/imageswap": "enabled"}});
    let body = of_pod(metadata, json!({"containers": [{"name": "a", "image": "a"}]}));
    assert_eq!(pointers(&reviewed(&body)), ["/spec/containers/0/image"]);
}

#[test]
fn mirror_pod_and_deleted_object_are_skipped() {
    let mirror = recorded("042-create-pods-static-node1.json");
    assert_eq!(left(&reviewed(&mirror)), [SkipReason::MirrorPod]);
    let metadata = json!({"deletionTimestamp": "2026-11-23T07:17:18Z"});
    let deleted = of_pod(metadata, json!({"containers": [{"name": "a", "image": "a"}]}));
    assert_eq!(left(&reviewed(&deleted)), [SkipReason::Deleting]);
}

#[test]
fn delete_gets_no_patch() {
    let body = recorded("013-delete-pods-rich.json");
    let reviewed = reviewed(&body);
    assert_eq!(
        (reviewed.outcome, reviewed.images.len()),
        (ReviewOutcome::Unchanged, 0)
    );
}

#[test]
fn container_without_image_is_skipped_without_warning() {
    let body = recorded("039-create-pods-noimage.json");
    let reviewed = reviewed(&body);
    assert_eq!(left(&reviewed), [SkipReason::NoImage]);
    assert!(answer(&reviewed)["response"].get("warnings").is_none());
}

#[test]
fn invalid_image_is_kept_with_a_warning() {
    let body = recorded("040-create-pods-badimage.json");
    let reviewed = reviewed(&body);
    assert_eq!(left(&reviewed), [SkipReason::InvalidImage]);
    let warnings = answer(&reviewed)["response"]["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 1, "{warnings}");
    let warning = warnings[0].as_str().unwrap();
    assert!(
        warning.starts_with("imageswap: ") && warning.contains("of container a "),
        "{warning}"
    );
}

#[test]
fn image_auto_is_skipped_without_warning() {
    let body = of_pod(
        json!({}),
        json!({"containers": [{"name": "istio-proxy", "image": "auto"}]}),
    );
    let reviewed = reviewed(&body);
    assert_eq!(left(&reviewed), [SkipReason::Auto]);
    assert!(answer(&reviewed)["response"].get("warnings").is_none());
}

#[test]
fn warning_is_one_line_of_limited_length() {
    let image = format!("bad\r\nimage{}", "x".repeat(100_000));
    let body = of_pod(json!({}), json!({"containers": [{"name": "a", "image": image}]}));
    let warning = answer(&reviewed(&body))["response"]["warnings"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        !warning.contains(char::is_control) && warning.len() < 1000,
        "{warning}"
    );
}

#[test]
fn warnings_are_limited_and_the_rest_is_counted() {
    let containers: Vec<Value> = (0..500)
        .map(|n| json!({"name": format!("c{n}"), "image": "Bad"}))
        .collect();
    let body = of_pod(json!({}), json!({"containers": containers}));
    let answer = answer(&reviewed(&body));
    let warnings = answer["response"]["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 27);
    assert_eq!(warnings[26], "imageswap: 474 more warnings");
}

#[test]
fn v1beta1_review_gets_v1beta1_answer() {
    let body = String::from_utf8(recorded("043-create-pods-gen.json")).unwrap();
    let body = body
        .replacen("admission.k8s.io/v1\"", "admission.k8s.io/v1beta1\"", 1)
        .into_bytes();
    let answer = answer(&reviewed(&body));
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1beta1");
    assert_eq!(answer["response"]["patchType"], "JSONPatch");
}

#[test]
fn dry_run_changes_nothing_and_warns() {
    let rules = rules();
    let body = recorded("018-create-pods-web-7bfb4bc78d.json");
    let dry = review(
        &body,
        &Policy {
            dry_run: true,
            ..policy(&rules)
        },
        &Caller::default(),
    )
    .unwrap();
    assert_eq!((dry.outcome, patch(&dry)), (ReviewOutcome::WouldSwap, vec![]));
    let warning = answer(&dry)["response"]["warnings"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        warning.contains("nginx:1.25 of container nginx would become "),
        "{warning}"
    );
}

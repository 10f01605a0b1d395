//! Checks of the answer to a review: another implementation of RFC 6902 applies its patch, and the patch changes only what
//! it may.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_engine::admission::{
    Caller, ORIGINAL_IMAGES, Policy, break_glass, cases, config_map_review, review,
};
use serde_json::{Map, Value, json};

use crate::generate::Choices;
use crate::loaded::{Loaded, load};

/// Lists of a Pod with an image in each element, and the location of the image.
const LISTS: [(&str, &str); 4] = [
    ("containers", "/image"),
    ("initContainers", "/image"),
    ("ephemeralContainers", "/image"),
    ("volumes", "/image/reference"),
];

/// Rules with each effect.
const RULES: &str = "rules v1\n\
    home mirror.example.com/\n\
    deny **/evil because \"not here\" as evil\n\
    warn **:latest as floating\n\
    keep quay.io/kept/ pull-secret kept\n\
    swap *.example.org/** -> mirror.example.com/{tag}/{name}\n\
    swap docker.io/ -> mirror.example.com/hub/ when not container c pull-secret one\n\
    swap quay.io/ -> docker.io/quay/ when operation create, update pull-secret two\n";

/// Key of the break-glass label.
const LABEL: &str = "k8s.twr.io/imageswap";

/// Bits of the first byte of an input.
const IS_GENERATED: u8 = 1;
const IS_DRY_RUN: u8 = 2;
const HAS_ENTRY: u8 = 4;
const RECORDS_ORIGINALS: u8 = 8;

/// Answers the review of an input, and checks the answer. The first byte of an input selects how it is answered. The others
/// are the body, or choices of a generator of reviews.
///
/// # Panics
///
/// If the answer is wrong.
pub fn check(input: &[u8]) {
    let body = body_of(input);
    let flags = input.first().copied().unwrap_or_default();
    static SET: LazyLock<Loaded> = LazyLock::new(|| load([("a.rules", RULES)]));
    let policy = Policy {
        rules: SET.set(),
        digest: "d",
        disable_label: LABEL,
        dry_run: flags & IS_DRY_RUN != 0,
        record_originals: flags & RECORDS_ORIGINALS != 0,
    };
    let caller = Caller {
        entry: (flags & HAS_ENTRY != 0).then_some("early"),
        ..Caller::default()
    };
    if let Ok(reviewed) = review(&body, &policy, &caller) {
        let answer: Value = serde_json::from_slice(&reviewed.answer).expect("the answer is JSON");
        assert!(!policy.dry_run || answer["response"].get("patch").is_none());
        check_reviewed(&body, &answer, policy.record_originals);
    }
    if let Ok(reviewed) = break_glass(&body, &policy) {
        let answer: Value = serde_json::from_slice(&reviewed.answer).expect("the answer is JSON");
        assert!(!policy.dry_run || answer["response"].get("patch").is_none());
        check_break_glass(&body, &answer);
    }
    let _ = cases(&body, policy.disable_label, &caller);
    if let Ok(review) = config_map_review(&body) {
        let answer = review.allow(vec!["w".to_owned()], "d");
        assert!(serde_json::from_slice::<Value>(&answer).is_ok());
    }
}

/// Returns the body that an input of [`check`] has or makes.
pub fn body_of(input: &[u8]) -> Vec<u8> {
    match input.split_first() {
        None => Vec::new(),
        Some((flags, rest)) if flags & IS_GENERATED == 0 => rest.to_vec(),
        Some((_, rest)) => Choices::new(rest).review(),
    }
}

/// Checks the answer to a review: its patch changes only images, and adds pull secrets only to a new Pod.
///
/// # Panics
///
/// If it is not an answer to this review, if its patch does not apply, or if the patch changes something that it must not
/// change.
pub fn check_answer(body: &[u8], answer: &Value) {
    check_reviewed(body, answer, false);
}

fn check_reviewed(body: &[u8], answer: &Value, records_originals: bool) {
    let Some((request, patched)) = applied(body, answer) else {
        return;
    };
    let pod = pod_of(&request["kind"]);
    for (pointer, old, new) in changes(&request["object"], &patched) {
        let is_image =
            is_image(&pointer, pod) && old.and_then(Value::as_str).is_some_and(|old| !old.is_empty());
        let is_secret = pointer.starts_with("/spec/imagePullSecrets")
            && pod.is_empty()
            && request["operation"] == "CREATE"
            && old.is_none_or(|old| !old.is_array());
        let is_annotation = records_originals && is_record(&pointer, old, new);
        assert!(
            is_image && new.is_some_and(Value::is_string) || is_secret || is_annotation,
            "{pointer} changes"
        );
    }
    check_unchanged(&request, &patched, pod);
}

/// Returns true if a change adds the annotation with the original images, or entries to it, and the maps that it needs.
fn is_record(pointer: &str, old: Option<&Value>, new: Option<&Value>) -> bool {
    let is_missing = old.is_none_or(Value::is_null);
    let only = |map: &Value, key: &str| {
        let map = map.as_object().filter(|map| map.len() == 1)?;
        map.get(key).cloned()
    };
    let value = new.and_then(|new| match pointer {
        "/metadata" if is_missing => only(&only(new, "annotations")?, ORIGINAL_IMAGES),
        "/metadata/annotations" if is_missing => only(new, ORIGINAL_IMAGES),
        "/metadata/annotations/imageswap.k8s.twr.io~1original-images" => Some(new.clone()),
        _ => None,
    });
    let entries = |text: &Value| serde_json::from_str::<Map<String, Value>>(text.as_str()?).ok();
    let Some(now) = value.as_ref().and_then(entries) else {
        return false;
    };
    // An entry that exists is never overwritten.
    let before = old.and_then(entries).unwrap_or_default();
    before
        .iter()
        .all(|(pointer, image)| now.get(pointer) == Some(image))
}

/// Checks the answer to a review at `/break-glass`: its patch changes only the label of the pod template, and adds the maps
/// that it needs.
fn check_break_glass(body: &[u8], answer: &Value) {
    let Some((request, patched)) = applied(body, answer) else {
        return;
    };
    let labels = json!({LABEL: "disabled"});
    let metadata = format!("{}/metadata", pod_of(&request["kind"]));
    for (pointer, old, new) in changes(&request["object"], &patched) {
        let is_missing = old.is_none_or(Value::is_null);
        let is_label = match pointer.strip_prefix(&metadata) {
            Some("") => is_missing && new == Some(&json!({"labels": labels})),
            Some("/labels") => is_missing && new == Some(&labels),
            Some("/labels/k8s.twr.io~1imageswap") => new.is_none_or(|new| new == "disabled"),
            _ => false,
        };
        assert!(is_label, "{pointer} changes");
    }
}

/// Returns the request of a review, and its object after the patch of the answer; `None` if the answer has no patch.
fn applied(body: &[u8], answer: &Value) -> Option<(Value, Value)> {
    let response = &answer["response"];
    assert_eq!(answer["kind"], "AdmissionReview");
    let (patch, allowed) = (response.get("patch"), response["allowed"].as_bool());
    assert_eq!(patch.is_some(), response.get("patchType").is_some());
    assert!(allowed.is_some() && (patch.is_none() || allowed == Some(true)));
    // This reader rejects some texts that the webhook skips, such as half of a surrogate pair.
    let mut review = serde_json::from_slice::<Value>(body).ok()?;
    let request = review["request"].take();
    assert_eq!(response["uid"], request["uid"]);
    let patch = STANDARD
        .decode(patch?.as_str().expect("a string"))
        .expect("base64");
    let patch: json_patch::Patch = serde_json::from_slice(&patch).expect("a patch");
    assert!(!patch.is_empty());
    let mut patched = request["object"].clone();
    json_patch::patch(&mut patched, &patch).expect("the patch applies");
    assert_ne!(patched, request["object"], "the patch changes nothing");
    Some((request, patched))
}

/// Asserts that an image that an UPDATE does not change stays.
fn check_unchanged(request: &Value, patched: &Value, pod: &str) {
    if request["operation"] != "UPDATE" {
        return;
    }
    let of = |object: &Value, list: &str, image: &str| -> Vec<(Option<String>, Option<String>)> {
        let elements = object
            .pointer(&format!("{pod}/spec/{list}"))
            .and_then(Value::as_array);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(ToOwned::to_owned);
        let named = |element: &Value| (text(element.get("name")), text(element.pointer(image)));
        elements.into_iter().flatten().map(named).collect()
    };
    for (list, image) in LISTS {
        let old = of(&request["oldObject"], list, image);
        let new = of(&request["object"], list, image);
        for (before, after) in new.iter().zip(of(patched, list, image)) {
            assert!(
                !old.contains(before) || *before == after,
                "{before:?} of {list} changes to {after:?}"
            );
        }
    }
}

/// Returns the location of the Pod or of the Pod template in an object of a kind.
fn pod_of(kind: &Value) -> &'static str {
    let text = |key: &str| kind[key].as_str().unwrap_or_default();
    match (text("group"), text("kind")) {
        ("", "Pod") => "",
        ("", "PodTemplate") => "/template",
        ("batch", "CronJob") => "/spec/jobTemplate/spec/template",
        _ => "/spec/template",
    }
}

fn is_image(pointer: &str, pod: &str) -> bool {
    let field = pointer
        .strip_prefix(pod)
        .and_then(|rest| rest.strip_prefix("/spec/"));
    LISTS.iter().any(|(list, image)| {
        let index = field.and_then(|field| field.strip_prefix(list)?.strip_prefix('/')?.strip_suffix(image));
        index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Returns the values that differ, each with its pointer.
fn changes<'v>(old: &'v Value, new: &'v Value) -> Vec<Change<'v>> {
    let mut changes = Vec::new();
    compare(old, new, &mut String::new(), &mut changes);
    changes
}

type Change<'v> = (String, Option<&'v Value>, Option<&'v Value>);

/// Collects the values that differ, each with its pointer.
fn compare<'v>(old: &'v Value, new: &'v Value, pointer: &mut String, changes: &mut Vec<Change<'v>>) {
    let mut member = |key: &str, old: Option<&'v Value>, new: Option<&'v Value>| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        match (old, new) {
            (Some(old), Some(new)) => compare(old, new, pointer, changes),
            _ => changes.push((pointer.clone(), old, new)),
        }
        pointer.truncate(length);
    };
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                member(key, old.get(key), new.get(key));
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                member(&index.to_string(), old.get(index), new.get(index));
            }
        }
        (old, new) if old == new => {}
        (old, new) => changes.push((pointer.clone(), Some(old), Some(new))),
    }
}

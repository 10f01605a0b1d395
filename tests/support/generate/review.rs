//! Reviews: objects with a Pod, edits of them, and values of unexpected types.

use serde_json::{Value, json};

use super::choices::Choices;

const NAMES: [&str; 5] = ["a", "b", "c", "", "a\u{7f}\"é"];
const IMAGES: [&str; 14] = [
    "nginx",
    "nginx:1.25",
    "quay.io/x:1",
    "quay.io/kept/x",
    "mirror.example.com/hub/library/nginx:1.25",
    "a.example.org/x:v-",
    "x/evil:1",
    "Bad",
    "auto",
    "",
    "x@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "localhost:5000/a/b",
    "a b\u{1b}[m",
    "\u{202e}é",
];
const LISTS: [&str; 4] = ["containers", "initContainers", "ephemeralContainers", "volumes"];

impl Choices<'_> {
    /// Makes a review in JSON. An UPDATE has an object that some edits made of the old one.
    pub fn review(&mut self) -> Vec<u8> {
        let (group, kind) = [
            ("", "Pod"),
            ("apps", "Deployment"),
            ("batch", "CronJob"),
            ("", "PodTemplate"),
            ("autoscaling", "Scale"),
            ("example.com", "Fleet"),
        ][self.below(6)];
        let operation = ["UPDATE", "CREATE", "DELETE", "CONNECT", "?"][self.below(5)];
        let pod = self.pod();
        let mut edited = pod.clone();
        for _ in 0..self.below(6) {
            self.edit_pod(&mut edited);
        }
        let (mut object, mut old) = (placed(kind, edited), placed(kind, pod));
        for object in [&mut object, &mut old] {
            if self.one_in(4) {
                object["metadata"] = json!({"labels": self.labels()});
            }
        }
        let mut request = json!({
            "uid": "u", "kind": {"group": group, "version": "v1", "kind": kind}, "operation": operation,
            "object": object, "oldObject": old,
        });
        if self.one_in(4) {
            request["oldObject"] = self.any(3);
        }
        for _ in 0..self.below(3) {
            self.damage(&mut request);
        }
        let review =
            json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request});
        review.to_string().into_bytes()
    }

    /// Makes a Pod or a Pod template.
    fn pod(&mut self) -> Value {
        let mut pod = json!({"metadata": {}, "spec": {}});
        for list in LISTS {
            let elements: Vec<Value> = (0..self.below(4)).map(|_| self.element(list)).collect();
            pod["spec"][list] = elements.into();
        }
        if self.one_in(4) {
            pod["spec"]["imagePullSecrets"] =
                [json!([]), json!([{"name": "one"}]), Value::Null][self.below(3)].take();
        }
        pod
    }

    fn element(&mut self, list: &str) -> Value {
        let image = self.of(&IMAGES);
        let mut element = match list {
            "volumes" => json!({"image": {"reference": image}}),
            _ => json!({"image": image}),
        };
        if !self.one_in(8) {
            element["name"] = self.of(&NAMES).into();
        }
        element
    }

    /// Makes an edit of a Pod.
    fn edit_pod(&mut self, pod: &mut Value) {
        let list = self.of(&LISTS);
        let (edit, new) = (self.below(9), self.element(list));
        let (one, other) = (self.below(4), self.below(4));
        let Some(elements) = pod["spec"][list].as_array_mut() else {
            return;
        };
        let length = elements.len();
        match edit {
            0 if length > 0 => elements.swap(one % length, other % length),
            1 => elements.insert(one.min(length), new),
            2 if length > 0 => drop(elements.remove(one % length)),
            3 if length > 0 => elements[one % length]["name"] = new["name"].clone(),
            4 | 5 if length > 0 => elements[one % length] = new,
            6 if length > 0 => elements.push(elements[one % length].clone()),
            7 if length > 0 => elements[one % length]["restartPolicy"] = "Always".into(),
            8 => pod["metadata"]["labels"] = self.labels(),
            _ => {}
        }
    }

    fn labels(&mut self) -> Value {
        let value = self.of(&["disabled", "Disabled", "enabled", ""]);
        [
            json!({"a": "b"}),
            json!({"k8s.twr.io/imageswap": value}),
            json!({}),
        ][self.below(3)]
        .take()
    }

    /// Replaces a value somewhere by one of any type.
    fn damage(&mut self, value: &mut Value) {
        let is_here = self.one_in(8);
        let at = self.below(8);
        let inner = match value {
            Value::Object(members) if !members.is_empty() && !is_here => {
                let at = at % members.len();
                members.values_mut().nth(at)
            }
            Value::Array(elements) if !elements.is_empty() && !is_here => {
                let at = at % elements.len();
                elements.get_mut(at)
            }
            _ => None,
        };
        match inner {
            Some(inner) => self.damage(inner),
            None => *value = self.any(2),
        }
    }

    /// Makes any value.
    fn any(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => Value::Null,
            1 => true.into(),
            2 => self.below(256).into(),
            3 => self.of(&IMAGES).into(),
            4 => self.pod(),
            5 => json!({"image": {}}),
            6 => (0..self.below(3)).map(|_| self.any(depth - 1)).collect(),
            _ => json!({self.of(&["spec", "metadata", "labels", "image", "template"]): self.any(depth - 1)}),
        }
    }
}

/// Puts a Pod where a kind has it.
fn placed(kind: &str, pod: Value) -> Value {
    match kind {
        "Pod" => pod,
        "PodTemplate" => json!({"template": pod}),
        "CronJob" => json!({"spec": {"jobTemplate": {"spec": {"template": pod}}}}),
        "Scale" => json!({"spec": {"replicas": 2}, "status": {"replicas": 1}}),
        _ => json!({"spec": {"replicas": 2, "template": pod}}),
    }
}

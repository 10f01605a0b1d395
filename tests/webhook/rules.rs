//! Recorded decisions of an independent implementation of the language, compared with the running webhook: each set
//! becomes active, and each case is a review.

use std::fs;

use imageswap_tests_support::recorded::conformance;
use imageswap_tests_support::webhook::{Answer, Connection, Start, Volume};
use serde_json::{Value, json};

use crate::IMAGESWAP;

/// Returns the rows of a file of vectors.
pub(crate) fn rows(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(conformance("rules").join(file)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Returns the files of a set.
pub(crate) fn files(row: &Value) -> Vec<(&str, &[u8])> {
    let files = row["files"].as_object().unwrap().iter();
    files
        .map(|(name, text)| (name.as_str(), text.as_str().unwrap().as_bytes()))
        .collect()
}

/// Numbers of cases.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    cases: usize,
    /// Empty images, which the webhook skips as the API server does.
    empty: usize,
    warned: usize,
    denied: usize,
    /// Answers that add pull secrets.
    with_secrets: usize,
}

#[test]
fn recorded_decisions_are_reproduced() {
    let rows = rows("vectors.jsonl");
    let mut rules = Volume::mount(&files(&rows[0]));
    let server = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    let mut connection = server.connect();
    let mut count = Count::default();
    let mut wrong = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            server.reloads_when(|| rules.update(&files(row)));
        }
        for case in row["cases"].as_array().unwrap() {
            let found = Case::new(case, count.cases).compare(&mut connection, &mut count);
            count.cases += 1;
            if let Err(what) = found {
                wrong.push(format!("set {number}: {case}\n  {what}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let expected = Count {
        cases: 5_100,
        empty: 15,
        warned: 869,
        denied: 322,
        with_secrets: 262,
    };
    assert_eq!(count, expected);
    assert_eq!(server.metric("imageswap_requests_total", ""), 5_100.0);
    let reloads = server.metric("imageswap_reloads_total", "result=\"ok\",what=\"rules\"");
    assert_eq!(reloads, 169.0);
}

/// A case, as the review that an API server would send. Some cases cannot occur in a cluster, such as an ephemeral
/// container of a new object. Their review has the object that it would have.
struct Case<'c> {
    case: &'c Value,
    context: &'c Value,
    image: &'c str,
    place: &'c str,
    container: &'c str,
    /// True if the Pod has pull secrets. Cases alternate between a list, an empty list and no list.
    has_secret: bool,
    request: Value,
}

impl<'c> Case<'c> {
    fn new(case: &'c Value, number: usize) -> Self {
        let context = &case["context"];
        let word = |key: &str, default: &'static str| context[key].as_str().unwrap_or(default);
        let (kind, operation) = (word("kind", "Pod"), word("operation", "create"));
        let mut case = Self {
            case,
            context,
            image: case["image"].as_str().unwrap(),
            place: word("place", "main"),
            container: word("container", "main"),
            has_secret: number.is_multiple_of(3),
            request: Value::Null,
        };
        let group = match kind {
            "Pod" => "",
            "CronJob" => "batch",
            "Deployment" | "StatefulSet" => "apps",
            _ => "example.com",
        };
        case.request = json!({
            "uid": format!("u{number}"),
            "kind": {"group": group, "version": "v1", "kind": kind},
            "operation": operation.to_uppercase(),
            "object": case.object(kind, Some(case.image), number),
        });
        if operation == "update" {
            // Either the image of a container changes, or the container is new.
            let another = number.is_multiple_of(2).then_some("old.example.com/another:1");
            case.request["oldObject"] = case.object(kind, another, number);
        }
        match context.get("namespace") {
            None => case.request["namespace"] = "default".into(),
            Some(Value::Null) => {}
            Some(namespace) => case.request["namespace"] = namespace.clone(),
        }
        if let Some(user) = context["user"].as_str() {
            case.request["userInfo"] = json!({"username": user, "groups": ["system:authenticated"]});
        }
        case
    }

    /// Returns the object, with or without the image.
    fn object(&self, kind: &str, image: Option<&str>, number: usize) -> Value {
        let mut labels = json!({});
        if let Some(given) = self.context["labels"].as_object() {
            labels = given.clone().into();
        }
        let mut of_pod = json!({"labels": labels});
        if let Some(annotations) = self.context.get("annotations") {
            of_pod["annotations"] = annotations.clone();
        }
        let mut spec = self.spec(image);
        match number % 3 {
            0 => spec["imagePullSecrets"] = json!([{"name": self.secrets().first().unwrap_or(&"own")}]),
            1 => spec["imagePullSecrets"] = json!([]),
            _ => {}
        }
        let template = json!({"metadata": of_pod, "spec": spec});
        let mut object = match kind {
            "Pod" => template,
            "CronJob" => json!({"metadata": {}, "spec": {"jobTemplate": {"spec": {"template": template}}}}),
            _ => json!({"metadata": {}, "spec": {"template": template}}),
        };
        object["metadata"]["name"] = "web".into();
        if let Some(owner) = self.context["owner"].as_str() {
            let (kind, api_version) = match owner.split_once('.') {
                Some((kind, group)) => (kind, format!("{group}/v1")),
                None => (owner, "v1".to_owned()),
            };
            object["metadata"]["ownerReferences"] = json!([
                {"kind": "Another", "apiVersion": "example.com/v1", "name": "no-controller"},
                {"kind": kind, "apiVersion": api_version, "name": "owner", "controller": true},
            ]);
        }
        object
    }

    /// Returns the spec of the Pod. It has another image, which is skipped without a warning.
    fn spec(&self, image: Option<&str>) -> Value {
        let mut spec = json!({"containers": [{"name": "beside", "image": "auto"}]});
        let Some(image) = image else {
            return spec;
        };
        let container = json!({"name": self.container, "image": image});
        let (list, entry) = match self.place {
            "main" => {
                spec["containers"].as_array_mut().unwrap().push(container);
                return spec;
            }
            "init" => ("initContainers", container),
            "sidecar" => (
                "initContainers",
                json!({"name": self.container, "image": image, "restartPolicy": "Always"}),
            ),
            "ephemeral" => ("ephemeralContainers", container),
            "volume" => (
                "volumes",
                json!({"name": self.container, "image": {"reference": image}}),
            ),
            place => panic!("the place {place}"),
        };
        spec[list] = json!([entry]);
        spec
    }

    fn secrets(&self) -> Vec<&'c str> {
        let secrets = self.case["secrets"].as_array().unwrap().iter();
        secrets.map(|secret| secret.as_str().unwrap()).collect()
    }

    /// Returns the JSON pointer of the image.
    fn pointer(&self) -> String {
        let spec = match self.request["kind"]["kind"].as_str().unwrap() {
            "Pod" => "/spec",
            "CronJob" => "/spec/jobTemplate/spec/template/spec",
            _ => "/spec/template/spec",
        };
        let image = match self.place {
            "main" => "containers/1/image",
            "init" | "sidecar" => "initContainers/0/image",
            "ephemeral" => "ephemeralContainers/0/image",
            _ => "volumes/0/image/reference",
        };
        format!("{spec}/{image}")
    }

    /// Returns the expected operations of the patch.
    fn patch(&self) -> Vec<Value> {
        let mut operations = Vec::new();
        if self.case["effect"] == "swap" {
            operations.push(json!({"op": "replace", "path": self.pointer(), "value": self.case["result"]}));
        }
        let kind = &self.request["kind"]["kind"];
        if kind != "Pod" || self.request["operation"] != "CREATE" {
            return operations;
        }
        let mut list = self.request["object"]["spec"]["imagePullSecrets"].is_array();
        for secret in self.secrets().into_iter().skip(usize::from(self.has_secret)) {
            operations.push(match list {
                true => json!({"op": "add", "path": "/spec/imagePullSecrets/-", "value": {"name": secret}}),
                false => json!({"op": "add", "path": "/spec/imagePullSecrets", "value": [{"name": secret}]}),
            });
            list = true;
        }
        operations
    }

    /// Sends the review and compares the answer.
    fn compare(&self, connection: &mut Connection, count: &mut Count) -> Result<(), String> {
        let review = json!({
            "kind": "AdmissionReview",
            "apiVersion": "admission.k8s.io/v1",
            "request": self.request,
        });
        let path = match self.context["hook"].as_str() {
            Some(hook) => format!("/hook/{hook}?timeout=10s"),
            None => "/?timeout=10s".to_owned(),
        };
        let answer = connection.post(&path, review.to_string().as_bytes());
        let response = &answer.review()["response"];
        let same = |what: &str, found: Value, expected: Value| match found == expected {
            true => Ok(()),
            false => Err(format!("{what}: {found}, and expected {expected}")),
        };
        same("uid", response["uid"].clone(), self.request["uid"].clone())?;
        let operations = self.patch();
        let adds = |operation: &Value| operation["op"] == "add";
        count.with_secrets += usize::from(operations.iter().any(adds));
        same("patch", answer.operations().into(), operations.into())?;
        self.compare_messages(&answer, count)?;
        self.compare_rules(&response["auditAnnotations"]["rules"])
    }

    /// Compares the rules of the audit annotation: those that warned, those that swapped the image, which no row has,
    /// and the one that decided last.
    fn compare_rules(&self, found: &Value) -> Result<(), String> {
        let named: Vec<&str> = found
            .as_str()
            .map_or_else(Vec::new, |text| text.split(',').collect());
        let last = self.case["rule"].as_str();
        let deciding = named.strip_prefix(self.warners().as_slice());
        let is_so = deciding.is_some_and(|deciding| {
            deciding.last().copied() == last && (deciding.len() < 2 || self.case["effect"] != "keep")
        });
        match is_so {
            true => Ok(()),
            false => Err(format!("rules: {found}")),
        }
    }

    fn warners(&self) -> Vec<&'c str> {
        let warnings = self.case["warnings"].as_array().unwrap().iter();
        warnings.map(|rule| rule.as_str().unwrap()).collect()
    }

    /// Compares denial and warnings by the start of each line, because the `because` of a rule follows it.
    fn compare_messages(&self, answer: &Answer, count: &mut Count) -> Result<(), String> {
        let owner = match self.place {
            "volume" => "volume",
            _ => "container",
        };
        let subject = format!("imageswap: {} of {owner} {}", self.image, self.container);
        let by = |verb: &str, rule: &str| format!("{subject} {verb} {rule}");
        let mut expected: Vec<String> = self
            .warners()
            .iter()
            .map(|rule| by("matches the warning", rule))
            .collect();
        count.warned += usize::from(!expected.is_empty());
        if self.case["effect"] == "invalid" {
            match (self.image.is_empty(), self.case["rule"].is_null()) {
                (true, _) => count.empty += 1,
                (false, true) => {
                    expected.push(format!("{subject} is not a valid image, so it is not changed: "))
                }
                (false, false) => expected.push(format!("{subject} is not changed: the rules produce `")),
            }
        }
        if self.request["kind"]["kind"] == "Pod" && self.request["operation"] != "CREATE" {
            let missing = self.secrets().into_iter().skip(usize::from(self.has_secret));
            expected.extend(missing.map(|secret| {
                format!("{subject} may need the pull secret {secret}, which the Pod does not have")
            }));
        }
        let begins = |line: &str, beginning: &str| {
            line.strip_prefix(beginning).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(": ") || beginning.ends_with([' ', '`'])
            })
        };
        let warnings = answer.warnings();
        let is_so = warnings.len() == expected.len()
            && warnings
                .iter()
                .zip(&expected)
                .all(|(line, beginning)| begins(line, beginning));
        if !is_so {
            return Err(format!("warnings: {warnings:?}, and expected {expected:?}"));
        }
        let denial = answer.denial();
        let is_so = match (self.case["effect"] == "deny", &denial) {
            (true, Some(line)) => {
                count.denied += 1;
                begins(line, &by("is denied by", self.case["rule"].as_str().unwrap()))
            }
            (is_denied, denial) => !is_denied && denial.is_none(),
        };
        match is_so {
            true => Ok(()),
            false => Err(format!("denial: {denial:?}")),
        }
    }
}

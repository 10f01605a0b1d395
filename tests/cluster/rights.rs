//! The rights of the manifests: with them the webhook does its duties, and without any one of them it reports the rule to
//! add.

use imageswap_tests_support::webhook::{ControlPlane, Node};
use serde_json::{Value, json};

use super::forms::{RULES, commands, set_rules};
use super::install::installed;
use super::objects::object;
use super::waits::wait_until_it_swaps;

/// A right: a verb on a resource, in a rule of a role.
struct Right {
    /// `clusterrole` or `role`.
    role: &'static str,
    rule: Value,
    resource: String,
    verb: String,
}

fn role(plane: &ControlPlane, kind: &str) -> Value {
    object(plane, &format!("{kind}/imageswap"))
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Returns all rights of the manifests.
fn rights(plane: &ControlPlane) -> Vec<Right> {
    let mut rights = Vec::new();
    for name in ["clusterrole", "role"] {
        for rule in role(plane, name)["rules"].as_array().unwrap() {
            for resource in texts(&rule["resources"]) {
                rights.extend(texts(&rule["verbs"]).into_iter().map(|verb| Right {
                    role: name,
                    rule: rule.clone(),
                    resource: resource.clone(),
                    verb,
                }));
            }
        }
    }
    rights
}

impl Right {
    fn name(&self) -> &str {
        self.rule["resourceNames"][0].as_str().unwrap()
    }

    /// Returns the kind, as messages have it.
    fn kind(&self) -> &str {
        match self.resource.as_str() {
            "mutatingwebhookconfigurations" => "MutatingWebhookConfiguration",
            "validatingwebhookconfigurations" => "ValidatingWebhookConfiguration",
            "namespaces" => "Namespace",
            "secrets" => "Secret",
            "configmaps" => "ConfigMap",
            other => panic!("no kind for {other}"),
        }
    }

    /// Returns the role without the right.
    fn taken_from(&self, mut role: Value) -> Value {
        let rules = role["rules"].as_array_mut().unwrap();
        let place = rules.iter().position(|rule| *rule == self.rule).unwrap();
        let of_rule = rules.remove(place);
        for resource in texts(&of_rule["resources"]) {
            let mut verbs = texts(&of_rule["verbs"]);
            verbs.retain(|verb| resource != self.resource || *verb != self.verb);
            let mut rule = of_rule.clone();
            rule["resources"] = json!([resource]);
            rule["verbs"] = json!(verbs);
            if !verbs.is_empty() {
                rules.push(rule);
            }
        }
        role
    }

    /// Makes the webhook need the right.
    fn provoke(&self, plane: &ControlPlane, node: &Node) {
        match (self.kind(), self.verb.as_str()) {
            ("ConfigMap", _) if self.name() == "imageswap-last-good" => {
                set_rules(plane, &format!("{RULES}# without the right to {}\n", self.verb));
            }
            ("Secret", "patch") => {
                let empty = json!({"data": {"cert.pem": null, "key.pem": null}});
                plane.succeed(&format!(
                    "kubectl patch secret imageswap-tls -n imageswap-system -p '{empty}'"
                ));
            }
            (kind, "patch") => {
                plane.succeed(&format!(
                    "kubectl patch {kind} {} --type=merge -p '{{\"webhooks\":[]}}'",
                    self.name()
                ));
            }
            // At its start, a replica reads everything.
            _ => {
                node.crash(0);
            }
        }
    }
}

fn replace(plane: &ControlPlane, role: &Value) {
    let mut role = role.clone();
    role["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("resourceVersion");
    plane.write("role.json", &role.to_string());
    plane.succeed("kubectl replace -f role.json");
}

#[test]
fn each_right_is_needed_and_named_if_it_is_missing() {
    let Some((plane, node)) = installed() else { return };
    let enough = node.logs();
    assert!(
        enough.values().all(|log| !log.contains("no right to")),
        "{enough:?}"
    );

    let rights = rights(&plane);
    assert_eq!(rights.len(), 18);
    for right in &rights {
        let shipped = role(&plane, right.role);
        let before = node.logs();
        replace(&plane, &right.taken_from(shipped.clone()));
        right.provoke(&plane, &node);
        let message = format!(
            "no right to {} the {} {}; add this rule",
            right.verb,
            right.kind(),
            right.name()
        );
        plane.wait(&message, |_| node.log_text_since(&before).contains(&message));
        let rule = format!(
            "resources: [{}], resourceNames: [{}], verbs: [{}]",
            right.resource,
            right.name(),
            texts(&right.rule["verbs"]).join(", ")
        );
        assert!(node.log_text_since(&before).contains(&rule), "{rule}");

        // It repairs itself when the right is back.
        replace(&plane, &shipped);
        if right.verb == "watch" {
            // A watch without events does not show that it works again, so its error counts for more than a minute.
            plane.wait("two ready replicas", |_| node.ready() == 2);
            node.crash(0);
        }
        plane.wait("replicas without a problem", |plane| {
            let ran = plane.run(&commands(("Set rules", 2)));
            node.ready() == 2 && ran.is_success && !ran.stdout.contains("no right to")
        });
        wait_until_it_swaps(&plane, &node, 2);
    }
}

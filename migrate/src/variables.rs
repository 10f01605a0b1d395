//! What the variables of imageswap-webhook say, in a ConfigMap or a workload.

use std::fmt;

use serde_json::Value;

/// What the variables of a container or a ConfigMap say.
#[derive(Default)]
pub(crate) struct Variables {
    pub(crate) mode: Option<String>,
    pub(crate) prefix: Option<String>,
    /// The object that says it.
    pub(crate) of: Option<String>,
    /// What stands in another object.
    pub(crate) elsewhere: Option<Elsewhere>,
}

/// What a workload takes from another object.
pub(crate) struct Elsewhere {
    what: String,
    /// The ConfigMap, where it is one.
    config_map: Option<String>,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.config_map {
            Some(name) => write!(f, "{} from ConfigMap {name}", self.what),
            None => write!(f, "{} from another object", self.what),
        }
    }
}

impl Variables {
    /// Takes what an object says; what is said first counts.
    pub(crate) fn add(&mut self, object: &Value) {
        let kind = object["kind"].as_str().unwrap_or_default();
        let called = || {
            format!(
                "{kind} {}",
                object["metadata"]["name"].as_str().unwrap_or_default()
            )
        };
        if kind == "ConfigMap" {
            for (name, value) in object["data"].as_object().into_iter().flatten() {
                self.take(name, value.as_str(), called);
            }
            return;
        }
        let pod = match kind {
            "Pod" => &object["spec"],
            _ => &object["spec"]["template"]["spec"],
        };
        let containers = ["containers", "initContainers"].map(|list| pod[list].as_array());
        for container in containers.into_iter().flatten().flatten() {
            for variable in container["env"].as_array().into_iter().flatten() {
                let name = variable["name"].as_str().unwrap_or_default();
                if is_ours(name) && !variable["valueFrom"].is_null() {
                    let config_map = &variable["valueFrom"]["configMapKeyRef"]["name"];
                    self.elsewhere.get_or_insert_with(|| Elsewhere {
                        what: name.to_owned(),
                        config_map: config_map.as_str().map(str::to_owned),
                    });
                } else {
                    self.take(name, variable["value"].as_str().or(Some("")), called);
                }
            }
            for from in container["envFrom"].as_array().into_iter().flatten() {
                if let Some(name) = from["configMapRef"]["name"].as_str() {
                    self.elsewhere.get_or_insert_with(|| Elsewhere {
                        what: "its variables".to_owned(),
                        config_map: Some(name.to_owned()),
                    });
                }
            }
            if container["image"]
                .as_str()
                .is_some_and(|image| image.contains("imageswap"))
            {
                self.of.get_or_insert_with(called);
            }
        }
    }

    fn take(&mut self, name: &str, value: Option<&str>, called: impl Fn() -> String) {
        let place = match name {
            "IMAGESWAP_MODE" => &mut self.mode,
            "IMAGE_PREFIX" => &mut self.prefix,
            _ => return,
        };
        if let (Some(value), None) = (value, &place) {
            *place = Some(value.to_owned());
            self.of = Some(called());
        }
    }

    /// What is missing, and where it is.
    pub(crate) fn without_map(&self, name: &str) -> String {
        const WAY_OUT: &str =
            "`kubectl get configmap imageswap-maps -n imageswap-system -o yaml` prints the map";
        match (&self.mode, &self.of, &self.elsewhere) {
            (Some(mode), Some(of), _) => {
                format!("{name}: {of} says the mode {mode}, and no map is there; {WAY_OUT}")
            }
            (None, Some(of), Some(elsewhere)) => {
                let print =
                    |name: &str| format!("`kubectl get configmap {name} -n imageswap-system -o yaml`");
                let legacy = match &elsewhere.config_map {
                    Some(name) => format!("that one ({})", print(name)),
                    None => "the prefix by --image-prefix".to_owned(),
                };
                let maps = print("imageswap-maps");
                format!(
                    "{name}: {of} takes {elsewhere}, and says no mode itself; for LEGACY give {legacy}, for MAPS the map ({maps})"
                )
            }
            _ if self.prefix.is_some() => format!(
                "{name} has a prefix, but not IMAGESWAP_MODE=LEGACY, without which it is not used; {WAY_OUT}"
            ),
            _ => format!(
                "{name} holds no old configuration: neither a ConfigMap with the key maps, nor IMAGESWAP_MODE; {WAY_OUT}"
            ),
        }
    }
}

fn is_ours(name: &str) -> bool {
    ["IMAGESWAP_MODE", "IMAGE_PREFIX"].contains(&name)
}

//! Variables of imageswap-webhook, in a ConfigMap or a workload.

use std::fmt;

use serde_json::Value;

/// The values of the variables in a container or a ConfigMap.
#[derive(Default)]
pub(crate) struct Variables {
    pub(crate) mode: Option<String>,
    pub(crate) prefix: Option<String>,
    /// Object that sets them.
    pub(crate) object: Option<String>,
    /// Reference to another object that sets one.
    pub(crate) reference: Option<ObjectReference>,
}

/// A reference of a workload to another object.
pub(crate) struct ObjectReference {
    what: String,
    /// Name of the ConfigMap, if it is one.
    config_map: Option<String>,
}

impl fmt::Display for ObjectReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.config_map {
            Some(name) => write!(f, "{} from ConfigMap {name}", self.what),
            None => write!(f, "{} from another object", self.what),
        }
    }
}

impl Variables {
    /// Reads the variables of an object. The first value of a variable counts.
    pub(crate) fn add(&mut self, object: &Value) {
        let kind = object["kind"].as_str().unwrap_or_default();
        let object_name = || {
            format!(
                "{kind} {}",
                object["metadata"]["name"].as_str().unwrap_or_default()
            )
        };
        if kind == "ConfigMap" {
            for (name, value) in object["data"].as_object().into_iter().flatten() {
                self.take(name, value.as_str(), object_name);
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
                    self.reference.get_or_insert_with(|| ObjectReference {
                        what: name.to_owned(),
                        config_map: config_map.as_str().map(str::to_owned),
                    });
                } else {
                    self.take(name, variable["value"].as_str().or(Some("")), object_name);
                }
            }
            for from in container["envFrom"].as_array().into_iter().flatten() {
                if let Some(name) = from["configMapRef"]["name"].as_str() {
                    self.reference.get_or_insert_with(|| ObjectReference {
                        what: "its variables".to_owned(),
                        config_map: Some(name.to_owned()),
                    });
                }
            }
            if container["image"]
                .as_str()
                .is_some_and(|image| image.contains("imageswap"))
            {
                self.object.get_or_insert_with(object_name);
            }
        }
    }

    fn take(&mut self, name: &str, value: Option<&str>, object_name: impl Fn() -> String) {
        let place = match name {
            "IMAGESWAP_MODE" => &mut self.mode,
            "IMAGE_PREFIX" => &mut self.prefix,
            _ => return,
        };
        if let (Some(value), None) = (value, &place) {
            *place = Some(value.to_owned());
            self.object = Some(object_name());
        }
    }

    /// Returns the error for a text without an old configuration.
    pub(crate) fn without_map(&self, name: &str) -> String {
        const PRINT_MAP: &str =
            "to print the map, run `kubectl get configmap imageswap-maps -n imageswap-system -o yaml`";
        match (&self.mode, &self.object, &self.reference) {
            (Some(mode), Some(of), _) => {
                format!("{name}: {of} sets the mode {mode}, but has no map; {PRINT_MAP}")
            }
            (None, Some(of), Some(reference)) => {
                let print =
                    |name: &str| format!("`kubectl get configmap {name} -n imageswap-system -o yaml`");
                let legacy = match &reference.config_map {
                    Some(name) => format!("that object ({})", print(name)),
                    None => "the prefix with --image-prefix".to_owned(),
                };
                let maps = print("imageswap-maps");
                format!(
                    "{name}: {of} takes {reference}, and sets no mode itself; for LEGACY give {legacy}, for MAPS the map ({maps})"
                )
            }
            _ if self.prefix.is_some() => format!(
                "{name} has a prefix, but not IMAGESWAP_MODE=LEGACY, so the prefix is not used; {PRINT_MAP}"
            ),
            _ => format!(
                "{name} has no old configuration: expected a ConfigMap with the key maps, or IMAGESWAP_MODE; {PRINT_MAP}"
            ),
        }
    }
}

fn is_ours(name: &str) -> bool {
    ["IMAGESWAP_MODE", "IMAGE_PREFIX"].contains(&name)
}

//! What the variables of imageswap-webhook say, in a ConfigMap or a workload.

use serde_json::Value;

/// What the variables of a container or a ConfigMap say.
#[derive(Default)]
pub(crate) struct Variables {
    pub(crate) mode: Option<String>,
    pub(crate) prefix: Option<String>,
    /// The first object that says any of it.
    pub(crate) of: Option<String>,
    /// A variable whose value stands elsewhere.
    pub(crate) elsewhere: Option<String>,
}

impl Variables {
    /// Takes what an object says; what is said first counts.
    pub(crate) fn of_object(&mut self, object: &Value) {
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
                    self.elsewhere.get_or_insert_with(|| name.to_owned());
                } else {
                    self.take(name, variable["value"].as_str().or(Some("")), called);
                }
            }
            for from in container["envFrom"].as_array().into_iter().flatten() {
                if let Some(name) = from["configMapRef"]["name"].as_str() {
                    self.elsewhere
                        .get_or_insert_with(|| format!("its variables, ConfigMap {name},"));
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
        if let Some(value) = value {
            place.get_or_insert_with(|| value.to_owned());
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
                format!("{name}: {of} takes {elsewhere} from another object; give that one too; {WAY_OUT}")
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

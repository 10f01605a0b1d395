//! The variables of a container: those of its manifest, and those that a kubelet adds for Services.

use serde_json::Value;

use super::api::Api;

/// Returns the variables of a container. `None` if an object that it names is missing, or without an answer.
pub(super) fn variables(api: &Api, pod: &Value, container: &Value) -> Option<Vec<(String, String)>> {
    let namespace = pod["metadata"]["namespace"].as_str()?;
    let mut variables = of_service(&api.get("/api/v1/namespaces/default/services/kubernetes")?);
    if pod["spec"]["enableServiceLinks"] != false {
        for service in api.list(&format!("/api/v1/namespaces/{namespace}/services"))? {
            variables.extend(of_service(&service));
        }
    }
    for from in container["envFrom"].as_array().into_iter().flatten() {
        let name = from["configMapRef"]["name"].as_str()?;
        let map = api.get(&format!("/api/v1/namespaces/{namespace}/configmaps/{name}"))?;
        for (name, value) in map["data"].as_object().into_iter().flatten() {
            variables.push((name.clone(), value.as_str()?.to_owned()));
        }
    }
    for variable in container["env"].as_array().into_iter().flatten() {
        let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
            Some("metadata.name") => &pod["metadata"]["name"],
            Some("metadata.namespace") => &pod["metadata"]["namespace"],
            Some(field) => panic!("no value for the field {field}"),
            None => &variable["value"],
        };
        let name = variable["name"].as_str()?.to_owned();
        variables.push((name, value.as_str().unwrap_or_default().to_owned()));
    }
    Some(variables)
}

/// Returns the variables of a Service, as in `KUBERNETES_SERVICE_HOST`; none without an address.
fn of_service(service: &Value) -> Vec<(String, String)> {
    let upper = |name: &Value| name.as_str().map(|name| name.to_uppercase().replace('-', "_"));
    let Some(name) = upper(&service["metadata"]["name"]) else {
        return Vec::new();
    };
    let host = service["spec"]["clusterIP"].as_str().unwrap_or_default();
    if ["", "None"].contains(&host) {
        return Vec::new();
    }
    let mut variables = vec![(format!("{name}_SERVICE_HOST"), host.to_owned())];
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    for (place, port) in ports.enumerate() {
        let number = &port["port"];
        let url = format!("tcp://{host}:{number}");
        if place == 0 {
            variables.push((format!("{name}_SERVICE_PORT"), number.to_string()));
            variables.push((format!("{name}_PORT"), url.clone()));
        }
        if let Some(of_port) = upper(&port["name"]) {
            variables.push((format!("{name}_SERVICE_PORT_{of_port}"), number.to_string()));
        }
        let prefix = format!("{name}_PORT_{number}_TCP");
        variables.push((format!("{prefix}_PROTO"), "tcp".to_owned()));
        variables.push((format!("{prefix}_PORT"), number.to_string()));
        variables.push((format!("{prefix}_ADDR"), host.to_owned()));
        variables.push((prefix, url));
    }
    variables
}

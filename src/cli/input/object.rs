//! Objects as an API server would send them, and their names in messages.

use imageswap_engine::context::{Operation, Place, Setting};
use serde_json::{Value, json};

/// Returns the review that an API server would send for an object.
///
/// The setting has the values that the object does not have: the operation, the user, and the namespace of an object
/// without one.
pub(crate) fn review_of(object: &Value, setting: &Setting) -> Value {
    let request = setting.context();
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let metadata = &object["metadata"];
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "explain",
            "kind": {"group": group, "version": version, "kind": object["kind"]},
            "name": metadata["name"],
            "namespace": metadata["namespace"].as_str().or(request.namespace),
            "operation": request.operation.map(Operation::as_str),
            "userInfo": {"username": request.user},
            "object": object,
        }
    })
}

/// Returns the name of an object in messages: `Deployment shop/web`.
pub(crate) fn name_of(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap_or("object");
    let metadata = &object["metadata"];
    let name = metadata["name"]
        .as_str()
        .or(metadata["generateName"].as_str())
        .unwrap_or("without a name");
    match metadata["namespace"].as_str() {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// Returns the name of an image of an object in messages: `Pod shop/web, init container migrate`.
pub(crate) fn name_of_field(object: &str, container: Option<&str>, place: Place) -> String {
    let container = container.unwrap_or_default();
    let of = match place {
        Place::Main => format!("container {container}"),
        Place::Volume => format!("volume {container}"),
        Place::Init | Place::Sidecar | Place::Ephemeral => {
            format!("{} container {container}", place.as_str())
        }
    };
    if object.is_empty() {
        of
    } else {
        format!("{object}, {of}")
    }
}

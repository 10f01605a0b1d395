//! The files of a volume, read from the objects that it names: ConfigMap, Secret, fields of the Pod, and the token of a
//! service account; a projected volume combines several of them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::api::Api;
use super::token::Token;

/// A file of a volume.
#[derive(PartialEq, Eq)]
pub(super) struct File {
    pub(super) content: Vec<u8>,
    pub(super) mode: u32,
    /// User that owns it. The group is that of the volume.
    pub(super) user: u32,
}

pub(super) type Files = BTreeMap<String, File>;

/// Returns the files of a volume. `None` if it is of another kind, or its object is missing.
pub(super) fn files(api: &Api, pod: &Value, source: &Value, token: &mut Option<Token>) -> Option<Files> {
    if let Some(projected) = source.get("projected") {
        let mut files = Files::new();
        for part in projected["sources"].as_array().into_iter().flatten() {
            files.extend(of_source(api, pod, part, mode(projected), token)?);
        }
        return Some(files);
    }
    let kind = ["configMap", "secret", "downwardAPI"]
        .into_iter()
        .find_map(|kind| source.get(kind))?;
    of_source(api, pod, source, mode(kind), token)
}

/// Returns the mode of the files of a volume.
fn mode(volume: &Value) -> u32 {
    let mode = volume["defaultMode"].as_u64().unwrap_or(0o644);
    mode.try_into().unwrap()
}

fn of_source(api: &Api, pod: &Value, source: &Value, mode: u32, token: &mut Option<Token>) -> Option<Files> {
    let file = |content| File {
        content,
        mode,
        user: 0,
    };
    if let Some(of_token) = source.get("serviceAccountToken") {
        let text = Token::current(token, api, pod, of_token)?;
        let (mode, user) = of_token_file(pod, mode);
        let content = text.as_bytes().to_vec();
        let path = of_token["path"].as_str()?.to_owned();
        return Some(Files::from([(path, File { content, mode, user })]));
    }
    if let Some(fields) = source.get("downwardAPI") {
        let items = fields["items"].as_array().into_iter().flatten();
        let item = |item: &Value| {
            let field = item["fieldRef"]["fieldPath"].as_str()?;
            let value = pod.pointer(&format!("/{}", field.replace('.', "/")))?.as_str()?;
            Some((item["path"].as_str()?.to_owned(), file(value.into())))
        };
        return items.map(item).collect();
    }
    let mut content = of_object(api, &pod["metadata"]["namespace"], source)?;
    let volume = source.get("configMap").or_else(|| source.get("secret"))?;
    let Some(items) = volume["items"].as_array() else {
        return Some(
            content
                .into_iter()
                .map(|(name, content)| (name, file(content)))
                .collect(),
        );
    };
    let item = |item: &Value| {
        let content = content.remove(item["key"].as_str()?)?;
        Some((item["path"].as_str()?.to_owned(), file(content)))
    };
    items.iter().map(item).collect()
}

/// Returns mode and owner of the file with a token: if the Pod names a group or a user, no other one may read it.
fn of_token_file(pod: &Value, mode: u32) -> (u32, u32) {
    let context = &pod["spec"]["securityContext"];
    let user = context["runAsUser"]
        .as_u64()
        .or_else(|| pod["spec"]["containers"][0]["securityContext"]["runAsUser"].as_u64());
    match user {
        _ if context["fsGroup"].is_u64() => (0o640, 0),
        Some(user) => (0o600, user.try_into().unwrap()),
        None => (mode, 0),
    }
}

/// Returns the content of a ConfigMap or Secret, by key.
fn of_object(api: &Api, namespace: &Value, source: &Value) -> Option<BTreeMap<String, Vec<u8>>> {
    let (resource, volume) = if let Some(map) = source.get("configMap") {
        ("configmaps", map)
    } else {
        ("secrets", source.get("secret")?)
    };
    // In a projected volume, the name of a Secret is `name`.
    let name = volume["secretName"]
        .as_str()
        .or_else(|| volume["name"].as_str())?;
    let path = format!("/api/v1/namespaces/{}/{resource}/{name}", namespace.as_str()?);
    let response = api.request("GET", &path, &Value::Null).ok()?;
    let object = match response.status {
        200 => response.object,
        404 if volume["optional"] == true => Value::Null,
        _ => return None,
    };
    let entry = |(key, text): (&String, &Value)| {
        let text = text.as_str()?;
        let content = match resource {
            "secrets" => STANDARD.decode(text).ok()?,
            _ => text.as_bytes().to_vec(),
        };
        Some((key.clone(), content))
    };
    object["data"]
        .as_object()
        .into_iter()
        .flatten()
        .map(entry)
        .collect()
}

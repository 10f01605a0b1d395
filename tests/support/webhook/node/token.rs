//! Tokens of service accounts, bound to a Pod, as a kubelet requests and renews them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::Api;

/// The token of a volume.
pub(super) struct Token {
    text: String,
    renewed_after: Duration,
    requested: Instant,
}

impl Token {
    /// Requests a token as the source of a projected volume says. `None` without an answer, or if the service account is
    /// gone.
    fn request(api: &Api, pod: &Value, source: &Value) -> Option<Self> {
        let seconds = source["expirationSeconds"].as_u64().unwrap_or(3600);
        let audiences: Vec<&Value> = source.get("audience").into_iter().collect();
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {
                "audiences": audiences,
                "expirationSeconds": seconds,
                "boundObjectRef": {
                    "apiVersion": "v1", "kind": "Pod",
                    "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"],
                },
            },
        });
        let account = pod["spec"]["serviceAccountName"].as_str().unwrap_or("default");
        let path = format!(
            "/api/v1/namespaces/{}/serviceaccounts/{account}/token",
            pod["metadata"]["namespace"].as_str()?
        );
        let response = api.request("POST", &path, &request).ok()?;
        Some(Self {
            text: response.object["status"]["token"].as_str()?.to_owned(),
            // As a kubelet: after 80 % of the lifetime.
            renewed_after: Duration::from_secs(seconds * 4 / 5),
            requested: Instant::now(),
        })
    }

    /// Returns a token that is not due for renewal, and requests one if there is none. An old one stays if no other one is
    /// available.
    pub(super) fn current<'a>(
        token: &'a mut Option<Self>,
        api: &Api,
        pod: &Value,
        source: &Value,
    ) -> Option<&'a str> {
        let is_fresh = |token: &Self| token.requested.elapsed() < token.renewed_after;
        if !token.as_ref().is_some_and(is_fresh)
            && let Some(new) = Self::request(api, pod, source)
        {
            *token = Some(new);
        }
        token.as_ref().map(|token| token.text.as_str())
    }
}

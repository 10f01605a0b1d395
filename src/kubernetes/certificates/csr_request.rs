//! CertificateSigningRequests: their contents, and their outcome.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::core::DynamicObject;
use rcgen::{DnType, DnValue, KeyPair, PublicKeyData as _};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::authority::{ServiceHosts, fingerprint};
use super::certificate::decoded;

/// Signers that sign for nodes only, so the subject must be that of a node.
const NODE_SIGNERS: [&str; 2] = [
    "kubernetes.io/kubelet-serving",
    "beta.eks.amazonaws.com/app-serving",
];
/// Maximum length of a text of a request that is shown.
const MAX_MESSAGE: usize = 300;

/// The state of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestState {
    /// It does not exist, or not any more.
    Absent,
    /// It waits for an approval.
    Pending,
    /// It waits for the signer.
    Approved,
    /// It will not be signed.
    Rejected {
        reason: String,
        since: Option<OffsetDateTime>,
    },
    /// It has a certificate.
    Issued {
        chain: String,
        since: Option<OffsetDateTime>,
    },
}

impl RequestState {
    /// Reads a request.
    pub(super) fn read(request: Option<&DynamicObject>) -> Self {
        let Some(request) = request else {
            return Self::Absent;
        };
        let status = &request.data["status"];
        let conditions = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
        let find = |kind: &str| conditions.iter().find(|condition| condition["type"] == kind);
        for (kind, what) in [("Denied", "was denied"), ("Failed", "failed")] {
            if let Some(condition) = find(kind) {
                return Self::Rejected {
                    reason: format!("{what}{}", message(condition)),
                    since: time(condition),
                };
            }
        }
        let Some(approved) = find("Approved") else {
            return Self::Pending;
        };
        match certificate(status) {
            Some(chain) => Self::Issued {
                chain,
                since: time(approved),
            },
            None => Self::Approved,
        }
    }
}

/// Returns the name of the request of a key.
pub(super) fn name(hosts: &ServiceHosts, key: &KeyPair) -> String {
    let id = &fingerprint(&key.subject_public_key_info())[..16];
    format!("{}.{id}", hosts.host())
}

/// Returns the `spec` of a request.
///
/// # Errors
///
/// Returns an error if the names are not valid.
pub(super) fn spec(hosts: &ServiceHosts, key: &KeyPair, signer: &str) -> Result<Value, rcgen::Error> {
    let is_for_nodes = NODE_SIGNERS.contains(&signer);
    let common_name = match is_for_nodes {
        true => format!("system:node:{}", hosts.host()),
        false => hosts.host().to_owned(),
    };
    let mut parameters = hosts.parameters(&common_name)?;
    if is_for_nodes {
        // The signer compares it with this text.
        let organization = DnValue::PrintableString("system:nodes".try_into()?);
        parameters
            .distinguished_name
            .push(DnType::OrganizationName, organization);
    }
    let request = parameters.serialize_request(key)?.pem()?;
    Ok(json!({
        "request": STANDARD.encode(request),
        "signerName": signer,
        // Those that the signers for nodes take for a key of ECDSA.
        "usages": ["digital signature", "server auth"],
    }))
}

/// Returns the `status` that approves a request.
pub(super) fn approval(now: OffsetDateTime) -> Value {
    let now = now.truncate_to_second().format(&Rfc3339);
    json!({"conditions": [{
        "type": "Approved", "status": "True", "reason": "ImageswapInit",
        "message": "approved by the init container of imageswap", "lastUpdateTime": now.ok(),
    }]})
}

fn certificate(status: &Value) -> Option<String> {
    let encoded = status["certificate"].as_str()?;
    decoded(encoded).filter(|text| !text.is_empty())
}

/// Returns the reason and the message of a condition, on one line.
fn message(condition: &Value) -> String {
    let texts = ["reason", "message"].map(|field| condition[field].as_str().unwrap_or_default());
    let texts: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    if texts.is_empty() {
        return String::new();
    }
    let text = texts.join(": ");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(MAX_MESSAGE).collect();
    format!(" ({line})")
}

fn time(condition: &Value) -> Option<OffsetDateTime> {
    let text = condition["lastUpdateTime"].as_str()?;
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

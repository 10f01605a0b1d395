//! The contents of the Secret.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::authority::PemPair;
use super::certificate::decoded;

/// The annotation by which v1.5.3 marks a pair of the user.
const OWN_PAIR: &str = "imageswap-byoc";
/// The types of a Secret that the webhook writes to. v1.5.3 made one of type `tls`, which no other software has.
const TYPES: [&str; 3] = ["", "Opaque", "tls"];

/// A key of the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SecretKey {
    /// The chain of the pair.
    Chain,
    /// The key of the pair.
    Key,
    /// The CA certificates, the current one first.
    Authorities,
    /// The key of the current CA.
    AuthorityKey,
    /// The key of the pair that a signer has been asked for.
    RequestedKey,
}

/// The contents of the Secret. It has no `Debug`, because the keys are secret.
#[derive(Clone, Default)]
pub(super) struct StoredSecret {
    values: BTreeMap<SecretKey, String>,
    /// The reason why the webhook must not write to the Secret.
    pub(super) foreign: Option<ForeignSecret>,
    uid: Option<String>,
    version: Option<String>,
}

/// The reason why a Secret belongs to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ForeignSecret {
    /// It has the annotation of v1.5.3 for a pair of the user.
    OwnPair,
    /// It is of this type.
    Type(String),
}

/// Changes of the Secret: new values, and `None` to remove a key. It has no `Debug`, because the keys are secret.
pub(super) type SecretChanges = BTreeMap<SecretKey, Option<String>>;

impl SecretKey {
    const ALL: [Self; 5] = [
        Self::Chain,
        Self::Key,
        Self::Authorities,
        Self::AuthorityKey,
        Self::RequestedKey,
    ];

    /// Returns the name in the Secret.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Chain => "cert.pem",
            Self::Key => "key.pem",
            Self::Authorities => "ca.pem",
            Self::AuthorityKey => "ca-key.pem",
            Self::RequestedKey => "csr-key.pem",
        }
    }
}

impl StoredSecret {
    /// Reads a Secret. Values that are too long, or not text, count as missing.
    pub(super) fn read(secret: &DynamicObject) -> Self {
        let data = &secret.data["data"];
        let value = |key: SecretKey| Some((key, decoded(data[key.as_str()].as_str()?)?));
        let kind = secret.data["type"].as_str().unwrap_or_default();
        let annotations = secret.metadata.annotations.as_ref();
        let foreign = if annotations.is_some_and(|annotations| annotations.contains_key(OWN_PAIR)) {
            Some(ForeignSecret::OwnPair)
        } else {
            (!TYPES.contains(&kind)).then(|| ForeignSecret::Type(kind.to_owned()))
        };
        Self {
            values: SecretKey::ALL.into_iter().filter_map(value).collect(),
            foreign,
            uid: secret.metadata.uid.clone(),
            version: secret.metadata.resource_version.clone(),
        }
    }

    /// Returns a value.
    pub(super) fn get(&self, key: SecretKey) -> Option<&str> {
        self.values.get(&key).map(String::as_str)
    }

    /// Returns the pair.
    pub(super) fn pair(&self) -> Option<PemPair> {
        Some(PemPair {
            chain: self.get(SecretKey::Chain)?.to_owned(),
            key: self.get(SecretKey::Key)?.to_owned(),
        })
    }

    /// Returns the merge patch of changes. The API server rejects it if the Secret has changed meanwhile.
    pub(super) fn patch(&self, changes: &SecretChanges) -> Value {
        let data: serde_json::Map<String, Value> = changes
            .iter()
            .map(|(key, value)| {
                let value = value.as_ref().map(|value| STANDARD.encode(value));
                (key.as_str().to_owned(), value.into())
            })
            .collect();
        json!({"metadata": {"uid": self.uid, "resourceVersion": self.version}, "data": data})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::certificates::certificate::MAX_TEXT;

    fn secret(fields: Value) -> DynamicObject {
        let mut object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
        object
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn values_of_any_kind_are_read() {
        let long = STANDARD.encode("x".repeat(MAX_TEXT + 1));
        let read = StoredSecret::read(&secret(json!({"data": {
            "cert.pem": STANDARD.encode("a"), "key.pem": "*", "ca.pem": STANDARD.encode([0xff]),
            "ca-key.pem": long, "csr-key.pem": null, "other": "eA==",
        }})));
        let values = SecretKey::ALL.map(|key| read.get(key).map(str::len));
        assert_eq!(values, [Some(1), None, None, None, None]);
        assert!(read.pair().is_none() && read.foreign.is_none());
        let empty = StoredSecret::read(&secret(json!({})));
        assert!(empty.get(SecretKey::Chain).is_none());
        assert!(StoredSecret::read(&secret(json!({"data": []}))).pair().is_none());
    }

    #[test]
    fn secret_of_others_is_recognized() {
        let foreign = |fields| StoredSecret::read(&secret(fields)).foreign;
        for own in [json!({}), json!({"type": "Opaque"}), json!({"type": "tls"})] {
            assert_eq!(foreign(own), None);
        }
        let of_type = foreign(json!({"type": "kubernetes.io/tls"}));
        assert_eq!(of_type, Some(ForeignSecret::Type("kubernetes.io/tls".to_owned())));
        let own_pair = json!({"metadata": {"name": "a", "annotations": {"imageswap-byoc": ""}}});
        assert_eq!(foreign(own_pair), Some(ForeignSecret::OwnPair));
    }

    #[test]
    fn patch_names_the_version_that_was_read() {
        let read = StoredSecret::read(&secret(json!({
            "metadata": {"name": "a", "uid": "u", "resourceVersion": "7"}, "data": {"other": "eA=="},
        })));
        let changes = SecretChanges::from([
            (SecretKey::Key, Some("k".to_owned())),
            (SecretKey::RequestedKey, None),
        ]);
        assert_eq!(
            read.patch(&changes),
            json!({
                "metadata": {"uid": "u", "resourceVersion": "7"},
                "data": {"key.pem": "aw==", "csr-key.pem": null},
            })
        );
    }
}

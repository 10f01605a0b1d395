//! A cluster with a Secret, `caBundle`, and a clock.

use kube::core::DynamicObject;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::time::Instant;

use crate::kubernetes::certificates::authority::{Authority, PemPair, ServiceHosts};
use crate::kubernetes::certificates::certificate::certificates;
use crate::kubernetes::certificates::moment::Moment;
use crate::kubernetes::certificates::pair::UsablePair;
use crate::kubernetes::certificates::stored::{SecretKey, StoredSecret};

/// The time at which each test starts.
const START: OffsetDateTime = datetime!(2026-11-30 12:00:00 UTC);
/// Seconds for which an API server may still have the `caBundle` before.
const LAG: u64 = 9;
pub(super) const DAY: u64 = 86_400;

pub(super) struct World {
    secret: Value,
    version: u64,
    /// Values of `caBundle`, each with the second from which it holds. It is empty until a replica has armed.
    bundles: Vec<(u64, String)>,
    begin: Instant,
    pub(super) seconds: u64,
    pub(super) hosts: ServiceHosts,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            secret: json!({}),
            version: 1,
            bundles: Vec::new(),
            begin: Instant::now(),
            seconds: 0,
            hosts: ServiceHosts::new("imageswap", "imageswap-system"),
        }
    }

    /// Reads the Secret as a replica does.
    pub(super) fn read(&self) -> StoredSecret {
        let metadata =
            json!({"name": "imageswap-tls", "uid": "u", "resourceVersion": self.version.to_string()});
        let object = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": self.secret,
        });
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        StoredSecret::read(&object)
    }

    /// Changes the Secret as the API server does. Returns false if it has changed since it was read.
    pub(super) fn patch(&mut self, patch: &Value) -> bool {
        if patch["metadata"]["resourceVersion"].as_str() != Some(&self.version.to_string()) {
            return false;
        }
        for (key, value) in patch["data"].as_object().unwrap() {
            if value.is_null() {
                self.secret.as_object_mut().unwrap().remove(key);
            } else {
                self.secret[key] = value.clone();
            }
        }
        self.version += 1;
        true
    }

    /// Changes the Secret as a third party does: sets values, and removes those that are `None`.
    pub(super) fn set(&mut self, values: &[(SecretKey, Option<&str>)]) {
        let changes = values.iter().map(|(key, value)| (*key, value.map(str::to_owned)));
        let patch = self.read().patch(&changes.collect());
        assert!(self.patch(&patch));
    }

    /// Puts a pair into the Secret.
    pub(super) fn set_pair(&mut self, pair: &PemPair) {
        self.set(&[
            (SecretKey::Chain, Some(&pair.chain)),
            (SecretKey::Key, Some(&pair.key)),
        ]);
    }

    pub(super) fn empty(&mut self) {
        self.restore(json!({}));
    }

    pub(super) fn backup(&self) -> Value {
        self.secret.clone()
    }

    pub(super) fn restore(&mut self, secret: Value) {
        self.secret = secret;
        self.version += 1;
    }

    pub(super) fn get(&self, key: SecretKey) -> String {
        self.read().get(key).unwrap_or_default().to_owned()
    }

    pub(super) fn arm(&mut self, bundle: &str) {
        if self.bundle() != Some(bundle) {
            self.bundles.push((self.seconds, bundle.to_owned()));
        }
    }

    pub(super) fn bundle(&self) -> Option<&str> {
        self.bundles.last().map(|(_, bundle)| bundle.as_str())
    }

    /// Returns the values of `caBundle` that some API server has.
    pub(super) fn bundles_in_use(&self) -> impl Iterator<Item = &str> {
        let replaced = self.bundles.iter().skip(1).map(|(second, _)| Some(*second));
        let in_use = |(bundle, replaced): &(&(u64, String), Option<u64>)| {
            let _ = bundle;
            replaced.is_none_or(|second| second + LAG > self.seconds)
        };
        self.bundles
            .iter()
            .zip(replaced.chain([None]))
            .filter(in_use)
            .map(|((_, bundle), _)| bundle.as_str())
    }

    /// Returns `caBundle` and the time from which it holds, as a replica sees it.
    pub(super) fn seen(&self) -> Option<(String, Instant)> {
        let (second, bundle) = self.bundles.last()?;
        Some((
            bundle.clone(),
            self.begin + std::time::Duration::from_secs(*second),
        ))
    }

    pub(super) fn instant(&self) -> Instant {
        self.begin + std::time::Duration::from_secs(self.seconds)
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        START + std::time::Duration::from_secs(self.seconds)
    }

    pub(super) fn moment(&self) -> Moment {
        Moment::new(self.now(), self.now())
    }

    /// Returns true if an API server with this `caBundle` accepts a pair.
    pub(super) fn accepts(&self, bundle: &str, pair: &PemPair) -> bool {
        let pair = UsablePair::parse(pair.clone()).expect("a pair");
        pair.is_accepted(&certificates(bundle), &self.hosts, self.now())
    }

    /// Returns a CA of others, and a pair that it has signed.
    pub(super) fn foreign_pair(&self) -> (String, PemPair) {
        let authority = Authority::generate(self.moment()).unwrap();
        let pair = authority.issue(&self.hosts, self.moment()).unwrap();
        (authority.certificate.to_pem(), pair)
    }
}

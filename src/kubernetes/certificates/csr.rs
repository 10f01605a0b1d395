//! The mode csr: a signer of the cluster signs the certificate. One key is pending for all replicas, in the Secret, so an approval is never lost.

use std::time::Duration;

use rcgen::KeyPair;
use serde_json::json;
use time::OffsetDateTime;

use super::authority::{PemPair, RENEWAL_PART, ServiceHosts, generate_key, parse_key};
use super::context::{SecretContext, SecretLook, TICK};
use super::csr_request::{RequestState, approval, name, spec};
use super::pair::UsablePair;
use super::stored::{SecretChanges, SecretKey, StoredSecret};
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// Time between two looks at a request. A watch would need rights on all requests of the cluster.
const POLL: Duration = Duration::from_secs(3);
/// Time after which a rejected request is followed by another one.
const RETRY_AFTER: time::Duration = time::Duration::minutes(10);

/// The state of the mode csr.
#[derive(Debug)]
pub(super) struct Csr {
    signer: String,
    /// True if it approves its own requests, as the init container of v1.5.3 did.
    approves: bool,
}

/// The need for a request.
pub(super) enum RequestNeed {
    /// The pair is valid for a long time.
    None,
    /// A key must be made first.
    Key,
    /// A key waits for its certificate. Boxed, because it is large.
    Certificate(Box<KeyPair>),
    /// A key waits, but no certificate is needed any more.
    Leftover,
}

/// The next step with a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RequestStep {
    Create,
    Approve,
    /// Look again later; the reason to wait.
    Wait(String),
    /// Make another key, and so another request.
    Replace,
    /// The certificate belongs to the key, and is valid.
    Store(String),
}

/// The inputs of the next step with a request.
pub(super) struct RequestInputs<'a> {
    pub(super) name: &'a str,
    pub(super) key: &'a str,
    pub(super) signer: &'a str,
    pub(super) approves: bool,
    pub(super) hosts: &'a ServiceHosts,
    /// True if the Secret has a pair that is valid, but due for renewal.
    pub(super) has_pair: bool,
    pub(super) now: OffsetDateTime,
}

/// Returns the pair of the Secret, if API servers can accept it.
fn valid_pair(stored: &StoredSecret, hosts: &ServiceHosts, now: OffsetDateTime) -> Option<UsablePair> {
    let pair = stored.pair().and_then(UsablePair::parse);
    pair.filter(|pair| pair.is_for(hosts, now))
}

fn is_due(pair: &UsablePair, now: OffsetDateTime) -> bool {
    pair.leaf().has_less_left(now, RENEWAL_PART, time::Duration::MAX)
}

/// Returns what the state of the Secret needs.
pub(super) fn need(stored: &StoredSecret, hosts: &ServiceHosts, now: OffsetDateTime) -> RequestNeed {
    let key = stored.get(SecretKey::RequestedKey).map(parse_key);
    let pair = valid_pair(stored, hosts, now);
    match (pair.is_none_or(|pair| is_due(&pair, now)), key) {
        (true, Some(Some(key))) => RequestNeed::Certificate(Box::new(key)),
        (true, _) => RequestNeed::Key,
        (false, Some(_)) => RequestNeed::Leftover,
        (false, None) => RequestNeed::None,
    }
}

/// Returns the next step with a request.
pub(super) fn next_step(inputs: &RequestInputs<'_>, state: RequestState) -> RequestStep {
    let RequestInputs { name, now, .. } = *inputs;
    let rejected = |reason: &str, since: Option<OffsetDateTime>| {
        if since.is_some_and(|since| now - since > RETRY_AFTER) {
            return RequestStep::Replace;
        }
        RequestStep::Wait(format!(
            "the CertificateSigningRequest {name} {reason}; the next one follows after 10 min, or at once if you \
             delete this one: kubectl delete csr {name}"
        ))
    };
    match state {
        RequestState::Absent => RequestStep::Create,
        RequestState::Pending if inputs.approves => RequestStep::Approve,
        RequestState::Pending => RequestStep::Wait(format!(
            "waiting for the approval of the certificate; give it by: kubectl certificate approve {name}"
        )),
        RequestState::Approved => RequestStep::Wait(format!(
            "the CertificateSigningRequest {name} is approved, and waits for the signer {}",
            inputs.signer
        )),
        RequestState::Rejected { reason, since } => rejected(&reason, since),
        RequestState::Issued { chain, since } => {
            let pair = PemPair {
                chain: chain.clone(),
                key: inputs.key.to_owned(),
            };
            match UsablePair::parse(pair) {
                None => rejected("has a certificate that is not for its key", since),
                Some(pair) if !pair.is_for(inputs.hosts, now) => {
                    let host = inputs.hosts.host();
                    rejected(
                        &format!("has a certificate that is not valid now for {host}"),
                        since,
                    )
                }
                // A signer whose certificates are due at once would be asked again and again.
                Some(pair) if inputs.has_pair && is_due(&pair, now) => {
                    rejected("has a certificate that must be renewed already", since)
                }
                Some(_) => RequestStep::Store(chain),
            }
        }
    }
}

impl Csr {
    /// Returns the mode for a signer.
    pub(super) fn new(signer: &str, approves: bool) -> Self {
        Self {
            signer: signer.to_owned(),
            approves,
        }
    }

    /// Returns the name of the signer.
    pub(super) fn signer(&self) -> &str {
        &self.signer
    }

    /// Takes at most one step. Returns `None` if there may be another one.
    pub(super) async fn step(
        &self,
        context: &SecretContext<'_>,
        stored: &StoredSecret,
    ) -> Result<Option<SecretLook>, ApiError> {
        let SecretContext { client, hosts, .. } = context;
        let now = context.moment().now();
        let pair = valid_pair(stored, hosts, now);
        let offered = pair.as_ref().and_then(|pair| context.offer(&pair.pem));
        let wait = |problem: Option<String>, time| Ok(Some(SecretLook::again_in(problem, time)));
        let key = match need(stored, hosts, now) {
            RequestNeed::None => return wait(offered, TICK),
            RequestNeed::Leftover => {
                let changes = SecretChanges::from([(SecretKey::RequestedKey, None)]);
                client.merge(Object::Secret, &stored.patch(&changes)).await?;
                return Ok(None);
            }
            RequestNeed::Key => return self.make_key(context, stored).await,
            RequestNeed::Certificate(key) => key,
        };
        let name = name(hosts, &key);
        let state = RequestState::read(client.get_named(Object::SigningRequest, &name).await?.as_ref());
        let key_pem = stored.get(SecretKey::RequestedKey).unwrap_or_default();
        let inputs = RequestInputs {
            name: &name,
            key: key_pem,
            signer: &self.signer,
            approves: self.approves,
            hosts,
            has_pair: pair.is_some(),
            now,
        };
        match next_step(&inputs, state) {
            RequestStep::Wait(problem) => return wait(Some(problem), POLL),
            RequestStep::Replace => return self.make_key(context, stored).await,
            RequestStep::Create => match spec(hosts, &key, &self.signer) {
                Ok(spec) => {
                    let fields = json!({"spec": spec});
                    client.create_named(Object::SigningRequest, &name, fields).await?;
                    tracing::info!(request = name, signer = self.signer, "certificate requested");
                }
                Err(error) => return wait(Some(problem_of_names(&error)), TICK),
            },
            RequestStep::Approve => client.approve_request(&name, &approval(now)).await?,
            RequestStep::Store(chain) => {
                let changes = SecretChanges::from([
                    (SecretKey::Chain, Some(chain)),
                    (SecretKey::Key, Some(key_pem.to_owned())),
                    (SecretKey::RequestedKey, None),
                ]);
                client.merge(Object::Secret, &stored.patch(&changes)).await?;
                let secret = &client.names().secret;
                tracing::info!(request = name, secret, "certificate stored");
            }
        }
        Ok(None)
    }

    async fn make_key(
        &self,
        context: &SecretContext<'_>,
        stored: &StoredSecret,
    ) -> Result<Option<SecretLook>, ApiError> {
        let key = match generate_key() {
            Ok(key) => key.serialize_pem(),
            Err(error) => {
                let problem = format!("cannot make a key: {error}");
                return Ok(Some(SecretLook::again_in(Some(problem), TICK)));
            }
        };
        let changes = SecretChanges::from([(SecretKey::RequestedKey, Some(key))]);
        let patch = stored.patch(&changes);
        context.client.merge(Object::Secret, &patch).await?;
        Ok(None)
    }
}

fn problem_of_names(error: &rcgen::Error) -> String {
    format!("cannot request a certificate: {error}; check --service-name and the name of the namespace")
}

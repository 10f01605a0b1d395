//! The steps of the mode csr.

use kube::core::DynamicObject;
use rcgen::{CertificateSigningRequestParams, KeyPair, PublicKeyData as _};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::kubernetes::certificates::authority::{Authority, PemPair, ServiceHosts, generate_key};
use crate::kubernetes::certificates::csr::{RequestInputs, RequestNeed, RequestStep, need, next_step};
use crate::kubernetes::certificates::csr_request::{RequestState, approval, name, spec};
use crate::kubernetes::certificates::moment::Moment;
use crate::kubernetes::certificates::stored::StoredSecret;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const NOW: OffsetDateTime = datetime!(2026-11-30 12:00:00 UTC);

fn hosts() -> ServiceHosts {
    ServiceHosts::new("imageswap", "imageswap-system")
}

/// Returns a pair that was issued some days ago.
fn pair(days: i64) -> PemPair {
    let issued = NOW - time::Duration::days(days);
    let moment = Moment::new(issued, issued);
    Authority::generate(moment)
        .unwrap()
        .issue(&hosts(), moment)
        .unwrap()
}

fn state(conditions: &Value, certificate: Option<&str>) -> RequestState {
    let object = json!({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "a"},
        "status": {"conditions": conditions, "certificate": certificate.map(|text| STANDARD.encode(text))},
    });
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    RequestState::read(Some(&object))
}

fn stored(values: &[(&str, &str)]) -> StoredSecret {
    let data: serde_json::Map<_, _> = values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), STANDARD.encode(value).into()))
        .collect();
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": data});
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    StoredSecret::read(&object)
}

/// Returns the next step for the key of a pair.
fn step(key: &str, approves: bool, has_pair: bool, state: RequestState) -> RequestStep {
    let hosts = hosts();
    let inputs = RequestInputs {
        name: "r",
        key,
        signer: "example.com/signer",
        approves,
        hosts: &hosts,
        has_pair,
        now: NOW,
    };
    next_step(&inputs, state)
}

#[test]
fn request_is_needed_if_the_pair_is_missing_or_due() {
    let key = generate_key().unwrap().serialize_pem();
    let of = |values: &[(&str, &str)]| match need(&stored(values), &hosts(), NOW) {
        RequestNeed::None => "none",
        RequestNeed::Key => "key",
        RequestNeed::Certificate(_) => "certificate",
        RequestNeed::Leftover => "leftover",
    };
    let (fresh, due, expired) = (pair(0), pair(61), pair(91));
    assert_eq!(of(&[]), "key");
    assert_eq!(of(&[("csr-key.pem", &key)]), "certificate");
    assert_eq!(of(&[("csr-key.pem", "garbage")]), "key");
    for (pair, expected) in [
        (&fresh, ["none", "leftover"]),
        (&due, ["key", "certificate"]),
        (&expired, ["key", "certificate"]),
    ] {
        let values = [("cert.pem", &*pair.chain), ("key.pem", &*pair.key)];
        assert_eq!(of(&values), expected[0]);
        assert_eq!(of(&[values[0], values[1], ("csr-key.pem", &key)]), expected[1]);
    }
    let mismatched = [("cert.pem", &*fresh.chain), ("key.pem", &*due.key)];
    assert_eq!(of(&mismatched), "key");
}

#[test]
fn each_state_of_a_request_has_its_step() {
    let pair = pair(0);
    let step = |state| step(&pair.key, false, false, state);
    let approved = json!([{"type": "Approved", "status": "True", "lastUpdateTime": "2026-11-30T11:59:00Z"}]);
    let denied = |time: &str| json!([{"type": "Denied", "reason": "No", "message": "not\nhere", "lastUpdateTime": time}]);
    let (now, long_ago) = ("2026-11-30T11:59:00Z", "2026-11-30T11:49:00Z");
    assert_eq!(step(RequestState::read(None)), RequestStep::Create);
    let RequestStep::Wait(text) = step(state(&json!(null), None)) else {
        panic!("no wait")
    };
    assert_eq!(
        text,
        "waiting for the approval of the certificate; give it by: kubectl certificate approve r"
    );
    let RequestStep::Wait(text) = step(state(&approved, None)) else {
        panic!("no wait")
    };
    assert!(
        text.ends_with("waits for the signer example.com/signer"),
        "{text}"
    );
    let RequestStep::Wait(text) = step(state(&denied(now), None)) else {
        panic!("no wait")
    };
    assert!(text.contains("r was denied (No: not here);"), "{text}");
    assert_eq!(step(state(&denied(long_ago), None)), RequestStep::Replace);
    // A request without a time is retried by its deletion alone.
    assert!(matches!(
        step(state(&denied("yesterday"), None)),
        RequestStep::Wait(_)
    ));
    let failed = json!([{"type": "Approved"}, {"type": "Failed", "reason": "SignerValidationFailure", "lastUpdateTime": now}]);
    let RequestStep::Wait(text) = step(state(&failed, None)) else {
        panic!("no wait")
    };
    assert!(text.contains("r failed (SignerValidationFailure);"), "{text}");
    assert_eq!(
        step(state(&approved, Some(&pair.chain))),
        RequestStep::Store(pair.chain.clone())
    );
}

#[test]
fn certificate_that_cannot_be_used_is_not_stored() {
    let approved = json!([{"type": "Approved", "lastUpdateTime": "2026-11-30T11:59:00Z"}]);
    let (fresh, due, expired) = (pair(0), pair(61), pair(91));
    for (key, has_pair, chain, cause) in [
        (&fresh.key, false, &due.chain, "not for its key"),
        (&fresh.key, false, &"garbage".to_owned(), "not for its key"),
        (&expired.key, false, &expired.chain, "not valid now"),
        (&due.key, true, &due.chain, "renewed already"),
    ] {
        let step = step(key, false, has_pair, state(&approved, Some(chain)));
        assert!(
            matches!(&step, RequestStep::Wait(text) if text.contains(cause)),
            "{step:?}"
        );
    }
    let stored = step(&due.key, false, false, state(&approved, Some(&due.chain)));
    assert_eq!(stored, RequestStep::Store(due.chain));
}

#[test]
fn init_container_approves_its_own_request() {
    let key = generate_key().unwrap().serialize_pem();
    assert_eq!(
        step(&key, true, false, RequestState::Pending),
        RequestStep::Approve
    );
    let status = approval(NOW);
    assert_eq!(state(&status["conditions"], None), RequestState::Approved);
}

#[test]
fn request_has_what_its_signer_needs() {
    let key = generate_key().unwrap();
    let request = |signer| {
        let spec = spec(&hosts(), &key, signer).unwrap();
        assert_eq!(spec["signerName"], signer);
        assert_eq!(spec["usages"], json!(["digital signature", "server auth"]));
        let pem = String::from_utf8(STANDARD.decode(spec["request"].as_str().unwrap()).unwrap()).unwrap();
        let read = CertificateSigningRequestParams::from_pem(&pem).unwrap();
        assert_eq!(
            read.public_key.subject_public_key_info(),
            key.subject_public_key_info()
        );
        assert_eq!(read.params.subject_alt_names.len(), 2);
        format!("{:?}", read.params.distinguished_name)
    };
    let of_another = request("example.com/signer");
    assert!(!of_another.contains("system:"), "{of_another}");
    for signer in [
        "kubernetes.io/kubelet-serving",
        "beta.eks.amazonaws.com/app-serving",
    ] {
        let subject = request(signer);
        assert!(
            subject.contains("system:nodes")
                && subject.contains("system:node:imageswap.imageswap-system.svc"),
            "{subject}"
        );
    }
}

#[test]
fn name_of_a_request_is_that_of_its_key() {
    let keys: [KeyPair; 2] = [(), ()].map(|()| generate_key().unwrap());
    let [first, second] = keys.each_ref().map(|key| name(&hosts(), key));
    assert!(first.starts_with("imageswap.imageswap-system.svc.") && first != second);
    let same = KeyPair::from_pem(&keys[0].serialize_pem()).unwrap();
    assert_eq!(name(&hosts(), &same), first);
    // A Service and a namespace of the longest names still give a name.
    let long = ServiceHosts::new(&"s".repeat(63), &"n".repeat(63));
    assert!(name(&long, &keys[0]).len() <= 253);
}

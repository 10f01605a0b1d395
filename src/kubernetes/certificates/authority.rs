//! The CA of the webhook, and the certificates that it signs.

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SanType,
};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

use super::certificate::{MAX_TEXT, ReadCertificate};
use super::moment::Moment;

/// Lifetime of a CA.
pub(super) const CA_LIFETIME: Duration = Duration::days(3650);
/// Lifetime of a leaf.
pub(super) const LEAF_LIFETIME: Duration = Duration::days(90);
/// Part of the lifetime that is left when a certificate is renewed: a third, as cert-manager has it.
pub(super) const RENEWAL_PART: i32 = 3;
/// Time by which a certificate begins before it is issued, so that a clock that is slightly behind accepts it.
pub(super) const DATED_BACK: Duration = Duration::hours(1);

/// The DNS names of the webhook, of which API servers use the first.
#[derive(Clone, Debug)]
pub(super) struct ServiceHosts([String; 2]);

/// A CA: its certificate with its key.
pub(super) struct Authority {
    pub(super) certificate: ReadCertificate,
    key: KeyPair,
}

/// A key pair in PEM. It has no `Debug`, because the key is secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PemPair {
    pub(super) chain: String,
    pub(super) key: String,
}

impl ServiceHosts {
    /// Returns the names of a Service.
    pub(super) fn new(service: &str, namespace: &str) -> Self {
        let host = format!("{service}.{namespace}.svc");
        let full = format!("{host}.cluster.local");
        Self([host, full])
    }

    /// Returns the name that API servers use.
    pub(super) fn host(&self) -> &str {
        &self.0[0]
    }

    /// Returns the parameters of a certificate for these names.
    pub(super) fn parameters(&self, common_name: &str) -> Result<CertificateParams, rcgen::Error> {
        let mut parameters = CertificateParams::default();
        for host in &self.0 {
            let host = Ia5String::try_from(host.as_str())?;
            parameters.subject_alt_names.push(SanType::DnsName(host));
        }
        parameters.distinguished_name = name(common_name);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Ok(parameters)
    }
}

impl Authority {
    /// Generates a CA.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no random numbers.
    pub(super) fn generate(moment: Moment) -> Result<Self, rcgen::Error> {
        let key = generate_key()?;
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        // Each CA has a name of its own: clients look for the issuer of a leaf by name.
        let id = &fingerprint(&key.subject_public_key_info())[..8];
        parameters.distinguished_name = name(&format!("imageswap CA {id}"));
        parameters.not_before = (moment.earliest() - DATED_BACK).truncate_to_second();
        parameters.not_after = (moment.latest() + CA_LIFETIME).truncate_to_second();
        let certificate = parameters.self_signed(&key)?;
        let certificate = ReadCertificate::parse(certificate.der().clone());
        Ok(Self {
            certificate: certificate.ok_or(rcgen::Error::CouldNotParseCertificate)?,
            key,
        })
    }

    /// Returns the CA of a key, if one of `certificates` belongs to it, can sign, and is valid.
    pub(super) fn find(key: &str, certificates: &[ReadCertificate], now: OffsetDateTime) -> Option<Self> {
        let key = parse_key(key)?;
        let public_key = key.subject_public_key_info();
        let certificate = certificates.iter().find(|certificate| {
            certificate.belongs_to(&public_key) && certificate.is_authority() && certificate.is_valid_at(now)
        })?;
        // Leaves are signed in the name of the certificate, so it must be readable for the signer too.
        let read = Issuer::from_ca_cert_der(certificate.der(), &key).ok()?;
        let usages = read.key_usages();
        if !usages.is_empty() && !usages.contains(&KeyUsagePurpose::KeyCertSign) {
            return None;
        }
        Some(Self {
            certificate: certificate.clone(),
            key,
        })
    }

    /// Issues a leaf.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no random numbers, or the names are not valid.
    pub(super) fn issue(&self, hosts: &ServiceHosts, moment: Moment) -> Result<PemPair, rcgen::Error> {
        let key = generate_key()?;
        let mut parameters = hosts.parameters("imageswap")?;
        parameters.use_authority_key_identifier_extension = true;
        parameters.not_before = (moment.earliest() - DATED_BACK).truncate_to_second();
        let end = (moment.latest() + LEAF_LIFETIME).min(self.certificate.not_after());
        parameters.not_after = end.truncate_to_second();
        let issuer = Issuer::from_ca_cert_der(self.certificate.der(), &self.key)?;
        let certificate = parameters.signed_by(&key, &issuer)?;
        Ok(PemPair {
            chain: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Returns the key in PEM.
    pub(super) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }
}

/// Generates a key.
pub(super) fn generate_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
}

/// Parses a key in PEM. Returns `None` if it is not one, or of a kind that is not known.
pub(super) fn parse_key(text: &str) -> Option<KeyPair> {
    if text.len() > MAX_TEXT {
        return None;
    }
    KeyPair::from_pem(text).ok()
}

/// Returns the digest of a public key, in hexadecimal digits.
pub(super) fn fingerprint(public_key: &[u8]) -> String {
    let digest = Sha256::digest(public_key);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

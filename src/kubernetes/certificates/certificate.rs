//! Certificates in PEM that others may have written, so nothing in them is trusted before it is checked.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use time::{Duration, OffsetDateTime};
use x509_parser::parse_x509_certificate;

/// Maximum length of a text with certificates. It is that of a pair in a directory.
pub(super) const MAX_TEXT: usize = 64 << 10;
/// Maximum number of certificates in a chain. It is that of a pair in a directory.
const MAX_CHAIN: usize = 10;
/// Maximum number of CA certificates that are read from a text.
const MAX_CERTIFICATES: usize = 32;

/// A certificate that could be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadCertificate {
    der: CertificateDer<'static>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    public_key: Vec<u8>,
    is_authority: bool,
}

impl ReadCertificate {
    /// Parses a certificate. Returns `None` if it is not one.
    pub(super) fn parse(der: CertificateDer<'static>) -> Option<Self> {
        let (rest, certificate) = parse_x509_certificate(&der).ok()?;
        let parsed = Self {
            not_before: certificate.validity.not_before.to_datetime(),
            not_after: certificate.validity.not_after.to_datetime(),
            public_key: certificate.public_key().raw.to_vec(),
            is_authority: certificate.is_ca(),
            der: CertificateDer::from(der.to_vec()),
        };
        rest.is_empty().then_some(parsed)
    }

    /// Returns true if the certificate belongs to the key with this public part, in DER.
    pub(super) fn belongs_to(&self, public_key: &[u8]) -> bool {
        self.public_key == public_key
    }

    /// Returns true if the certificate can sign others.
    pub(super) fn is_authority(&self) -> bool {
        self.is_authority
    }

    /// Returns true if the dates allow the use of the certificate.
    pub(super) fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// Returns true if the certificate has a DNS name.
    pub(super) fn has_host(&self, host: &str) -> bool {
        let (Ok(name), Ok(certificate)) = (
            ServerName::try_from(host),
            rustls::server::ParsedCertificate::try_from(&self.der),
        ) else {
            return false;
        };
        verify_server_name(&certificate, &name).is_ok()
    }

    /// Returns the last second of the certificate.
    pub(super) fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Returns true if the certificate began before a time.
    pub(super) fn has_begun_before(&self, time: OffsetDateTime) -> bool {
        self.not_before < time
    }

    /// Returns true if less than a part of the lifetime is left, and less than `most`. It looks at the end alone, so an
    /// issuer may date the begin back for the sake of other clocks.
    pub(super) fn has_less_left(&self, now: OffsetDateTime, part: i32, most: Duration) -> bool {
        let lifetime = self.not_after - self.not_before;
        self.not_after - now < most.min(lifetime / part)
    }

    /// Returns the certificate in DER.
    pub(super) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Returns the certificate in PEM.
    pub(super) fn to_pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for line in text.as_bytes().chunks(64) {
            let _ = writeln!(pem, "{}", String::from_utf8_lossy(line));
        }
        pem + "-----END CERTIFICATE-----\n"
    }
}

/// Returns the text of a value in base64. Returns `None` if it is too long, or not text.
pub(super) fn decoded(encoded: &str) -> Option<String> {
    if encoded.len() > 2 * MAX_TEXT {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    (text.len() <= MAX_TEXT).then_some(text)
}

/// Returns the certificates of a text in PEM, each once. Everything else in it is ignored.
pub(super) fn certificates(text: &str) -> Vec<ReadCertificate> {
    let mut found: Vec<ReadCertificate> = Vec::new();
    if text.len() <= MAX_TEXT {
        for der in CertificateDer::pem_slice_iter(text.as_bytes()).take(MAX_CERTIFICATES) {
            if let Some(certificate) = der.ok().and_then(ReadCertificate::parse)
                && !found.contains(&certificate)
            {
                found.push(certificate);
            }
        }
    }
    found
}

/// Returns the chain of a text in PEM. Returns `None` if it is empty or too long, or has a certificate that is none.
pub(super) fn chain(text: &str) -> Option<Vec<ReadCertificate>> {
    all_certificates(text, MAX_CHAIN).filter(|chain| !chain.is_empty())
}

/// Returns the CA certificates of a text in PEM. Returns `None` if it is too long, or has a certificate that is none.
pub(super) fn all_authorities(text: &str) -> Option<Vec<ReadCertificate>> {
    all_certificates(text, MAX_CERTIFICATES)
}

fn all_certificates(text: &str, max: usize) -> Option<Vec<ReadCertificate>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let certificates = CertificateDer::pem_slice_iter(text.as_bytes()).take(max + 1);
    let all: Option<Vec<_>> = certificates
        .map(|der| ReadCertificate::parse(der.ok()?))
        .collect();
    all.filter(|all| all.len() <= max)
}

/// Returns certificates in PEM, one after the other.
pub(super) fn bundle<'a>(certificates: impl IntoIterator<Item = &'a ReadCertificate>) -> String {
    certificates.into_iter().map(ReadCertificate::to_pem).collect()
}

/// Returns true if an API server that trusts `authorities` accepts a chain for a host name.
pub(super) fn is_accepted<'a>(
    chain: &[ReadCertificate],
    authorities: impl IntoIterator<Item = &'a ReadCertificate>,
    host: &str,
    now: OffsetDateTime,
) -> bool {
    let mut roots = RootCertStore::empty();
    // API servers reject chains that end in a CA that is not valid at the time. The verifier does not look.
    for authority in authorities
        .into_iter()
        .filter(|authority| authority.is_valid_at(now))
    {
        // A certificate that cannot be a root makes no chain valid.
        let _ = roots.add(authority.der.clone());
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let (Ok(verifier), Ok(host)) = (verifier, ServerName::try_from(host)) else {
        return false;
    };
    let Some((leaf, intermediates)) = chain.split_first() else {
        return false;
    };
    let intermediates: Vec<_> = intermediates.iter().map(|other| other.der.clone()).collect();
    let Ok(seconds) = u64::try_from(now.unix_timestamp()) else {
        return false;
    };
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    verifier
        .verify_server_cert(&leaf.der, &intermediates, &host, &[], now)
        .is_ok()
}

//! Throwaway certificates.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::version_1::version_1;

/// A new key pair in PEM, and its certificate in DER.
pub struct Pair {
    /// Certificate in PEM.
    pub certificate: String,
    /// Key in PEM.
    pub key: String,
    /// Certificate in DER.
    pub der: Vec<u8>,
}

/// A new key pair whose certificate has an intermediate.
pub struct IssuedPair {
    /// Leaf and key.
    pub leaf: Pair,
    /// Certificate of the intermediate, in PEM.
    pub intermediate: String,
    /// Certificate of the CA that signed the intermediate, in DER.
    pub root: Vec<u8>,
}

impl Pair {
    /// Generates a pair whose certificate is for `localhost`.
    pub fn generate() -> Self {
        Self::for_names(&["localhost"])
    }

    /// Generates a pair whose certificate has these DNS names as subject alternative names.
    pub fn for_names(names: &[&str]) -> Self {
        Self::self_signed(&parameters(names))
    }

    /// Generates a pair whose certificate is for `localhost`, and valid between two times.
    pub fn between(not_before: SystemTime, not_after: SystemTime) -> Self {
        let mut parameters = parameters(&["localhost"]);
        parameters.not_before = not_before.into();
        parameters.not_after = not_after.into();
        Self::self_signed(&parameters)
    }

    /// Generates a pair whose certificate has version 1 of X.509, as `openssl x509 -req` makes it without extensions.
    pub fn of_version_1() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters(&["localhost"]).self_signed(&key).unwrap();
        Self::new(&version_1(certificate.der(), &key), &key)
    }

    fn self_signed(parameters: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::new(parameters.self_signed(&key).unwrap().der(), &key)
    }

    fn new(der: &[u8], key: &KeyPair) -> Self {
        Self {
            certificate: pem(der),
            key: key.serialize_pem(),
            der: der.to_vec(),
        }
    }

    /// Returns the configuration of a server with the pair.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config
            .with_safe_default_protocol_versions()
            .expect("versions of ring");
        let chain = vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
    }

    /// Returns the files of imageswap-webhook's Secret.
    pub fn files(&self) -> [(&'static str, &[u8]); 2] {
        [
            ("cert.pem", self.certificate.as_bytes()),
            ("key.pem", self.key.as_bytes()),
        ]
    }
}

impl IssuedPair {
    /// Generates a pair for `localhost` whose intermediate ends at a time.
    pub fn generate(end_of_intermediate: SystemTime) -> Self {
        let mut of_root = authority("root");
        of_root.not_after = (SystemTime::now() + Duration::from_secs(10 * 365 * 86_400)).into();
        let root_key = KeyPair::generate().unwrap();
        let root = of_root.self_signed(&root_key).unwrap();
        let root_issuer = Issuer::new(of_root, root_key);
        let mut of_intermediate = authority("intermediate");
        of_intermediate.not_after = end_of_intermediate.into();
        let intermediate_key = KeyPair::generate().unwrap();
        let intermediate = of_intermediate
            .signed_by(&intermediate_key, &root_issuer)
            .unwrap();
        let intermediate_issuer = Issuer::new(of_intermediate, intermediate_key);
        let key = KeyPair::generate().unwrap();
        let leaf = parameters(&["localhost"])
            .signed_by(&key, &intermediate_issuer)
            .unwrap();
        Self {
            leaf: Pair::new(leaf.der(), &key),
            intermediate: intermediate.pem(),
            root: root.der().to_vec(),
        }
    }
}

fn parameters(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    CertificateParams::new(names).unwrap()
}

/// Returns the parameters of a CA.
pub(super) fn authority(name: &str) -> CertificateParams {
    let mut parameters = parameters(&[]);
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|start| &text[start..text.len().min(start + 64)])
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

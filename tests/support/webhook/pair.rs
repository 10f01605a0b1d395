//! Throwaway certificates.

/// A new key pair in PEM, and its certificate in DER.
pub struct Pair {
    /// Certificate in PEM.
    pub certificate: String,
    /// Key in PEM.
    pub key: String,
    /// Certificate in DER.
    pub der: Vec<u8>,
}

impl Pair {
    /// Generates a pair whose certificate is for `localhost`.
    pub fn generate() -> Self {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self {
            certificate: pair.cert.pem(),
            key: pair.signing_key.serialize_pem(),
            der: pair.cert.der().to_vec(),
        }
    }

    /// Returns the files of imageswap-webhook's Secret.
    pub fn files(&self) -> [(&'static str, &[u8]); 2] {
        [
            ("cert.pem", self.certificate.as_bytes()),
            ("key.pem", self.key.as_bytes()),
        ]
    }
}

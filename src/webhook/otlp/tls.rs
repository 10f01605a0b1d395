//! TLS to a collector: the authorities that it trusts, and the certificate of the client.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, crypto};

use super::destination::TlsFiles;

/// The variable that names a file with authorities.
const AUTHORITIES: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";

/// A problem of TLS.
#[derive(Debug)]
pub(super) struct TlsProblem {
    /// The variable that causes or fixes it.
    pub(super) variable: String,
    pub(super) text: String,
}

impl TlsProblem {
    fn new(variable: &str, text: impl fmt::Display) -> Self {
        Self {
            variable: variable.to_owned(),
            text: text.to_string(),
        }
    }

    fn in_file(variable: &str, path: &Path, text: impl fmt::Display) -> Self {
        Self::new(variable, format_args!("{}: {text}", path.display()))
    }
}

/// Returns the configuration of TLS, which an endpoint without TLS does not use. Reads files, so it blocks.
pub(super) fn client_config(files: Option<&TlsFiles>) -> Result<ClientConfig, TlsProblem> {
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsProblem::new(AUTHORITIES, error))?;
    let Some(files) = files else {
        let config = config.with_root_certificates(RootCertStore::empty());
        return Ok(config.with_no_client_auth());
    };
    let config = config.with_root_certificates(authorities(files)?);
    match (&files.certificate, &files.key) {
        (None, None) => Ok(config.with_no_client_auth()),
        (Some((variable, path)), Some((key_variable, key_path))) => {
            let chain = read_certificates(variable, path)?;
            let key = PrivateKeyDer::from_pem_file(key_path)
                .map_err(|error| TlsProblem::in_file(key_variable, key_path, error))?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| TlsProblem::in_file(variable, path, error))
        }
        (Some((variable, _)), None) | (None, Some((variable, _))) => Err(TlsProblem::new(
            variable,
            "the certificate of a client and its key are set together",
        )),
    }
}

/// Returns the trusted authorities: those of a file, else those of the system.
fn authorities(files: &TlsFiles) -> Result<RootCertStore, TlsProblem> {
    let mut roots = RootCertStore::empty();
    let Some((variable, path)) = &files.authorities else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            let problem = "the endpoint has TLS, and the system has no certificates of authorities; set the variable to a file with that of the collector";
            return Err(TlsProblem::new(AUTHORITIES, problem));
        }
        return Ok(roots);
    };
    for certificate in read_certificates(variable, path)? {
        roots
            .add(certificate)
            .map_err(|error| TlsProblem::in_file(variable, path, error))?;
    }
    Ok(roots)
}

fn read_certificates(variable: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let certificates: Vec<_> = certificates.map_err(|error| TlsProblem::in_file(variable, path, error))?;
    if certificates.is_empty() {
        return Err(TlsProblem::in_file(
            variable,
            path,
            "no certificate in PEM format",
        ));
    }
    Ok(certificates)
}

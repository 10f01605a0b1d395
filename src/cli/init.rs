//! The init container of imageswap-webhook v1.5.3, by the name `imageswap-init.py`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::color;
use super::error::CommandError;
use super::exit::Ended;
use super::input::ClusterOptions;
use super::serve::warn_of_unknown_variables;
use super::tls_mode::{TlsHints, TlsMode};
use crate::kubernetes::{ClusterSettings, InitSettings, prepare};
use crate::webhook::{LogFormat, LogLevel, ServeError, start_logging};

/// Make the key pair and the webhook configuration of imageswap-webhook, as its init container did.
///
/// The program is this command if it is called as `imageswap-init.py`.
#[derive(Args, Debug)]
pub(super) struct Init {
    #[command(flatten)]
    cluster: ClusterOptions,
    /// Directory for the key pair
    #[arg(
        long,
        env = "IMAGESWAP_TLS_DIR",
        value_name = "DIRECTORY",
        default_value = "/tls"
    )]
    tls_dir: PathBuf,
    /// File with the template of the webhook configuration
    #[arg(long, value_name = "FILE", default_value = "/mwc/imageswap-mwc.yaml")]
    template: PathBuf,
    /// Namespace of this Pod
    #[arg(
        long,
        env = "IMAGESWAP_NAMESPACE_NAME",
        value_name = "NAME",
        default_value = "imageswap-system"
    )]
    namespace_name: String,
    /// Level of the log
    #[arg(
        long,
        env = "IMAGESWAP_LOG_LEVEL",
        value_enum,
        ignore_case = true,
        default_value = "info"
    )]
    log_level: LogLevel,
}

impl Init {
    pub(super) fn run(self, program: &clap::Command) -> Result<Ended, CommandError> {
        let _log = start_logging(self.log_level, LogFormat::Json, color::is_wanted(&io::stderr()))
            .map_err(ServeError::from)?;
        warn_of_unknown_variables(program);
        let signer = self.cluster.signer().map(ToOwned::to_owned);
        let mode = match signer {
            Some(_) => TlsMode::Csr,
            None => TlsMode::SelfManaged,
        };
        let hints = TlsHints {
            given: Some(mode),
            tls_dir: &self.tls_dir,
            signer: signer.as_deref(),
            is_predecessor: true,
        };
        let certificates = hints.certificates(mode)?;
        let cluster = self
            .cluster
            .into_settings(self.namespace_name, certificates, true);
        prepare(&InitSettings {
            cluster: ClusterSettings {
                approves_requests: true,
                ..cluster
            },
            template: self.template,
            tls_dir: self.tls_dir.clone(),
        })
        .map_err(CommandError::Init)?;
        Ok(Ended::Clean)
    }
}

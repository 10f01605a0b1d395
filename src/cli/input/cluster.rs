//! Options about the objects of the installation in its cluster.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::kubernetes::{Certificates, ClusterSettings, Names, Predecessor};

/// Options about the objects of the installation.
#[derive(Args, Debug)]
pub(crate) struct ClusterOptions {
    /// Name of the Secret with the key pair, for the modes self-managed and csr
    #[arg(
        long,
        env = "IMAGESWAP_TLS_SECRET",
        value_name = "NAME",
        default_value = "imageswap-tls"
    )]
    tls_secret: String,
    /// Name of the Service, which the certificate is for
    #[arg(
        long,
        env = "IMAGESWAP_SERVICE_NAME",
        value_name = "NAME",
        default_value = "imageswap"
    )]
    service_name: String,
    /// Name of the webhook configurations, mutating and validating
    #[arg(
        long,
        env = "IMAGESWAP_WEBHOOK_CONFIGURATION",
        value_name = "NAME",
        default_value = "imageswap-webhook"
    )]
    webhook_configuration: String,
    /// Name of the ConfigMap with the entries of the webhook configurations
    #[arg(
        long,
        env = "IMAGESWAP_WEBHOOKS_CONFIGMAP",
        value_name = "NAME",
        default_value = "imageswap-webhooks"
    )]
    webhooks_configmap: String,
    /// Name of the ConfigMap with the last good set
    #[arg(
        long,
        env = "IMAGESWAP_LAST_GOOD_CONFIGMAP",
        value_name = "NAME",
        default_value = "imageswap-last-good"
    )]
    last_good_configmap: String,
    /// File with the CA certificates for caBundle, for the modes directory and csr
    #[arg(long, env = "IMAGESWAP_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Name of the signer, for the mode csr
    #[arg(long, env = "IMAGESWAP_CSR_SIGNER_NAME", value_name = "SIGNER")]
    csr_signer_name: Option<String>,
    /// Keep the entries of the webhook configurations as they are, except caBundle
    #[arg(long, env = "IMAGESWAP_DISABLE_AUTO_MWC", value_parser = BoolishValueParser::new())]
    disable_auto_mwc: bool,
}

impl ClusterOptions {
    /// Returns the signer of the mode csr.
    pub(crate) fn signer(&self) -> Option<&str> {
        self.csr_signer_name.as_deref()
    }

    /// Returns the settings of the access to the cluster.
    pub(crate) fn into_settings(
        self,
        namespace: String,
        certificates: Certificates,
        predecessor: Option<Predecessor>,
    ) -> ClusterSettings {
        ClusterSettings {
            names: Names {
                namespace,
                service: self.service_name,
                own_authority: format!("{}-ca", self.tls_secret),
                secret: self.tls_secret,
                configuration: self.webhook_configuration,
                entries: self.webhooks_configmap,
                last_good: self.last_good_configmap,
            },
            certificates,
            ca_file: self.ca_file,
            keeps_entries: self.disable_auto_mwc,
            predecessor,
        }
    }
}

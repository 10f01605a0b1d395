//! The objects of the installation, with the rights that the webhook needs on each.

use kube::core::ApiResource;

use super::settings::Names;

/// An object of the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Object {
    /// The Secret with the key pair and the CA.
    Secret,
    /// The Secret with the CA of a pair of the user, as v1.5.3 has it.
    OwnAuthority,
    /// The ConfigMap with the entries of the webhook configurations.
    Entries,
    /// The ConfigMap with the last good set.
    LastGood,
    /// The MutatingWebhookConfiguration.
    Mutating,
    /// The ValidatingWebhookConfiguration.
    Validating,
    /// The Namespace of the webhook.
    Namespace,
    /// A CertificateSigningRequest. Each has a name of its own.
    SigningRequest,
}

impl Object {
    /// Returns the name of the object. It is empty if the settings do not have it.
    pub(super) fn name(self, names: &Names) -> &str {
        match self {
            Self::Secret => &names.secret,
            Self::OwnAuthority => &names.own_authority,
            Self::Entries => &names.entries,
            Self::LastGood => &names.last_good,
            Self::Mutating | Self::Validating => &names.configuration,
            Self::Namespace => &names.namespace,
            Self::SigningRequest => "",
        }
    }

    /// Returns true if the object is in no namespace.
    pub(super) const fn is_of_cluster(self) -> bool {
        matches!(
            self,
            Self::Mutating | Self::Validating | Self::Namespace | Self::SigningRequest
        )
    }

    /// Returns the verbs that the webhook needs. Each is a right by name, except those on requests, whose names are not
    /// known before.
    pub(super) const fn verbs(self) -> &'static [&'static str] {
        match self {
            Self::Secret | Self::Mutating | Self::Validating => &["get", "list", "watch", "patch"],
            Self::Entries => &["get", "list", "watch"],
            Self::LastGood => &["get", "patch"],
            Self::Namespace | Self::OwnAuthority => &["get"],
            Self::SigningRequest => &["create", "get"],
        }
    }

    /// Returns the kind as people write it.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Secret | Self::OwnAuthority => "Secret",
            Self::Entries | Self::LastGood => "ConfigMap",
            Self::Mutating => "MutatingWebhookConfiguration",
            Self::Validating => "ValidatingWebhookConfiguration",
            Self::Namespace => "Namespace",
            Self::SigningRequest => "CertificateSigningRequest",
        }
    }

    /// Returns the API group; that of the core is empty.
    pub(super) const fn group(self) -> &'static str {
        match self {
            Self::Mutating | Self::Validating => "admissionregistration.k8s.io",
            Self::SigningRequest => "certificates.k8s.io",
            Self::Secret | Self::OwnAuthority | Self::Entries | Self::LastGood | Self::Namespace => "",
        }
    }

    /// Returns the name of the resource in URLs and rights.
    pub(super) const fn resource(self) -> &'static str {
        match self {
            Self::Secret | Self::OwnAuthority => "secrets",
            Self::Entries | Self::LastGood => "configmaps",
            Self::Mutating => "mutatingwebhookconfigurations",
            Self::Validating => "validatingwebhookconfigurations",
            Self::Namespace => "namespaces",
            Self::SigningRequest => "certificatesigningrequests",
        }
    }

    /// Returns the value of `apiVersion`.
    pub(super) const fn api_version(self) -> &'static str {
        match self {
            Self::Mutating | Self::Validating => "admissionregistration.k8s.io/v1",
            Self::SigningRequest => "certificates.k8s.io/v1",
            Self::Secret | Self::OwnAuthority | Self::Entries | Self::LastGood | Self::Namespace => "v1",
        }
    }

    /// Returns the description of the resource for a client.
    pub(super) fn api_resource(self) -> ApiResource {
        ApiResource {
            group: self.group().to_owned(),
            version: "v1".to_owned(),
            api_version: self.api_version().to_owned(),
            kind: self.kind().to_owned(),
            plural: self.resource().to_owned(),
        }
    }
}

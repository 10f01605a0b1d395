//! The objects of the installation, with the rights that the webhook needs on each.

use k8s_openapi::Resource;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::core::{ApiResource, GroupVersionKind};

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
        self.type_names().kind
    }

    /// Returns the API group; that of the core is empty.
    pub(super) const fn group(self) -> &'static str {
        self.type_names().group
    }

    /// Returns the name of the resource in URLs and rights.
    pub(super) const fn resource(self) -> &'static str {
        self.type_names().plural
    }

    /// Returns the description of the resource for a client.
    pub(super) fn api_resource(self) -> ApiResource {
        let TypeNames { kind, group, plural } = self.type_names();
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, "v1", kind), plural)
    }

    const fn type_names(self) -> TypeNames {
        match self {
            Self::Secret | Self::OwnAuthority => TypeNames::of::<Secret>(),
            Self::Entries | Self::LastGood => TypeNames::of::<ConfigMap>(),
            Self::Mutating => TypeNames::of::<MutatingWebhookConfiguration>(),
            Self::Validating => TypeNames::of::<ValidatingWebhookConfiguration>(),
            Self::Namespace => TypeNames::of::<Namespace>(),
            Self::SigningRequest => TypeNames::of::<CertificateSigningRequest>(),
        }
    }
}

/// The names of the type of an object. All of them have the version v1.
struct TypeNames {
    kind: &'static str,
    group: &'static str,
    plural: &'static str,
}

impl TypeNames {
    const fn of<T: Resource>() -> Self {
        Self {
            kind: T::KIND,
            group: T::GROUP,
            plural: T::URL_PATH_SEGMENT,
        }
    }
}

//! The kinds that have a Pod or a Pod template: its location in the object, and the name of the kind in metrics.

use super::read::{GroupKind, Metadata, Object, PodSpec};
use crate::context::Operation;
use crate::label;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Workload {
    /// A Pod.
    Pod,
    /// Group `batch`.
    CronJob,
    /// Group `apps`.
    DaemonSet,
    /// Group `apps`.
    Deployment,
    /// Group `batch`.
    Job,
    /// A PodTemplate: a Pod template as an object of its own.
    PodTemplate,
    /// Group `apps`.
    ReplicaSet,
    /// The core group, as of a Pod.
    ReplicationController,
    /// Group `apps`.
    StatefulSet,
    /// Any other kind: a custom resource, which may have a Pod template too.
    Other,
}

label!(Workload {
    Pod => "Pod",
    CronJob => "CronJob",
    DaemonSet => "DaemonSet",
    Deployment => "Deployment",
    Job => "Job",
    PodTemplate => "PodTemplate",
    ReplicaSet => "ReplicaSet",
    ReplicationController => "ReplicationController",
    StatefulSet => "StatefulSet",
    Other => "other",
});

/// Location of the Pod in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PodPath {
    /// The object is the Pod.
    Object,
    /// Field `template`.
    Template,
    /// Field `spec.template`.
    SpecTemplate,
    /// Field `spec.jobTemplate.spec.template`.
    JobTemplate,
}

impl Workload {
    /// Returns the kind of this name in any API group. It is for a metric label, which needs a bounded range and not
    /// the group.
    #[must_use]
    pub fn from_name(kind: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|known| known.as_str() == kind).unwrap_or(Self::Other)
    }

    /// Returns the kind of a group and a name.
    pub(super) fn from_kind(group: &str, kind: &str) -> Self {
        match Self::from_name(kind) {
            known if known.group() == Some(group) => known,
            _ => Self::Other,
        }
    }

    fn group(self) -> Option<&'static str> {
        match self {
            Self::Pod | Self::PodTemplate | Self::ReplicationController => Some(""),
            Self::CronJob | Self::Job => Some("batch"),
            Self::DaemonSet | Self::Deployment | Self::ReplicaSet | Self::StatefulSet => Some("apps"),
            Self::Other => None,
        }
    }

    /// Returns true if a workload of this kind carries its break-glass label to its pod template. The template of a Job
    /// never changes.
    pub(super) fn carries_label(self, operation: Operation) -> bool {
        match self {
            Self::CronJob | Self::DaemonSet | Self::Deployment | Self::StatefulSet => {
                matches!(operation, Operation::Create | Operation::Update)
            }
            Self::Job => operation == Operation::Create,
            // The label of a Deployment is carried, not that of its ReplicaSets, which would end with the next one.
            Self::Pod | Self::PodTemplate | Self::ReplicaSet | Self::ReplicationController | Self::Other => {
                false
            }
        }
    }

    /// Returns the place of the Pod in an object of this kind.
    pub(super) fn pod_path(self) -> PodPath {
        match self {
            Self::Pod => PodPath::Object,
            Self::PodTemplate => PodPath::Template,
            Self::CronJob => PodPath::JobTemplate,
            Self::DaemonSet
            | Self::Deployment
            | Self::Job
            | Self::ReplicaSet
            | Self::ReplicationController
            | Self::StatefulSet
            | Self::Other => PodPath::SpecTemplate,
        }
    }
}

impl PodPath {
    /// Returns the JSON pointer (RFC 6901) of the Pod's `spec`. None of its tokens needs escaping.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Object => "/spec",
            Self::Template => "/template/spec",
            Self::SpecTemplate => "/spec/template/spec",
            Self::JobTemplate => "/spec/jobTemplate/spec/template/spec",
        }
    }

    /// Returns the JSON pointer of the Pod's `metadata`, in the same form.
    pub(super) const fn metadata(self) -> &'static str {
        match self {
            Self::Object => "/metadata",
            Self::Template => "/template/metadata",
            Self::SpecTemplate => "/spec/template/metadata",
            Self::JobTemplate => "/spec/jobTemplate/spec/template/metadata",
        }
    }

    /// Returns the metadata and the `spec` of the Pod at this place of an object, if there is one.
    pub(super) fn find<'r, 'a>(self, object: &'r Object<'a>) -> Option<(&'r Metadata<'a>, &'r PodSpec<'a>)> {
        let template = match self {
            Self::Object => return Some((&object.metadata, &object.spec.pod)),
            Self::Template => object.template.as_deref(),
            Self::SpecTemplate => object.spec.template.as_deref(),
            Self::JobTemplate => object.spec.job_template.as_deref(),
        }?;
        Some((&template.metadata, &template.spec))
    }
}

impl GroupKind<'_> {
    /// Returns the kind of workload.
    pub(super) fn workload(&self) -> Workload {
        let [group, kind] = [&self.group, &self.kind].map(|text| text.as_deref().unwrap_or_default());
        Workload::from_kind(group, kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_of_another_group_has_its_template_in_the_usual_place() {
        assert_eq!(Workload::from_kind("", "Pod").pod_path(), PodPath::Object);
        for (group, kind) in [
            ("example.com", "Pod"),
            ("", "CronJob"),
            ("example.com", "Fleet"),
            ("", "other"),
        ] {
            let workload = Workload::from_kind(group, kind);
            assert_eq!(
                (workload, workload.pod_path()),
                (Workload::Other, PodPath::SpecTemplate)
            );
        }
    }

    #[test]
    fn label_of_a_kind_does_not_depend_on_its_group() {
        for workload in Workload::ALL {
            assert_eq!(Workload::from_name(workload.as_str()), workload);
        }
        assert_eq!(Workload::from_name("Fleet"), Workload::Other);
    }
}

//! Break glass: the label that turns the webhook off for an object, and its way from a workload to the pod template.
//!
//! A patch that does not apply fails the request of the caller, even if the entry ignores failures. So each patch depends
//! on the members that the template has, and no patch leads to an object that the API server rejects for its selector.

use super::answer::AdmissionResponse;
use super::error::ReviewError;
use super::outcome::{ReviewOutcome, TemplateChange};
use super::patch::MissingMaps;
use super::policy::{DISABLED, Policy};
use super::read::{AdmissionRequest, AdmissionReview, GroupKind, Metadata, WorkloadObject, read_workload};
use super::request::ReviewedRequest;
use super::wording;
use super::workload::{PodPath, Workload};
use crate::context::Operation;

/// The value that names what is true without it, so it is not a near miss.
const ENABLED: &str = "enabled";

/// An answered review of a workload.
#[derive(Debug)]
pub struct BreakGlassReview<'a> {
    /// The body of the answer, an `AdmissionReview` in JSON.
    pub answer: Vec<u8>,
    /// The request that it answers.
    pub request: ReviewedRequest<'a>,
    /// Outcome of the review.
    pub outcome: ReviewOutcome,
    /// The change of the pod template, also if a dry run or the selector prevents it.
    pub change: Option<TemplateChange>,
}

/// Answers a review of a workload: carries the break-glass label from the workload to its pod template.
///
/// # Errors
///
/// Returns an error if the body is not an `AdmissionReview`. The caller then gets 400 and the line of the error.
pub fn break_glass<'a>(body: &'a [u8], policy: &Policy<'_>) -> Result<BreakGlassReview<'a>, ReviewError> {
    let AdmissionReview {
        version,
        uid,
        request,
    } = read_workload(body)?;
    let key = policy.disable_label;
    let mut response = AdmissionResponse::new(version, &uid, policy.digest);
    let mut change = None;
    let mut is_skipped = true;
    if let Some(workload) = LabeledWorkload::find(&request) {
        is_skipped = false;
        if let Some(value) = near_miss(&workload.object.metadata, workload.old, key) {
            response.warn(wording::near_miss(key, value));
        }
        change = workload.change(key);
        if let Some(found) = change {
            if workload
                .object
                .spec
                .selected
                .iter()
                .any(|selected| selected == key)
            {
                response.warn(wording::selects_label(key));
            } else if policy.dry_run {
                response.warn(wording::would_change_template(key, found.into()));
            } else {
                match found {
                    LabelChange::Add(missing) => response.patch().set_label(workload.path, key, missing),
                    LabelChange::Remove => response.patch().remove_label(workload.path, key),
                }
            }
        }
    }
    let unchanged = if is_skipped {
        ReviewOutcome::Skipped
    } else {
        ReviewOutcome::Unchanged
    };
    let outcome = response.outcome().unwrap_or(unchanged);
    let answer = response.into_bytes();
    Ok(BreakGlassReview {
        answer,
        request: ReviewedRequest::new(uid, request, |object| object.metadata),
        outcome,
        change: change.map(Into::into),
    })
}

/// A workload that carries its label to its pod template.
struct LabeledWorkload<'r, 'a> {
    path: PodPath,
    object: &'r WorkloadObject<'a>,
    /// Metadata before an UPDATE.
    old: Option<&'r Metadata<'a>>,
}

impl<'r, 'a> LabeledWorkload<'r, 'a> {
    fn find(request: &'r AdmissionRequest<'a, WorkloadObject<'a>>) -> Option<Self> {
        let operation = request.operation?;
        let GroupKind { group, kind } = &request.kind;
        let group = group.as_deref().unwrap_or_default();
        let workload = Workload::from_kind(group, kind.as_deref().unwrap_or_default());
        let object = request.object.as_deref()?;
        // What is being deleted starts no Pod.
        if !workload.carries_label(operation) || object.metadata.is_being_deleted {
            return None;
        }
        let old = request.old_object.as_deref().map(|old| &old.metadata);
        Some(Self {
            path: workload.pod_path(),
            object,
            old: old.filter(|_| operation == Operation::Update),
        })
    }

    /// Returns the change of the template that the label of the workload asks for, if any.
    fn change(&self, key: &str) -> Option<LabelChange> {
        let spec = &self.object.spec;
        let template = match self.path {
            PodPath::JobTemplate => spec.job_template.as_ref(),
            PodPath::Object | PodPath::Template | PodPath::SpecTemplate => spec.template.as_ref(),
        }?;
        let new = self.object.metadata.label(key);
        let old = self.old.and_then(|old| old.label(key));
        let is_disabled = template.metadata.label(key) == Some(DISABLED);
        match (new, old) {
            (Some(DISABLED), _) if !is_disabled => {
                MissingMaps::find(template.has_metadata, template.metadata.has_labels).map(LabelChange::Add)
            }
            (Some(DISABLED), _) => None,
            // Also if others have set the label there, because they rarely know of it. Another value ends break glass too.
            (None, Some(_)) | (Some(_), Some(DISABLED)) if is_disabled => Some(LabelChange::Remove),
            _ => None,
        }
    }
}

/// A change of the label of a template.
#[derive(Clone, Copy)]
enum LabelChange {
    Add(MissingMaps),
    Remove,
}

impl From<LabelChange> for TemplateChange {
    fn from(change: LabelChange) -> Self {
        match change {
            LabelChange::Add(_) => Self::Add,
            LabelChange::Remove => Self::Remove,
        }
    }
}

/// Returns the value of the break-glass label if it has no effect, and if the request sets it.
pub(super) fn near_miss<'r>(
    metadata: &'r Metadata<'_>,
    old: Option<&Metadata<'_>>,
    key: &str,
) -> Option<&'r str> {
    let value = metadata.label(key)?;
    let has_effect = value == DISABLED || value.eq_ignore_ascii_case(ENABLED);
    // Controllers update their objects all the time, and a warning for each would fill their logs.
    let is_new = || old.and_then(|old| old.label(key)) != Some(value);
    (!has_effect && is_new()).then_some(value)
}

impl Metadata<'_> {
    /// Returns the value of a label. If the object repeats it, the last one counts, as for the API server.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        let mut labels = self.labels.iter().rev();
        labels
            .find(|(label, _)| label == key)
            .map(|(_, value)| value.as_ref())
    }
}

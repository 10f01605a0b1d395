//! Break glass: the label that turns the webhook off for an object, and its way from a workload to the pod template.
//!
//! A patch that does not apply fails the request of the caller, even if the entry ignores failures. So each patch depends
//! on the members that the template has, and no patch leads to an object that the API server rejects for its selector.

use super::answer::AdmissionResponse;
use super::error::ReviewError;
use super::outcome::{ReviewOutcome, TemplateChange};
use super::patch::MissingMaps;
use super::policy::{DISABLED, Policy};
use super::read::{AdmissionRequest, AdmissionReview, Metadata, WorkloadObject, read_workload};
use super::request::ReviewedRequest;
use super::wording;
use super::workload::PodPath;

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
    let mut response = AdmissionResponse::new(version, &uid, policy.digest);
    let workload = LabeledWorkload::find(&request);
    let change = workload
        .as_ref()
        .and_then(|workload| fill(&mut response, workload, policy));
    let unchanged = match workload {
        Some(_) => ReviewOutcome::Unchanged,
        None => ReviewOutcome::Skipped,
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

/// Adds the change of the pod template to the answer, and returns it.
fn fill<'p>(
    response: &mut AdmissionResponse<'p>,
    workload: &LabeledWorkload<'_, '_>,
    policy: &Policy<'p>,
) -> Option<LabelChange> {
    let key = policy.disable_label;
    if let Some(value) = near_miss(&workload.object.metadata, workload.old, key) {
        response.warn(wording::near_miss(key, value));
    }
    let change = workload.change(key)?;
    let is_selected = workload
        .object
        .spec
        .selected
        .iter()
        .any(|selected| selected == key);
    match change {
        _ if is_selected => response.warn(wording::selects_label(key)),
        _ if policy.dry_run => response.warn(wording::would_change_template(key, change.into())),
        LabelChange::Add(missing) => response.patch().set_label(workload.path, key, missing),
        LabelChange::Remove => response.patch().remove_label(workload.path, key),
    }
    Some(change)
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
        let workload = request.kind.workload();
        let object = request.object.as_deref()?;
        // What is being deleted starts no Pod.
        if !workload.carries_label(operation) || object.metadata.is_being_deleted {
            return None;
        }
        Some(Self {
            path: workload.pod_path(),
            object,
            old: request.updated().map(|old| &old.metadata),
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

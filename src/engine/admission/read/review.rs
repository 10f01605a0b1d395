//! The parts of a review that are read.

use std::borrow::Cow;

use super::config_map::ConfigMapObject;
use super::json::{Fields, Json, Malformed};
use super::nesting::{self, MAX_DEPTH};
use super::object::Object;
use super::workload::WorkloadObject;
use crate::admission::error::{MalformedReview, ReviewError};
use crate::context::Operation;

/// The parts of a review that the webhook needs.
#[derive(Debug)]
pub(in crate::admission) struct AdmissionReview<'a, O = Object<'a>> {
    /// Version of the review, and so of the answer.
    pub(in crate::admission) version: Version,
    /// The uid of the request, which the answer repeats.
    pub(in crate::admission) uid: Cow<'a, str>,
    /// The rest of the request.
    pub(in crate::admission) request: AdmissionRequest<'a, O>,
}

/// A version of `AdmissionReview`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admission) enum Version {
    V1,
    V1Beta1,
}

/// The parts of a request that the webhook needs. `O` has those of its object.
#[derive(Debug, Default)]
pub(in crate::admission) struct AdmissionRequest<'a, O = Object<'a>> {
    uid: Option<Cow<'a, str>>,
    pub(in crate::admission) kind: GroupKind<'a>,
    pub(in crate::admission) name: Option<Cow<'a, str>>,
    pub(in crate::admission) namespace: Option<Cow<'a, str>>,
    pub(in crate::admission) operation: Option<Operation>,
    pub(in crate::admission) user: UserInfo<'a>,
    // Boxed, because an object is large and functions pass the request on by value.
    pub(in crate::admission) object: Option<Box<O>>,
    pub(in crate::admission) old_object: Option<Box<O>>,
    pub(in crate::admission) dry_run: bool,
}

/// The kind of the object.
#[derive(Debug, Default)]
pub(in crate::admission) struct GroupKind<'a> {
    pub(in crate::admission) group: Option<Cow<'a, str>>,
    pub(in crate::admission) kind: Option<Cow<'a, str>>,
}

impl<O> AdmissionRequest<'_, O> {
    /// Returns the object before an UPDATE. Other operations have none, or one that they remove.
    pub(in crate::admission) fn updated(&self) -> Option<&O> {
        let is_update = self.operation == Some(Operation::Update);
        self.old_object.as_deref().filter(|_| is_update)
    }
}

/// The user who makes the request.
#[derive(Debug, Default)]
pub(in crate::admission) struct UserInfo<'a> {
    pub(in crate::admission) username: Option<Cow<'a, str>>,
}

/// Reads a review.
///
/// # Errors
///
/// Returns an error if the body is not valid JSON, is not an `AdmissionReview` of a known version, or has no request
/// with a uid. Nothing in the request is an error.
pub(in crate::admission) fn read(body: &[u8]) -> Result<AdmissionReview<'_>, ReviewError> {
    read_review(body)
}

/// Reads a review of a ConfigMap, as [`read`] does.
///
/// # Errors
///
/// Returns the errors of [`read`].
pub(in crate::admission) fn read_config_map(
    body: &[u8],
) -> Result<AdmissionReview<'_, ConfigMapObject<'_>>, ReviewError> {
    read_review(body)
}

/// Reads a review of a workload, as [`read`] does.
///
/// # Errors
///
/// Returns the errors of [`read`].
pub(in crate::admission) fn read_workload(
    body: &[u8],
) -> Result<AdmissionReview<'_, WorkloadObject<'_>>, ReviewError> {
    read_review(body)
}

fn read_review<'a, O: Fields<'a>>(body: &'a [u8]) -> Result<AdmissionReview<'a, O>, ReviewError> {
    // With a message of its own, because an error of syntax would hide that the body was lost on the way.
    if body.is_empty() {
        return Err(MalformedReview::Empty.into());
    }
    // The whole body at once: a check for each string costs more, and most of a review is strings.
    let text = str::from_utf8(body).map_err(|error| MalformedReview::NotUtf8(error.valid_up_to()))?;
    // Before parsing, because the error is cheap here and the reader has no limit of depth.
    if nesting::is_too_deep(body) {
        return Err(MalformedReview::TooDeep(MAX_DEPTH).into());
    }
    let mut envelope = Envelope::<O>::default();
    let mut json = Json::new(text);
    let is_object = json
        .object(&mut envelope)
        // After the object, so that a second object or trailing text is an error.
        .and_then(|is_object| json.end().map(|()| is_object))
        .map_err(|Malformed| MalformedReview::NotJson(json_error(text)))?;
    if !is_object {
        return Err(MalformedReview::NotAnObject.into());
    }
    match envelope.kind {
        Some(kind) if kind == "AdmissionReview" => {}
        Some(kind) => return Err(MalformedReview::OtherKind(kind.into_owned()).into()),
        None => return Err(MalformedReview::NoKind.into()),
    }
    let version = match envelope.api_version {
        Some(version) => {
            Version::parse(&version).ok_or_else(|| MalformedReview::OtherVersion(version.into_owned()))?
        }
        None => return Err(MalformedReview::NoVersion.into()),
    };
    let mut request = envelope.request.ok_or(MalformedReview::NoRequest)?;
    match request.uid.take() {
        Some(uid) if !uid.is_empty() => Ok(AdmissionReview {
            version,
            uid,
            request,
        }),
        // Without a uid the API server cannot match the answer with its request.
        Some(_) | None => Err(MalformedReview::NoUid.into()),
    }
}

impl Version {
    const ALL: [Self; 2] = [Self::V1, Self::V1Beta1];

    fn parse(version: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == version)
    }

    pub(in crate::admission) fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "admission.k8s.io/v1",
            Self::V1Beta1 => "admission.k8s.io/v1beta1",
        }
    }
}

/// Returns the error of a text that is not valid JSON, with its position. The reader does not count lines, so only
/// this function calls the library that does.
pub(super) fn json_error(text: &str) -> String {
    // A tree of values would take twenty times the memory of the text.
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(error) => error.to_string(),
        Ok(_) => "a string has half of a surrogate pair".to_owned(),
    }
}

#[derive(Default)]
struct Envelope<'a, O> {
    api_version: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    request: Option<AdmissionRequest<'a, O>>,
}

impl<'a, O: Fields<'a>> Fields<'a> for Envelope<'a, O> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "apiVersion" => self.api_version = json.text()?,
            "kind" => self.kind = json.text()?,
            "request" => json.optional(&mut self.request)?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a, O: Fields<'a>> Fields<'a> for AdmissionRequest<'a, O> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "uid" => self.uid = json.text()?,
            "kind" => json.fill(&mut self.kind)?,
            "name" => self.name = json.text()?,
            "namespace" => self.namespace = json.text()?,
            "operation" => self.operation = json.text()?.and_then(|name| Operation::parse(&name)),
            "userInfo" => json.fill(&mut self.user)?,
            "object" => json.optional(&mut self.object)?,
            "oldObject" => json.optional(&mut self.old_object)?,
            "dryRun" => self.dry_run = json.is_true()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for GroupKind<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "group" => self.group = json.text()?,
            "kind" => self.kind = json.text()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for UserInfo<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "username" => self.username = json.text()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

//! The answer to a review, as the API server reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::patch::JsonPatch;
use super::read::Version;

/// An answer that is being put together. It begins with the request's uid, so that this can't be forgotten.
pub(super) struct AdmissionResponse<'a> {
    version: Version,
    uid: &'a str,
    patch: JsonPatch<'a>,
    refusals: Vec<String>,
    warnings: Vec<String>,
    unsaid: usize,
    audit: AuditAnnotations<'a>,
}

/// The most lines of one kind in an answer: a bound on what a hostile object can make of it, above what any
/// real one needs. (Of warnings the API server passes on 4,096 characters in all.)
const MAX_WARNINGS: usize = 50;
const MAX_REFUSALS: usize = 1000;

/// What the API server writes into its audit log.
#[derive(Default, Serialize)]
pub(super) struct AuditAnnotations<'a> {
    /// The digest of the set of rules.
    digest: &'a str,
    /// The rules that decided or warned, each once.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "joined")]
    rules: Vec<&'a str>,
}

impl<'a> AdmissionResponse<'a> {
    pub(super) fn new(version: Version, uid: &'a str, digest: &'a str) -> Self {
        Self {
            version,
            uid,
            patch: JsonPatch::default(),
            refusals: Vec::new(),
            warnings: Vec::new(),
            unsaid: 0,
            audit: AuditAnnotations {
                digest,
                rules: Vec::new(),
            },
        }
    }

    pub(super) fn patch(&mut self) -> &mut JsonPatch<'a> {
        &mut self.patch
    }

    /// Refuses the object: a line for each image that is refused.
    pub(super) fn refuse(&mut self, line: String) {
        match self.refusals.len() {
            0..MAX_REFUSALS => self.refusals.push(line),
            MAX_REFUSALS => self
                .refusals
                .push("imageswap: more images are refused".to_owned()),
            _ => {}
        }
    }

    /// Says something to the caller, once.
    pub(super) fn warn(&mut self, warning: String) {
        match self.warnings.len() {
            _ if self.warnings.contains(&warning) => {}
            0..MAX_WARNINGS => self.warnings.push(warning),
            _ => self.unsaid += 1,
        }
    }

    /// Names a rule in the audit log.
    pub(super) fn name_rule(&mut self, rule: &'a str) {
        self.audit.rules.push(rule);
    }

    pub(super) fn is_refused(&self) -> bool {
        !self.refusals.is_empty()
    }

    pub(super) fn is_patched(&self) -> bool {
        !self.is_refused() && !self.patch.is_empty()
    }

    /// The body of the answer.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        if self.unsaid > 0 {
            self.warnings
                .push(format!("imageswap: {} more warnings", self.unsaid));
        }
        let patch = self.is_patched().then(|| STANDARD.encode(json(&self.patch)));
        let status = self.is_refused().then(|| Status {
            status: "Failure",
            message: self.refusals.join("\n"),
            reason: "Forbidden",
            code: 403,
        });
        json(&AdmissionReview {
            kind: "AdmissionReview",
            api_version: self.version.as_str(),
            response: Response {
                uid: self.uid,
                allowed: status.is_none(),
                status,
                patch_type: patch.is_some().then_some("JSONPatch"),
                patch,
                warnings: &self.warnings,
                audit_annotations: &self.audit,
            },
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdmissionReview<'a> {
    kind: &'static str,
    api_version: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    audit_annotations: &'a AuditAnnotations<'a>,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
    message: String,
    reason: &'static str,
    code: u16,
}

fn joined<S: Serializer>(names: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&names.join(","))
}

/// Strings, numbers and lists of them: what is written here has no way to fail.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

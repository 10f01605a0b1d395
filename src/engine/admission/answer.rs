//! The answer to a review, as the API server reads it.

use std::borrow::Cow;

use super::json::JsonWriter;
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
    /// For the audit log: the digest of the set of rules, and the rules that decided or warned, each once.
    digest: &'a str,
    rules: Vec<Cow<'a, str>>,
}

/// The most lines of one kind in an answer: a bound on what a hostile object can make of it, above what any
/// real one needs. (Of warnings the API server passes on 4,096 characters in all.)
const MAX_WARNINGS: usize = 50;
const MAX_REFUSALS: usize = 1000;
const MAX_RULES: usize = 100;

/// About how long an answer is without its patch, in bytes.
const ENVELOPE: usize = 400;

impl<'a> AdmissionResponse<'a> {
    pub(super) fn new(version: Version, uid: &'a str, digest: &'a str) -> Self {
        Self {
            version,
            uid,
            patch: JsonPatch::default(),
            refusals: Vec::new(),
            warnings: Vec::new(),
            unsaid: 0,
            digest,
            rules: Vec::new(),
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

    /// Names a rule in the audit log, once.
    pub(super) fn name_rule(&mut self, rule: Cow<'a, str>) {
        if self.rules.len() < MAX_RULES && !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        !self.refusals.is_empty()
    }

    pub(super) fn is_patched(&self) -> bool {
        !self.is_refused() && !self.patch.is_empty()
    }

    /// The body of the answer. Written piece by piece: it is a part of every answer, and most of it is fixed.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        if self.unsaid > 0 {
            self.warnings
                .push(format!("imageswap: {} more warnings", self.unsaid));
        }
        let patch = self.is_patched().then(|| self.patch.into_json());
        let mut json =
            JsonWriter::with_capacity(ENVELOPE + patch.as_ref().map_or(0, |patch| patch.len() * 4 / 3));
        json.raw("{\"kind\":\"AdmissionReview\",\"apiVersion\":\"");
        json.raw(self.version.as_str());
        json.raw("\",\"response\":{\"uid\":");
        json.text(self.uid);
        json.raw(",\"allowed\":");
        if self.refusals.is_empty() {
            json.raw("true");
        } else {
            json.raw(
                "false,\"status\":{\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403,\"message\":",
            );
            json.text(&self.refusals.join("\n"));
            json.raw("}");
        }
        if let Some(patch) = patch {
            json.raw(",\"patchType\":\"JSONPatch\",\"patch\":\"");
            json.base64(&patch);
            json.raw("\"");
        }
        if !self.warnings.is_empty() {
            json.raw(",\"warnings\":[");
            json.separated(&self.warnings, |json, warning| json.text(warning));
            json.raw("]");
        }
        json.raw(",\"auditAnnotations\":{\"digest\":");
        json.text(self.digest);
        match self.rules.as_slice() {
            [] => {}
            [only] => {
                json.raw(",\"rules\":");
                json.text(only);
            }
            several => {
                json.raw(",\"rules\":");
                json.text(&several.join(","));
            }
        }
        json.raw("}}}");
        json.into_bytes()
    }
}

//! The answer to a review, in the form that the API server reads.

use std::borrow::Cow;

use super::json::{JsonWriter, base64_length};
use super::limits::{Denials, NamedRules, Warnings};
use super::outcome::ReviewOutcome;
use super::patch::JsonPatch;
use super::read::Version;
use crate::rules::RuleId;

/// An answer under construction. It begins with the uid of the request, so that no path can forget it.
pub(super) struct AdmissionResponse<'a> {
    version: Version,
    uid: &'a str,
    dry_run: bool,
    /// With `dry_run`, the patch that the answer would have.
    patch: JsonPatch<'a>,
    /// The lines that deny the object; with `dry_run`, those that would.
    denials: Denials,
    warnings: Warnings,
    /// Digest of the rule set, and the rules that decided or warned: the audit annotations.
    digest: &'a str,
    rules: NamedRules<'a>,
}

/// Typical length of an answer without its patch, in bytes.
const ENVELOPE: usize = 400;

impl<'a> AdmissionResponse<'a> {
    pub(super) fn new(version: Version, uid: &'a str, digest: &'a str) -> Self {
        Self {
            version,
            uid,
            dry_run: false,
            patch: JsonPatch::default(),
            denials: Denials::default(),
            warnings: Warnings::default(),
            digest,
            rules: NamedRules::default(),
        }
    }

    /// Makes this the answer of a webhook that changes and denies nothing.
    pub(super) fn in_dry_run(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }

    pub(super) fn patch(&mut self) -> &mut JsonPatch<'a> {
        &mut self.patch
    }

    /// Denies the object, with a line for each denied image. In a dry run, the line is a warning.
    pub(super) fn deny(&mut self, line: String) {
        if self.dry_run {
            self.warn(line.clone());
        }
        self.denials.add(line);
    }

    /// Adds a warning to the caller, once.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.add(warning);
    }

    /// Names a rule in the audit annotations, once.
    pub(super) fn name_rule(&mut self, rule: RuleId, name: impl FnOnce() -> Cow<'a, str>) {
        self.rules.add(rule, name);
    }

    /// Returns the outcome, unless the answer changes nothing. A denial wins over patches of other images.
    pub(super) fn outcome(&self) -> Option<ReviewOutcome> {
        match (self.denials.is_empty(), self.dry_run) {
            (false, false) => Some(ReviewOutcome::Denied),
            (false, true) => Some(ReviewOutcome::WouldDeny),
            (true, _) if self.patch.is_empty() => None,
            (true, false) => Some(ReviewOutcome::Patched),
            (true, true) => Some(ReviewOutcome::WouldSwap),
        }
    }

    /// Returns the body of the answer.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.into_parts().0
    }

    /// Returns the body of the answer, and the lines that deny the object, or would. The body is written piece by piece,
    /// because most of it is fixed and every request pays for it.
    pub(super) fn into_parts(self) -> (Vec<u8>, Option<String>) {
        let lines = self.denials.text(self.dry_run);
        let denial = lines.as_deref().filter(|_| !self.dry_run);
        // An answer that denies has no patch: the API server would not apply it.
        let patch = (self.outcome() == Some(ReviewOutcome::Patched)).then_some(&self.patch);
        let warnings = self.warnings.into_texts();
        let texts = warnings.iter().map(String::len).chain(denial.map(str::len));
        // Large enough for nearly every answer, so that it is not there twice while it grows.
        let length =
            ENVELOPE + texts.sum::<usize>() + patch.map_or(0, |patch| base64_length(patch.max_length()));
        let mut json = JsonWriter::with_capacity(length);
        json.raw("{\"kind\":\"AdmissionReview\",\"apiVersion\":\"");
        json.raw(self.version.as_str());
        json.raw("\",\"response\":{\"uid\":");
        json.text(self.uid);
        json.raw(",\"allowed\":");
        match denial {
            Some(denial) => {
                json.raw(
                    "false,\"status\":{\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403,\"message\":",
                );
                json.text(denial);
                json.raw("}");
            }
            None => json.raw("true"),
        }
        if let Some(patch) = patch {
            json.raw(",\"patchType\":\"JSONPatch\",\"patch\":\"");
            patch.write_base64(&mut json);
            json.raw("\"");
        }
        if !warnings.is_empty() {
            json.raw(",\"warnings\":[");
            json.separated(&warnings, |json, warning| json.text(warning));
            json.raw("]");
        }
        // The API server copies these into its audit log, where they identify the rules of a past decision.
        json.raw(",\"auditAnnotations\":{\"digest\":");
        json.text(self.digest);
        if let Some(rules) = self.rules.text() {
            json.raw(",\"rules\":");
            json.text(&rules);
        }
        json.raw("}}}");
        (json.into_bytes(), lines)
    }
}

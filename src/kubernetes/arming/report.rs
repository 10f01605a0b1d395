//! Reports about one webhook configuration: its condition, and the log.

use super::entries::key;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;
use crate::kubernetes::settings::Names;
use crate::webhook::{Conditions, Duty, Readiness};

/// Failures to reach the Service that are not logged, since its endpoints follow the readiness of a Pod by some seconds.
const QUIET: u32 = 6;

/// Reports about one webhook configuration.
#[derive(Debug)]
pub(super) struct ConfigurationReport<'a> {
    kind: Object,
    names: &'a Names,
    conditions: &'a Conditions,
    /// The notice in the log that applies.
    informed: Option<String>,
}

impl<'a> ConfigurationReport<'a> {
    pub(super) const fn new(kind: Object, names: &'a Names, conditions: &'a Conditions) -> Self {
        Self {
            kind,
            names,
            conditions,
            informed: None,
        }
    }

    /// Sets a problem, and logs it once.
    pub(super) fn problem(&mut self, problem: String) {
        self.informed = None;
        self.conditions.report(self.duty(), Readiness::Ready, problem);
    }

    /// Ends the problem.
    pub(super) fn clear(&mut self) {
        self.informed = None;
        self.conditions.end(self.duty());
    }

    /// Reports that the webhook cannot be reached by its Service.
    pub(super) fn unreached(&mut self, cause: &str, failures: u32) {
        let problem = format!("API servers do not call the webhook yet: {cause}");
        if failures > QUIET {
            self.problem(problem);
        } else {
            self.conditions.set(self.duty(), Readiness::Ready, problem);
        }
    }

    /// Reports that the configuration cannot be read.
    pub(super) fn unread(&mut self, error: &ApiError, is_optional: bool) {
        if is_optional && error.is_forbidden() {
            self.inform(&error.to_string());
        } else {
            self.problem(error.to_string());
        }
    }

    /// Reports that the configuration does not exist.
    pub(super) fn missing(&mut self, is_optional: bool) {
        let problem = format!(
            "the {} {} does not exist, so API servers do not call the webhook; apply the manifests to arm it",
            self.kind.kind(),
            self.names.configuration
        );
        if is_optional {
            self.inform(&problem);
        } else {
            self.problem(problem);
        }
    }

    /// Reports that the cluster does not let the webhook make the Namespace the owner of the configuration.
    pub(super) fn without_owner(&self, error: &ApiError) {
        let (kind, name) = (self.kind.kind(), &self.names.configuration);
        tracing::warn!(kind, name, %error, "webhook configuration without owner");
    }

    /// Returns the problem of entries that the API server rejects.
    pub(super) fn rejected(&self, error: &ApiError) -> String {
        let Names {
            entries, namespace, ..
        } = self.names;
        format!(
            "the API server rejects the entries of the key `{}` in the ConfigMap {entries}, so those of the \
             configuration stay: {error}; correct it by `kubectl edit configmap {entries} -n {namespace}`",
            key(self.kind)
        )
    }

    /// Reports that others change the entries again and again.
    pub(super) fn fight(&mut self, changed_by: Option<&str>) {
        self.problem(format!(
            "{} changes the entries again and again, so the webhook restores them at most once in 30 s; stop that, or change the \
             entries in the ConfigMap {}",
            changed_by.map_or_else(|| "a client".to_owned(), |by| format!("the field manager `{by}`")),
            self.names.entries
        ));
    }

    pub(super) fn armed(&self, entries: &[&str]) {
        let entries = entries.join(", ");
        tracing::info!(
            kind = self.kind.kind(),
            name = self.names.configuration,
            entries,
            "webhook configuration armed"
        );
    }

    pub(super) fn updated(&self, differences: &[String]) {
        let changes = differences.join(", ");
        tracing::info!(
            kind = self.kind.kind(),
            name = self.names.configuration,
            changes,
            "webhook configuration updated"
        );
    }

    pub(super) fn disarmed(&self) {
        tracing::warn!(
            kind = self.kind.kind(),
            name = self.names.configuration,
            reason = format!(
                "the list `{}` in the ConfigMap {} is empty",
                key(self.kind),
                self.names.entries
            ),
            "webhook configuration disarmed"
        );
    }

    /// Logs a restoration, with the way to change the entries that lasts.
    pub(super) fn restored(&self, differences: &[String], changed_by: Option<&str>) {
        let Names {
            entries,
            namespace,
            configuration,
            ..
        } = self.names;
        tracing::warn!(
            kind = self.kind.kind(),
            name = configuration,
            changes = differences.join(", "),
            changed_by = changed_by.unwrap_or("unknown"),
            hint = format!(
                "to change an entry: kubectl edit configmap {entries} -n {namespace}; to stop the restoring: kubectl \
                 annotate {} {configuration} {}=false",
                self.kind.kind().to_ascii_lowercase(),
                super::configuration::MANAGED
            ),
            "webhook configuration restored"
        );
    }

    /// Logs a notice once, and has no condition.
    fn inform(&mut self, notice: &str) {
        self.conditions.end(self.duty());
        if self.informed.as_deref() != Some(notice) {
            self.informed = Some(notice.to_owned());
            tracing::info!(
                kind = self.kind.kind(),
                name = self.names.configuration,
                notice,
                "webhook configuration not used"
            );
        }
    }

    const fn duty(&self) -> Duty {
        match self.kind {
            Object::Validating => Duty::Validating,
            _ => Duty::Mutating,
        }
    }
}

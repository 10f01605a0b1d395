//! Errors of requests to the API server. No error contains key material.

use std::error::Error;
use std::fmt;

use super::object::Object;
use super::settings::Names;

/// A request about an object failed.
#[derive(Debug)]
pub(crate) struct ApiError {
    /// The verb, as rights have it.
    pub(super) verb: &'static str,
    pub(super) object: Object,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) reason: ApiProblem,
}

/// The reason why a request failed.
#[derive(Debug)]
pub(crate) enum ApiProblem {
    /// The ServiceAccount lacks the right.
    Forbidden,
    /// The object does not exist.
    NotFound,
    /// The object has changed since it was read.
    Conflict,
    /// The API server rejected the request; its message.
    Rejected(String),
    /// The API server failed, or takes no more requests for now; its message.
    Failed(String),
    /// The API server cannot be reached; the causes.
    Unreachable(String),
    /// The answer is not the object that the client expects, from a line and column on.
    Unreadable { line: usize, column: usize },
    /// The API server did not answer in time.
    TimedOut,
}

/// Part of the answer to an owner that the admission plugin OwnerReferencesPermissionEnforcement does not let the webhook
/// set, because it has no right to delete the object. OpenShift enables this plugin.
const NO_OWNER: &str = "cannot set an ownerRef on a resource you can't delete";

impl ApiError {
    pub(super) fn new(verb: &'static str, object: Object, names: &Names, reason: ApiProblem) -> Self {
        Self::about(verb, object, object.name(names), names, reason)
    }

    /// Returns an error about an object whose name the settings do not have.
    pub(super) fn about(
        verb: &'static str,
        object: Object,
        name: &str,
        names: &Names,
        reason: ApiProblem,
    ) -> Self {
        Self {
            verb,
            object,
            name: name.to_owned(),
            namespace: names.namespace.clone(),
            reason,
        }
    }

    /// Returns true if the object has changed since it was read.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self.reason, ApiProblem::Conflict)
    }

    /// Returns true if the API server rejects the request, so that it fails again unless something else changes.
    pub(super) fn is_rejection(&self) -> bool {
        matches!(self.reason, ApiProblem::Rejected(_))
    }

    /// Returns true if the same request may succeed soon, without a change of rights or objects.
    pub(super) fn is_passing(&self) -> bool {
        !self.is_forbidden() && !self.is_rejection()
    }

    /// Returns true if the webhook may not set an owner.
    pub(super) fn is_about_the_owner(&self) -> bool {
        matches!(&self.reason, ApiProblem::Rejected(message) if message.contains(NO_OWNER))
    }

    /// Returns true if a right is missing.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self.reason, ApiProblem::Forbidden)
    }
}

impl From<kube::Error> for ApiProblem {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => match status.code {
                403 if is_missing_right(&status.message) => Self::Forbidden,
                404 => Self::NotFound,
                409 => Self::Conflict,
                400 | 403 | 422 => Self::Rejected(status.message),
                500 if status.message.contains(INVALID_PATCH) => Self::Rejected(status.message),
                // Among them 401, 429 and all of 500 and more, which end by themselves.
                code => Self::Failed(format!("{}, status {code}", status.message)),
            },
            // Its text has the value that does not fit, and the object may be the Secret with the keys.
            kube::Error::SerdeError(error) => Self::Unreadable {
                line: error.line(),
                column: error.column(),
            },
            error => Self::Unreachable(causes(&error)),
        }
    }
}

/// Part of the answer to a server-side apply whose fields do not fit the schema. Its status is 500.
const INVALID_PATCH: &str = "failed to create typed patch object";

/// Returns true if a message is that of a missing right, and not of an admission plugin:
/// `secrets "a" is forbidden: User "b" cannot get resource "secrets" ...`.
fn is_missing_right(message: &str) -> bool {
    message
        .split_once(": User \"")
        .is_some_and(|(_, rest)| rest.contains("\" cannot "))
}

/// Returns the causes of an error, each once: the printed form of the client's errors often hides them.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verb, object, name, ..
        } = self;
        let kind = object.kind();
        match &self.reason {
            ApiProblem::Forbidden => {
                let (role, group) = if object.is_of_cluster() {
                    ("ClusterRole".to_owned(), object.group())
                } else {
                    (
                        format!("Role in the namespace {}", self.namespace),
                        object.group(),
                    )
                };
                // A right to create cannot be by name, nor can one on objects whose names are not known before.
                let names = match object {
                    Object::SigningRequest => String::new(),
                    _ => format!("resourceNames: [{name}], "),
                };
                write!(
                    f,
                    "no right to {verb} the {kind} {name}; add this rule to the {role} of the webhook's ServiceAccount: \
                     {{apiGroups: [\"{group}\"], resources: [{}], {names}verbs: [{}]}}",
                    object.resource(),
                    object.verbs().join(", ")
                )
            }
            ApiProblem::NotFound => write!(f, "the {kind} {name} does not exist; apply the manifests again"),
            ApiProblem::Conflict => write!(f, "the {kind} {name} has changed meanwhile"),
            ApiProblem::Rejected(message) | ApiProblem::Failed(message) => {
                write!(f, "cannot {verb} the {kind} {name}: {message}")
            }
            ApiProblem::Unreachable(causes) => {
                write!(
                    f,
                    "cannot {verb} the {kind} {name}: the API server cannot be reached: {causes}"
                )
            }
            ApiProblem::Unreadable { line, column } => {
                write!(
                    f,
                    "cannot {verb} the {kind} {name}: the answer of the API server has an unexpected value at line {line} \
                     column {column}"
                )
            }
            ApiProblem::TimedOut => {
                write!(
                    f,
                    "cannot {verb} the {kind} {name}: the API server did not answer in time"
                )
            }
        }
    }
}

impl Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::settings::of_tests;

    #[test]
    fn missing_right_names_the_rule_to_add() {
        let text = |verb, object, name: &str| {
            ApiError::about(verb, object, name, &of_tests(), ApiProblem::Forbidden).to_string()
        };
        assert_eq!(
            text("patch", Object::Secret, "imageswap-tls"),
            "no right to patch the Secret imageswap-tls; add this rule to the Role in the namespace imageswap-system of the webhook's \
             ServiceAccount: {apiGroups: [\"\"], resources: [secrets], resourceNames: [imageswap-tls], verbs: [get, list, \
             watch, patch]}"
        );
        assert_eq!(
            text("create", Object::SigningRequest, "a"),
            "no right to create the CertificateSigningRequest a; add this rule to the ClusterRole of the webhook's \
             ServiceAccount: {apiGroups: [\"certificates.k8s.io\"], resources: [certificatesigningrequests], verbs: \
             [create, get]}"
        );
    }

    #[test]
    fn answer_that_does_not_fit_shows_no_value_of_a_secret() {
        const SECRET: &str = "s3cr3t-value";
        for answer in [
            format!("{{\"metadata\": \"{SECRET}\"}}"),
            format!("{{\"metadata\": {{\"labels\": \"{SECRET}\"}}}}"),
            format!("{{\"data\": {{\"tls.key\": \"{SECRET}\"}}, \"metadata\": 5}}"),
            format!("{{\"metadata\": {{\"annotations\": [\"{SECRET}\"]}}, {SECRET}"),
        ] {
            let error = serde_json::from_str::<kube::api::DynamicObject>(&answer).unwrap_err();
            let reason = kube::Error::SerdeError(error).into();
            let error = ApiError::about("get", Object::Secret, "tls", &of_tests(), reason);
            assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
            let start = "cannot get the Secret tls: the answer of the API server has an unexpected value at line 1 column ";
            assert!(error.to_string().starts_with(start), "{error}");
        }
    }

    #[test]
    fn right_is_missing_only_if_the_api_server_says_so() {
        let missing = "secrets \"tls\" is forbidden: User \"system:serviceaccount:a:b\" cannot patch resource \"secrets\" in \
                       API group \"\" in the namespace \"a\"";
        assert!(is_missing_right(missing));
        for other in [
            "admission webhook \"policy\" denied the request: You cannot change this",
            "a \"b\" is forbidden: cannot set an ownerRef on a resource you can't delete",
        ] {
            assert!(!is_missing_right(other));
        }
    }
}

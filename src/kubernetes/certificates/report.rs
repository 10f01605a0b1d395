//! Reports about the certificates: readiness, conditions, and the log.

use time::OffsetDateTime;

use super::authority::ServiceHosts;
use super::pair::UsablePair;
use super::seen::{Knowledge, SeenTrust};
use super::stored::ForeignSecret;
use crate::kubernetes::settings::Names;
use crate::webhook::{Conditions, Duty, Readiness};

/// Difference of the clocks from which it is a condition.
const MAX_AHEAD: u64 = 5 * 60;

/// Reports about the certificates.
#[derive(Debug)]
pub(super) struct CertificateReport<'a> {
    conditions: &'a Conditions,
    progress: ReadyProgress,
}

/// The way to the first readiness, which lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ReadyProgress {
    is_reached: bool,
    /// True if API servers were seen that do not accept the pair. Then they get time to learn its CA.
    was_rejected: bool,
}

impl<'a> CertificateReport<'a> {
    pub(super) fn new(conditions: &'a Conditions) -> Self {
        Self {
            conditions,
            progress: ReadyProgress::default(),
        }
    }

    /// Sets the condition that follows from the active pair and the trust in it. `problem` is what keeps the webhook
    /// from its duty. `seen` is `None` if the webhook knows nothing about the trust.
    pub(super) fn settle(
        &mut self,
        active: Option<&UsablePair>,
        seen: Option<&SeenTrust>,
        hosts: &ServiceHosts,
        now: OffsetDateTime,
        problem: Option<String>,
    ) {
        let is_accepted = active.map(|active| seen.is_none_or(|seen| seen.accepts(active, hosts, now)));
        let condition = self.progress.condition(is_accepted, seen, problem);
        match condition {
            Some((readiness, problem)) => self.conditions.report(Duty::Certificate, readiness, problem),
            None => self.conditions.end(Duty::Certificate),
        }
    }

    /// Sets the condition that the clocks differ, or ends it.
    pub(super) fn clock(&self, ahead: i64) {
        match clock_problem(ahead) {
            Some(problem) => self.conditions.report(Duty::Clock, Readiness::Ready, problem),
            None => self.conditions.end(Duty::Clock),
        }
    }

    /// Sets a condition about `caBundle`, or ends it.
    pub(super) fn bundle(&self, problem: Option<String>) {
        match problem {
            Some(problem) => self.conditions.report(Duty::CaBundle, Readiness::Ready, problem),
            None => self.conditions.end(Duty::CaBundle),
        }
    }
}

impl ReadyProgress {
    fn condition(
        &mut self,
        is_accepted: Option<bool>,
        seen: Option<&SeenTrust>,
        problem: Option<String>,
    ) -> Option<(Readiness, String)> {
        let untrusted = "waiting until the webhook configurations have the CA of the key pair in caBundle";
        let (readiness, cause) = match is_accepted {
            _ if self.is_reached => (
                Readiness::Ready,
                (is_accepted == Some(false)).then_some(untrusted),
            ),
            None => (Readiness::NotReady, Some("waiting for the first key pair")),
            Some(_) if seen.is_some_and(|seen| seen.knowledge == Knowledge::Awaited) => (
                Readiness::NotReady,
                Some("waiting for the webhook configurations"),
            ),
            Some(false) => {
                self.was_rejected = true;
                (Readiness::NotReady, Some(untrusted))
            }
            Some(true) if self.was_rejected && seen.is_some_and(|seen| !seen.is_settled()) => (
                Readiness::NotReady,
                Some("waiting until every API server has the new caBundle"),
            ),
            Some(true) => {
                self.is_reached = true;
                (Readiness::Ready, None)
            }
        };
        Some((readiness, problem.or_else(|| cause.map(ToOwned::to_owned))?))
    }
}

/// Returns the problem of a Secret that does not exist.
pub(super) fn absent_secret(names: &Names) -> String {
    let Names {
        secret, namespace, ..
    } = names;
    format!(
        "the Secret {secret} does not exist in the namespace {namespace}; it is a part of the manifests, which ship it \
         empty, so apply them again"
    )
}

/// Returns the problem of a Secret that belongs to others.
pub(super) fn foreign_secret(foreign: &ForeignSecret, names: &Names) -> String {
    let Names {
        secret, namespace, ..
    } = names;
    match foreign {
        ForeignSecret::OwnPair => format!(
            "the Secret {secret} has the annotation imageswap-byoc, so its key pair is yours and the webhook does not \
             renew it; mount it and set --tls=directory, or remove the annotation: kubectl annotate secret {secret} \
             -n {namespace} imageswap-byoc-"
        ),
        ForeignSecret::Type(kind) => format!(
            "the Secret {secret} is of type {kind}, so it belongs to other software, and the webhook does not write to \
             it; mount it and set --tls=directory, or delete it and apply the manifests again"
        ),
    }
}

fn clock_problem(ahead: i64) -> Option<String> {
    let seconds = ahead.unsigned_abs();
    let (side, time) = (if ahead < 0 { "ahead of" } else { "behind" }, Seconds(seconds));
    (seconds > MAX_AHEAD).then(|| {
        format!(
            "the clock of this node is {time} {side} that of the API server, by which certificates are issued and \
             renewed; set it right, for example by NTP"
        )
    })
}

/// A duration in the unit that people read best. The value is coarse, so that the same text stays the same.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            seconds @ ..7_200 => write!(f, "{} min", seconds / 60),
            seconds @ ..172_800 => write!(f, "{} h", seconds / 3_600),
            seconds => write!(f, "{} d", seconds / 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::kubernetes::trust::GivenTrust;

    fn seen(knowledge: Knowledge) -> SeenTrust {
        SeenTrust::new(&GivenTrust::default(), knowledge, Instant::now())
    }

    #[test]
    fn readiness_needs_an_accepted_pair_once() {
        let mut progress = ReadyProgress::default();
        let complete = seen(Knowledge::Complete);
        let mut readiness = |is_accepted, seen: &SeenTrust| {
            progress
                .condition(is_accepted, Some(seen), None)
                .map(|(readiness, _)| readiness)
        };
        assert_eq!(readiness(None, &complete), Some(Readiness::NotReady));
        assert_eq!(
            readiness(Some(true), &seen(Knowledge::Awaited)),
            Some(Readiness::NotReady)
        );
        assert_eq!(readiness(Some(false), &complete), Some(Readiness::NotReady));
        assert_eq!(readiness(Some(true), &complete), None);
        // A third party that empties caBundle must not take all replicas out of the Service.
        assert_eq!(readiness(Some(false), &complete), Some(Readiness::Ready));
        assert_eq!(readiness(Some(true), &complete), None);
    }

    #[test]
    fn unknown_trust_does_not_keep_the_webhook_from_readiness() {
        for seen in [None, Some(&seen(Knowledge::Incomplete))] {
            let mut progress = ReadyProgress::default();
            let condition = progress.condition(Some(true), seen, Some("a right is missing".to_owned()));
            assert_eq!(
                condition,
                Some((Readiness::Ready, "a right is missing".to_owned()))
            );
        }
    }

    #[test]
    fn clocks_that_differ_by_more_than_five_minutes_are_a_condition() {
        assert_eq!([clock_problem(300), clock_problem(-300)], [None, None]);
        let text = |ahead| clock_problem(ahead).unwrap();
        assert!(text(301).starts_with("the clock of this node is 5 min behind that of"));
        assert!(text(-7_200).starts_with("the clock of this node is 2 h ahead of that of"));
        assert!(text(i64::MIN).contains(" d ahead of "));
    }
}

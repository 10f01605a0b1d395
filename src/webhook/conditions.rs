//! Conditions of the webhook in its cluster: what `/readyz` says about the duties that need the API server.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A duty of the webhook in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Duty {
    /// To have a key pair that API servers trust.
    Certificate,
    /// To have the CA certificates for `caBundle`.
    CaBundle,
    /// To have the time of the API server.
    Clock,
    /// To keep the MutatingWebhookConfiguration.
    Mutating,
    /// To keep the ValidatingWebhookConfiguration.
    Validating,
    /// To keep the last good set.
    LastGood,
}

/// The effect of a condition on readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// The webhook answers reviews, so it is ready.
    Ready,
    /// No API server would get an answer.
    NotReady,
}

/// A condition that lasts until it is cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) duty: Duty,
    pub(crate) readiness: Readiness,
    /// One line: the problem, and what to do.
    pub(crate) text: String,
}

/// The conditions that last, at most one for each duty.
#[derive(Debug, Default)]
pub(crate) struct Conditions(Mutex<BTreeMap<Duty, Known>>);

#[derive(Debug)]
struct Known {
    condition: Condition,
    /// True if the log has it.
    is_logged: bool,
}

impl Duty {
    /// Returns the name in logs and in `/readyz`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::CaBundle => "caBundle",
            Self::Clock => "clock",
            Self::Mutating => "mutating webhook configuration",
            Self::Validating => "validating webhook configuration",
            Self::LastGood => "last good set",
        }
    }
}

impl Conditions {
    /// Sets the condition of a duty, and logs it unless the log has it already.
    pub(crate) fn report(&self, duty: Duty, readiness: Readiness, text: String) {
        if self.insert(duty, readiness, text.clone(), true) {
            let what = duty.as_str();
            match readiness {
                Readiness::Ready => tracing::warn!(what, problem = text, "duty not done"),
                Readiness::NotReady => tracing::warn!(what, problem = text, "not ready"),
            }
        }
    }

    /// Sets the condition of a duty, and logs nothing.
    pub(crate) fn set(&self, duty: Duty, readiness: Readiness, text: String) {
        self.insert(duty, readiness, text, false);
    }

    /// Sets a condition. Returns true if it is logged now, and was not.
    fn insert(&self, duty: Duty, readiness: Readiness, text: String, is_logged: bool) -> bool {
        let condition = Condition {
            duty,
            readiness,
            text,
        };
        let mut conditions = self.lock();
        let was_logged = conditions
            .get(&duty)
            .is_some_and(|known| known.condition == condition && known.is_logged);
        let is_logged = is_logged || was_logged;
        conditions.insert(duty, Known { condition, is_logged });
        is_logged && !was_logged
    }

    /// Sets the condition that lasts until the first key pair.
    pub(crate) fn await_first_pair(&self) {
        let waiting = "waiting for the first key pair".to_owned();
        self.set(Duty::Certificate, Readiness::NotReady, waiting);
    }

    /// Ends the condition of a duty, and logs that if the log has the condition.
    pub(crate) fn end(&self, duty: Duty) {
        let ended = self.lock().remove(&duty);
        if ended.is_some_and(|known| known.is_logged) {
            tracing::info!(what = duty.as_str(), "condition ended");
        }
    }

    /// Returns all conditions.
    pub(crate) fn all(&self) -> Vec<Condition> {
        self.lock()
            .values()
            .map(|known| known.condition.clone())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Duty, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_lasts_until_it_ends() {
        let conditions = Conditions::default();
        conditions.report(Duty::Mutating, Readiness::Ready, "a".to_owned());
        conditions.set(Duty::Mutating, Readiness::Ready, "b".to_owned());
        let [condition] = &conditions.all()[..] else {
            panic!("{conditions:?}");
        };
        assert_eq!((condition.duty, condition.text.as_str()), (Duty::Mutating, "b"));
        conditions.end(Duty::Certificate);
        assert_eq!(conditions.all().len(), 1);
        conditions.end(Duty::Mutating);
        assert_eq!(conditions.all(), []);
    }

    #[test]
    fn condition_is_logged_once_after_it_was_set_without_the_log() {
        let conditions = Conditions::default();
        let insert = |text: &str, is_logged| {
            conditions.insert(Duty::Clock, Readiness::Ready, text.to_owned(), is_logged)
        };
        assert!(!insert("a", false));
        assert!(insert("a", true));
        assert!(!insert("a", true));
        assert!(!insert("a", false));
        assert!(!insert("a", true));
        assert!(insert("b", true));
    }
}

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
pub(crate) struct Conditions(Mutex<BTreeMap<Duty, Condition>>);

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
    /// Sets the condition of a duty. Returns true if it differs from the one before.
    pub(crate) fn set(&self, duty: Duty, readiness: Readiness, text: String) -> bool {
        let new = Condition {
            duty,
            readiness,
            text,
        };
        let mut conditions = self.lock();
        let differs = conditions.get(&duty) != Some(&new);
        conditions.insert(duty, new);
        differs
    }

    /// Sets the condition that lasts until the first key pair.
    pub(crate) fn await_first_pair(&self) {
        let waiting = "waiting for the first key pair".to_owned();
        self.set(Duty::Certificate, Readiness::NotReady, waiting);
    }

    /// Ends the condition of a duty. Returns true if there was one.
    pub(crate) fn clear(&self, duty: Duty) -> bool {
        self.lock().remove(&duty).is_some()
    }

    /// Returns all conditions.
    pub(crate) fn all(&self) -> Vec<Condition> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Duty, Condition>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_lasts_until_it_is_cleared() {
        let conditions = Conditions::default();
        let set = |text: &str| conditions.set(Duty::Mutating, Readiness::Ready, text.to_owned());
        assert_eq!([set("a"), set("a"), set("b")], [true, false, true]);
        let [condition] = &conditions.all()[..] else {
            panic!("{conditions:?}");
        };
        assert_eq!((condition.duty, condition.text.as_str()), (Duty::Mutating, "b"));
        assert!(!conditions.clear(Duty::Certificate));
        assert!(conditions.clear(Duty::Mutating));
        assert_eq!(conditions.all(), []);
    }
}

//! The candidate set, and its reloads.

use std::sync::{Arc, OnceLock};

use super::differences::Differences;
use crate::config::{Digest, Limits, RulesText};
use crate::webhook::os;
use crate::webhook::reload::{LoadError, LoadedRules, PreviousRules, SetTarget, SharedRules};

/// The candidate set. There is none until one has loaded.
#[derive(Debug)]
pub(super) struct CandidateSet {
    active: Arc<SharedRules>,
    candidate: OnceLock<SharedRules>,
    pub(super) differences: Differences,
}

impl CandidateSet {
    pub(super) fn new(active: Arc<SharedRules>) -> Self {
        Self {
            active,
            candidate: OnceLock::new(),
            differences: Differences::default(),
        }
    }

    /// Returns true once a candidate has loaded.
    pub(super) fn is_loaded(&self) -> bool {
        self.candidate.get().is_some()
    }

    /// Returns the candidate, if one has loaded.
    pub(super) fn current(&self) -> Option<arc_swap::Guard<Arc<LoadedRules>>> {
        self.candidate.get().map(SharedRules::current)
    }
}

impl SetTarget for CandidateSet {
    fn limits(&self) -> Limits {
        self.active.limits()
    }

    fn digest(&self) -> Option<Digest> {
        self.current().map(|current| current.digest)
    }

    fn replace(&self, text: RulesText) -> Result<Option<PreviousRules>, LoadError> {
        if let Some(candidate) = self.candidate.get() {
            let previous = candidate.replace(text)?;
            let current = candidate.current();
            os::with_low_priority(|| self.differences.forget_rules_without(&current));
            return Ok(Some(previous));
        }
        let first = self.active.candidate(text)?;
        // Reloads run one after another, so no other one has set it.
        let _ = self.candidate.set(first);
        Ok(None)
    }
}

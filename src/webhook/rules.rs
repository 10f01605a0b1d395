//! The rules in force.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, Guard};
use imageswap_engine::rules::RuleSet;

use super::logging;
use crate::config::{Loaded, ReadError, RulesSource, RulesText};

/// A set of rules as it was put in force.
#[derive(Debug)]
pub(super) struct LoadedRules {
    pub(super) rules: RuleSet,
    /// Names the set: the same text has the same digest, in every replica.
    pub(super) digest: String,
    pub(super) loaded_at: SystemTime,
    /// The SHA-256 of the text.
    pub(super) text_digest: [u8; 32],
}

/// The set in force, replaced atomically: a request is answered by one set.
#[derive(Debug)]
pub(super) struct SharedRules(ArcSwap<LoadedRules>);

impl SharedRules {
    /// Reads and compiles the first set.
    pub(super) fn load(source: &RulesSource) -> Result<Self, ReadError> {
        Ok(Self(ArcSwap::from_pointee(compile(source.read()?))))
    }

    /// The set in force, for one request.
    pub(super) fn current(&self) -> Guard<Arc<LoadedRules>> {
        self.0.load()
    }

    pub(super) fn digest(&self) -> String {
        self.current().digest.clone()
    }

    /// Compiles a text and puts it in force. Blocks.
    pub(super) fn replace(&self, text: RulesText) -> OldRules {
        OldRules(self.0.swap(Arc::new(compile(text))))
    }
}

fn compile(text: RulesText) -> LoadedRules {
    let text_digest = text.digest();
    let Loaded {
        rules,
        digest,
        findings,
        sources,
    } = text.compile();
    logging::findings(&findings, &sources);
    LoadedRules {
        rules,
        digest,
        loaded_at: SystemTime::now(),
        text_digest,
    }
}

/// A set that was in force.
#[must_use]
pub(super) struct OldRules(Arc<LoadedRules>);

impl OldRules {
    /// Waits until no request uses the set any more, so that none of them has to take it apart: a large one
    /// takes milliseconds.
    pub(super) fn retire(self) {
        let Self(mut old) = self;
        for _ in 0..1000 {
            match Arc::try_unwrap(old) {
                Ok(unused) => return drop(unused),
                Err(used) => old = used,
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

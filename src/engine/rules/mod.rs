//! What is done with an image: a set of rules, and what it decides.

mod context;
mod decision;

pub use context::{Context, Operation, Owner, Place};
pub use decision::{Decision, Effect, Invalid, RuleId};

use crate::legacy::LegacyConfig;
use crate::reference::Reference;

/// A compiled set of rules, with an old configuration as its last resort.
#[derive(Debug, Default)]
pub struct RuleSet {
    legacy: Option<LegacyConfig>,
}

/// What a map or a prefix is called where rules are named.
const LEGACY_RULE: &str = "map";

/// What Istio's injector fills in itself.
pub(crate) const AUTO: &str = "auto";

impl RuleSet {
    /// Decides one image, as the manifest spells it.
    ///
    /// Allocates nothing unless the image changes.
    #[must_use]
    pub fn decide(&self, image: &str, _context: &Context<'_>) -> Decision<'_> {
        if image == AUTO {
            return Decision::keep();
        }
        let reference = match Reference::parse(image) {
            Ok(reference) => reference,
            Err(error) => return Decision::invalid(error),
        };
        if reference.domain.is_none() {
            // It has no registry that a rule could speak of; a runtime refuses it.
            return Decision::invalid(crate::reference::ReferenceError::Name);
        }
        match self
            .legacy
            .as_ref()
            .and_then(|legacy| legacy.decide(image, &reference))
        {
            Some(result) => Decision::swap(result, RuleId::LEGACY),
            None => Decision::keep(),
        }
    }

    /// The name of a rule in metrics, logs and audit annotations.
    #[must_use]
    pub fn rule_name(&self, rule: RuleId) -> &str {
        match rule {
            RuleId::LEGACY => LEGACY_RULE,
            _ => "",
        }
    }
}

impl From<LegacyConfig> for RuleSet {
    fn from(legacy: LegacyConfig) -> Self {
        Self { legacy: Some(legacy) }
    }
}

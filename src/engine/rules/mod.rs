//! What is done with an image: a set of rules, and what it decides.

mod context;
mod decision;

pub use context::{Context, Operation, Owner, Place};
pub use decision::{Decision, Effect, Invalid, RuleId};

use crate::legacy::LegacyConfig;
use crate::reference::{Reference, ReferenceError};

/// A compiled set of rules, with an old configuration as its last resort.
#[derive(Debug, Default)]
pub struct RuleSet {
    legacy: Option<LegacyConfig>,
}

/// What a map or a prefix is called where rules are named.
pub const LEGACY_RULE: &str = "map";

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
            return Decision::invalid(ReferenceError::Name);
        }
        let Some(legacy) = &self.legacy else {
            return Decision::keep();
        };
        match legacy.decide(image, &reference) {
            Some(result) if result == image => Decision::keep(),
            // A prefix is put before whatever there is, as in v1.5.3: it never made more sense than that.
            Some(result) if matches!(legacy, LegacyConfig::Prefix(_)) || is_image(&result) => {
                Decision::swap(result, RuleId::LEGACY)
            }
            Some(result) => Decision::invalid_result(result, RuleId::LEGACY),
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

/// Whether a runtime can pull it.
fn is_image(text: &str) -> bool {
    Reference::parse(text).is_ok_and(|reference| reference.domain.is_some())
}

impl From<LegacyConfig> for RuleSet {
    fn from(legacy: LegacyConfig) -> Self {
        Self { legacy: Some(legacy) }
    }
}

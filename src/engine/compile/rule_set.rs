//! A verified set.

use std::ops::Deref;

use super::preview::Preview;
use crate::context::Context;
use crate::legacy::LegacyConfig;
use crate::rules::evaluate::Selection;
use crate::rules::{Compiled, Decision, DoesNotSettle, Explanation, Interrupt, Interrupted, Invalid, Scope};

/// A set that passed the termination check and its own tests: every evaluation settles.
///
/// Only [`Draft::verify`](super::Draft::verify) makes one, and the conversion from an old configuration without rules, which
/// has one round. It dereferences to the names, positions and texts of its rules.
#[derive(Debug)]
pub struct RuleSet {
    compiled: Compiled,
}

impl RuleSet {
    pub(super) fn new(verified: Compiled) -> Self {
        Self { compiled: verified }
    }

    /// Evaluates an image.
    ///
    /// Allocates nothing unless the image changes, a `warn` rule matches or a pull secret is added.
    #[must_use]
    pub fn evaluate(&self, image: &str, context: &Context<'_>) -> Decision<'_> {
        self.compiled
            .evaluate(image, context, Selection::default(), &mut ())
            .unwrap_or_else(unsettled)
    }

    /// Evaluates an image until it is interrupted.
    ///
    /// # Errors
    ///
    /// Returns an error if it was interrupted.
    pub fn evaluate_until(
        &self,
        image: &str,
        context: &Context<'_>,
        mut interrupt: Option<&Interrupt<'_>>,
    ) -> Result<Decision<'_>, Interrupted> {
        let decision = self
            .compiled
            .evaluate(image, context, Selection::default(), &mut interrupt);
        // One step more, so that images that no rule is examined for count too.
        interrupt.map_or(Ok(()), |interrupt| interrupt.step(image))?;
        Ok(decision.unwrap_or_else(unsettled))
    }

    /// Evaluates an image and records each step.
    #[must_use]
    pub fn explain(&self, image: &str, context: &Context<'_>, scope: Scope<'_>) -> Explanation<'_> {
        self.compiled.explain(image, context, scope)
    }

    /// Evaluates an image and records each step, until it is interrupted.
    ///
    /// # Errors
    ///
    /// Returns an error if it was interrupted.
    pub fn explain_until(
        &self,
        image: &str,
        context: &Context<'_>,
        scope: Scope<'_>,
        interrupt: &Interrupt<'_>,
    ) -> Result<Explanation<'_>, Interrupted> {
        self.compiled.explain_until(image, context, scope, interrupt)
    }

    /// Returns the set as a preview, for code that accepts both.
    #[must_use]
    pub fn preview(&self) -> Preview<'_> {
        Preview::new(&self.compiled)
    }
}

/// Returns the decision on an image whose evaluation does not settle. A verified set has none. If the termination
/// check had a fault, the webhook would keep the image and warn the caller.
fn unsettled<'r>(endless: DoesNotSettle) -> Decision<'r> {
    Decision::invalid(Invalid::Result(endless.image))
}

impl From<LegacyConfig> for RuleSet {
    fn from(legacy: LegacyConfig) -> Self {
        Self::new(Compiled {
            legacy: Some(legacy),
            ..Compiled::default()
        })
    }
}

impl Deref for RuleSet {
    type Target = Compiled;

    fn deref(&self) -> &Compiled {
        &self.compiled
    }
}

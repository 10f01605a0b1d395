//! The plan for a map, while it is built.

use std::collections::BTreeSet;

use super::answer::Answer;
use super::facts::Plan;
use super::parts::Parts;
use crate::location::LocationError;
use crate::map::OldMap;

/// Builds the plan for a map.
pub(super) struct Builder<'m> {
    pub(super) map: &'m OldMap,
    pub(super) parts: Parts,
    /// Registries of the given images, in their original form.
    pub(super) given: &'m BTreeSet<String>,
    pub(super) plan: Plan,
}

impl Builder<'_> {
    pub(super) fn value(&self, line: usize) -> &str {
        self.map.lines.get(line).map_or("", |line| line.value.as_str())
    }

    /// Returns the effect of a line on the images of a registry. They are kept if the value does not produce a valid
    /// image, or if no rule can name its registry.
    pub(super) fn answer(&mut self, line: usize, host: &str) -> Answer {
        match Answer::parse(self.value(line), host) {
            Ok(answer) => answer,
            Err(why) => {
                self.invalid_value(line, why);
                Answer::Keep
            }
        }
    }

    pub(super) fn invalid_value(&mut self, line: usize, why: LocationError) {
        self.plan.idle.entry(line).or_insert(why.into());
    }

    /// Returns true if a line has exactly this registry as its key.
    pub(super) fn has_key(&self, registry: &str) -> bool {
        self.parts.names.contains(registry)
    }
}

//! The rules for a map while they are written.

use std::collections::BTreeSet;

use super::answer::Answer;
use super::facts::Plan;
use super::parts::Parts;
use crate::location::LocationError;
use crate::map::OldMap;

/// The rules while they are written.
pub(super) struct Builder<'m> {
    pub(super) map: &'m OldMap,
    pub(super) parts: Parts,
    /// Registries of images that are given, as they are spelled.
    pub(super) given: &'m BTreeSet<String>,
    pub(super) plan: Plan,
}

impl Builder<'_> {
    pub(super) fn value(&self, line: usize) -> &str {
        self.map.lines.get(line).map_or("", |line| line.value.as_str())
    }

    /// What a line makes of the images of a registry; they stay where no image comes of it, or none that a rule can
    /// name.
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

    /// Whether a line is for just this registry.
    pub(super) fn has_key(&self, registry: &str) -> bool {
        self.parts.names.contains(registry)
    }
}

//! The plan for an old configuration: its rules, and facts about them.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::Idle;
use crate::location::Location;
use crate::rule::Rule;

/// The rules for an old configuration, and facts about them.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) rules: Vec<Rule>,
    /// Prefixes of the `home` line.
    pub(crate) home: Vec<Location>,
    /// Lines without a rule, with the reason.
    pub(crate) idle: BTreeMap<usize, Idle>,
    pub(crate) facts: Facts,
}

/// Facts from which the reasons of differences are found.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Locations that images are swapped to, sorted.
    pub(crate) targets: Vec<Location>,
    /// Prefixes of values that end in `-`: `h.io/mirror-`.
    pub(crate) hyphen_prefixes: Vec<String>,
    /// Whole images that lines swap to.
    pub(crate) images: Vec<String>,
    /// Registries that have rules, if `default` becomes a part of the registry. `None` if it does not.
    pub(crate) on_registry: Option<BTreeSet<String>>,
    /// Hosts whose port is passed to the target.
    pub(crate) handed_on: BTreeSet<String>,
}

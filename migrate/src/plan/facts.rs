//! A plan: the rules for an old configuration, and what explains them.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::Idle;
use crate::location::Location;
use crate::rule::Rule;

/// The rules for an old configuration, and what explains them.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) rules: Vec<Rule>,
    /// Where images come to rest.
    pub(crate) home: Vec<Location>,
    /// Lines that no rule comes of, with the reason.
    pub(crate) idle: BTreeMap<usize, Idle>,
    pub(crate) facts: Facts,
}

/// What the reasons of differences are found by.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Places that images are swapped to, in order.
    pub(crate) targets: Vec<Location>,
    /// What a value ending in `-` leads to: `h.io/mirror-`.
    pub(crate) hyphen_prefixes: Vec<String>,
    /// Whole images that lines lead to.
    pub(crate) images: Vec<String>,
    /// Whether the rest is sent to registries that a rule can't make, and those that it is written for.
    pub(crate) on_registry: Option<BTreeSet<String>>,
    /// The hosts whose port is handed on.
    pub(crate) handed_on: BTreeSet<String>,
}

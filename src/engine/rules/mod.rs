//! What is done with an image: a set of rules, and what it decides.

pub(crate) mod condition;
mod decision;
pub(crate) mod evaluate;
mod explain;
pub(crate) mod home;
pub(crate) mod image;
pub(crate) mod index;
pub(crate) mod pattern;
pub(crate) mod rule;
pub(crate) mod shape;
pub(crate) mod target;
pub(crate) mod template;
pub(crate) mod text;

pub use decision::{Decision, Effect, Invalid, Matched, RuleId};
pub use explain::{Explanation, Round, RuleInfo, Scope, Step};
pub use rule::Mismatch;

use std::borrow::Cow;

use crate::legacy::LegacyConfig;

use self::condition::Condition;
use self::home::Home;
use self::index::RuleIndex;
use self::rule::Rule;

/// A compiled set of rules, with an old configuration as its last resort.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(crate) rules: Box<[Rule]>,
    /// The files that the rules stand in.
    pub(crate) files: Box<[File]>,
    /// Where images come to rest.
    pub(crate) home: Home,
    /// Rules by their patterns.
    pub(crate) index: RuleIndex,
    /// Swaps by the shape of their targets; empty where there is no map to protect them from.
    pub(crate) shapes: RuleIndex,
    pub(crate) legacy: Option<LegacyConfig>,
}

/// What is common to the rules of one file.
#[derive(Debug)]
pub(crate) struct File {
    /// What rules without a name are called by: `LABEL:LINE`.
    pub(crate) label: Box<str>,
    /// The condition of all its rules.
    pub(crate) when: Box<[Condition]>,
}

/// What a map or a prefix is called where rules are named.
pub const LEGACY_RULE: &str = "map";

/// What Istio's injector fills in itself.
pub(crate) const AUTO: &str = "auto";

impl RuleSet {
    /// The name of a rule in metrics, logs and audit annotations: its own, else `FILE:LINE`.
    #[must_use]
    pub fn rule_name(&self, rule: RuleId) -> Cow<'_, str> {
        match rule {
            RuleId::LEGACY => LEGACY_RULE.into(),
            _ => self.rule(rule).map_or("".into(), |rule| self.name_of(rule)),
        }
    }

    pub(crate) fn name_of<'r>(&'r self, rule: &'r Rule) -> Cow<'r, str> {
        match &rule.name {
            Some(name) => Cow::Borrowed(name),
            None => {
                let file = self
                    .files
                    .get(usize::from(rule.file))
                    .map_or("", |file| &file.label);
                format!("{file}:{}", rule.line).into()
            }
        }
    }

    /// What a rule tells people: its `because`.
    #[must_use]
    pub fn because(&self, rule: RuleId) -> Option<&str> {
        self.rule(rule)?.because.as_deref()
    }

    /// The prefixes that images come to rest below.
    pub fn home(&self) -> impl Iterator<Item = &str> {
        self.home.iter().map(|prefix| &**prefix)
    }

    /// How many rules there are, without the lines of a map.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule, nor a map.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.legacy.is_none()
    }

    /// A rule's place in this set, from 0; none for a map.
    #[must_use]
    pub fn position(&self, rule: RuleId) -> Option<usize> {
        (rule != RuleId::LEGACY).then_some(rule.0 as usize)
    }

    /// The rule of a name, or of `FILE:LINE` where it has none.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<RuleId> {
        if name == LEGACY_RULE && self.legacy.is_some() {
            return Some(RuleId::LEGACY);
        }
        self.rules().find(|rule| rule.name == name).map(|rule| rule.id)
    }

    pub(crate) fn rule(&self, rule: RuleId) -> Option<&Rule> {
        self.rules.get(rule.0 as usize)
    }
}

impl From<LegacyConfig> for RuleSet {
    fn from(legacy: LegacyConfig) -> Self {
        Self {
            legacy: Some(legacy),
            ..Self::default()
        }
    }
}

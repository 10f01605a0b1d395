//! The data of a set: its rules, and an old configuration as the fallback.

use std::borrow::Cow;

use super::home::Home;
use super::id::RuleId;
use super::index::RuleIndex;
use super::rule::{FileScope, Rule};
use crate::diagnostic::Span;
use crate::legacy::LegacyConfig;
use crate::syntax::ast::Action;

/// Name of the old configuration in lists of rules.
pub const LEGACY_RULE: &str = "map";

/// Compiled rules with the names, positions and texts of each.
///
/// Nothing here is verified. Only [`RuleSet`](crate::compile::RuleSet) and [`Preview`](crate::compile::Preview)
/// evaluate images, and only the former guarantees that every evaluation settles.
#[derive(Debug, Default)]
pub struct Compiled {
    pub(crate) rules: Box<[Rule]>,
    /// Files of the rules, by their ids.
    pub(crate) files: Box<[FileScope]>,
    /// Prefixes that wildcard registries never match.
    pub(crate) home: Home,
    /// Rules, by their patterns.
    pub(crate) index: RuleIndex,
    /// Swaps, by the own images of their targets; empty unless a map must not swap these images.
    pub(crate) shapes: RuleIndex,
    pub(crate) legacy: Option<LegacyConfig>,
}

/// A rule in a list.
#[derive(Clone, Debug)]
pub struct RuleInfo<'r> {
    /// Identity in the set.
    pub id: RuleId,
    /// Own name, else `FILE:LINE`.
    pub name: Cow<'r, str>,
    /// `true` if the name is the rule's own.
    pub is_named: bool,
    /// Effect on images that match.
    pub action: Action,
    /// `true` if an `off` names the rule.
    pub is_off: bool,
    /// Position of the rule's first word.
    pub span: Span,
}

impl Compiled {
    /// Returns the name of a rule: its own, else `FILE:LINE`.
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
            None => self.line_of(rule).into(),
        }
    }

    /// Returns `FILE:LINE` of a rule, whether it has a name or not; `None` for a map.
    #[must_use]
    pub fn rule_line(&self, rule: RuleId) -> Option<String> {
        Some(self.line_of(self.rule(rule)?))
    }

    fn line_of(&self, rule: &Rule) -> String {
        let file = self.files.get(rule.file.index()).map_or("", |file| &file.label);
        format!("{file}:{}", rule.line)
    }

    /// Returns the `because` of a rule.
    #[must_use]
    pub fn because(&self, rule: RuleId) -> Option<&str> {
        self.rule(rule)?.because.as_deref()
    }

    /// Returns the `home` prefixes, each with its `/`.
    pub fn home(&self) -> impl Iterator<Item = &str> {
        self.home.iter().map(|prefix| &**prefix)
    }

    /// Returns the number of rules, with those that are off and without the lines of a map.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Returns true if there is neither a rule nor a map.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.legacy.is_none()
    }

    /// Returns the index of a rule in the set, from 0; `None` for a map.
    #[must_use]
    pub fn position(&self, rule: RuleId) -> Option<usize> {
        rule.place()
    }

    /// Returns the rule of a name, or of `FILE:LINE` if it has none.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<RuleId> {
        if name == LEGACY_RULE && self.legacy.is_some() {
            return Some(RuleId::LEGACY);
        }
        self.rules().find(|rule| rule.name == name).map(|rule| rule.id)
    }

    /// Returns the number of rules that are off.
    #[must_use]
    pub fn off_count(&self) -> usize {
        self.rules.iter().filter(|rule| rule.is_off).count()
    }

    /// Returns the number of lines of an old configuration that an image can match. A prefix counts as one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.legacy.as_ref().map_or(0, LegacyConfig::line_count)
    }

    /// Returns the rules in their order.
    pub fn rules(&self) -> impl Iterator<Item = RuleInfo<'_>> {
        self.rules
            .iter()
            .enumerate()
            .filter_map(|(place, rule)| Some(self.info_of(RuleId::new(place)?, rule)))
    }

    /// Returns the rules that begin in a place of a text.
    pub fn rules_within(&self, place: Span) -> impl Iterator<Item = RuleInfo<'_>> {
        let is_within = move |rule: &Rule| {
            rule.span.source == place.source && (place.start..place.end).contains(&rule.span.start)
        };
        let rules = self.rules.iter().enumerate();
        rules
            .filter(move |(_, rule)| is_within(rule))
            .filter_map(|(place, rule)| Some(self.info_of(RuleId::new(place)?, rule)))
    }

    /// Returns the rule of an id; `None` for a map.
    #[must_use]
    pub fn info(&self, rule: RuleId) -> Option<RuleInfo<'_>> {
        Some(self.info_of(rule, self.rule(rule)?))
    }

    fn info_of<'r>(&'r self, id: RuleId, rule: &'r Rule) -> RuleInfo<'r> {
        RuleInfo {
            id,
            name: self.name_of(rule),
            is_named: rule.name.is_some(),
            action: rule.action,
            is_off: rule.is_off,
            span: rule.span,
        }
    }

    pub(crate) fn rule(&self, rule: RuleId) -> Option<&Rule> {
        self.rules.get(rule.place()?)
    }
}

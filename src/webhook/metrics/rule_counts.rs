//! The number of images that each rule decided.
//!
//! The label of a series is the rule's name, else its file and text, but never its line or layout. So a count survives
//! a reload, and ends with its rule. A rule gets a series when it first decides an image.

use std::sync::{Arc, OnceLock};

use imageswap_engine::admission::ImageEffect;
use imageswap_engine::compile::RuleSet;
use imageswap_engine::diagnostic::{SourceMap, Span};
use imageswap_engine::rules::{LEGACY_RULE, RuleId};
use imageswap_engine::syntax::format::one_line;
use opentelemetry::metrics::AsyncInstrument;

use super::counters::ImagesDecided;
use super::rule_series::{MAX_ALL_SERIES, RuleSeries};

/// Maximum number of time series: each with every effect.
pub(crate) const MAX_TIME_SERIES: usize = MAX_ALL_SERIES * ImagesDecided::EFFECTS;
/// Maximum length of a label, in characters. The text of a rule can have 4,096 bytes, and each scrape has every label.
const MAX_LABEL: usize = 160;

/// The counts of one set. The sets of a process share the series.
#[derive(Debug, Default)]
pub(crate) struct RuleCounts {
    series: Arc<RuleSeries<ImagesDecided>>,
    /// The series of each rule of the set, once it has decided an image.
    rules: Box<[OnceLock<Arc<ImagesDecided>>]>,
    /// The label of each rule of the set, once it was needed. Most rules of a large set never decide an image.
    labels: Box<[OnceLock<Box<str>>]>,
    /// The span of each rule of the set, for the label of rules without a name.
    spans: Box<[Span]>,
    sources: Arc<SourceMap>,
}

impl RuleCounts {
    /// Returns empty counts for the next set, which share the series.
    pub(crate) fn for_next_set(&self) -> Self {
        Self {
            series: Arc::clone(&self.series),
            ..Self::default()
        }
    }

    /// Sets the rules that are counted.
    pub(crate) fn set_rules(&mut self, set: &RuleSet, sources: Arc<SourceMap>) {
        self.rules = set.rules().map(|_| OnceLock::new()).collect();
        self.labels = set.rules().map(|_| OnceLock::new()).collect();
        self.spans = set.rules().map(|rule| rule.span).collect();
        self.sources = sources;
    }

    /// Returns the texts of the rules, which findings about them point into.
    pub(crate) fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// Removes the series of rules that the set does not have. Takes as long as reading the rules.
    ///
    /// Called once no request begins with the previous set. One that has begun may still count a removed rule, which then
    /// has a series until the next call.
    pub(crate) fn forget_removed(&self, set: &RuleSet) {
        self.series.forget_removed(self.labels(set));
    }

    /// Returns the labels of all rules. They are not kept: most rules of a large set never need theirs.
    pub(crate) fn labels(&self, set: &RuleSet) -> impl Iterator<Item = String> {
        set.rules().map(|rule| self.make_label(set, rule.id))
    }

    /// Counts an image, unless it was skipped.
    pub(crate) fn count(&self, set: &RuleSet, rule: Option<RuleId>, effect: &ImageEffect) {
        let Some(rule) = rule else {
            return self.series.of_none().count(effect);
        };
        match set.position(rule).and_then(|position| self.rules.get(position)) {
            Some(counts) => counts
                .get_or_init(|| self.series.of_rule(self.label(set, rule)))
                .count(effect),
            None => self.series.of_map().count(effect),
        }
    }

    /// Returns the name of a rule in the metric and in the log: its own name, else its file and its text on one line.
    pub(crate) fn label<'c>(&'c self, set: &RuleSet, rule: RuleId) -> &'c str {
        let label = set.position(rule).and_then(|position| self.labels.get(position));
        label.map_or(LEGACY_RULE, |label| {
            label.get_or_init(|| self.make_label(set, rule).into())
        })
    }

    /// Returns the number of images that the map has decided, by effect.
    pub(crate) fn decided_by_map(&self) -> Vec<(&'static str, u64)> {
        self.series.of_map().by_effect().collect()
    }

    /// Returns the number of images that a rule has decided, by effect. `None` if it has no series of its own, so that
    /// its images are among those of the other rules.
    pub(crate) fn decided(&self, set: &RuleSet, rule: RuleId) -> Option<Vec<(&'static str, u64)>> {
        // A rule that the previous set had too keeps its series before it decides an image again.
        let position = set.position(rule);
        let counts = position.and_then(|position| self.rules.get(position)?.get().map(Arc::clone));
        match counts.or_else(|| self.series.known(&self.make_label(set, rule))) {
            Some(counts) if self.series.is_shared(&counts) => None,
            Some(counts) => Some(counts.by_effect().collect()),
            None => Some(Vec::new()),
        }
    }

    fn make_label(&self, set: &RuleSet, rule: RuleId) -> String {
        let name = set.rule_name(rule);
        let is_named = set.info(rule).is_some_and(|rule| rule.is_named);
        let span = set.position(rule).and_then(|position| self.spans.get(position));
        let mut label = match span {
            Some(span) if !is_named => {
                let file = name.rsplit_once(':').map_or(name.as_ref(), |(file, _)| file);
                let text = self.sources.slice(*span);
                // Statements of an active set have no syntax errors, so the other case is only a precaution.
                let text = one_line(text).unwrap_or_else(|| text.to_owned());
                format!("{file} {text}")
            }
            _ => name.into_owned(),
        };
        if let Some((end, _)) = label.char_indices().nth(MAX_LABEL) {
            label.truncate(end);
            label.push_str("...");
        }
        label
    }

    /// Observes every series that has been counted once.
    pub(crate) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        self.series.each(|rule, counts| counts.observe(rule, counter));
    }
}

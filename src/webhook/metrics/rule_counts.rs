//! How many images each rule decided.
//!
//! A count goes by the rule's name, else by its file and text, never by its line or layout, and lives through a reload. A
//! rule has a series once it has decided something; of those there are 2,000 at most, and the rest add up as one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use imageswap_engine::admission::ImageEffect;
use imageswap_engine::compile::RuleSet;
use imageswap_engine::diagnostic::{SourceMap, Span};
use imageswap_engine::rules::{LEGACY_RULE, RuleId};
use imageswap_engine::syntax::format::one_line;
use opentelemetry::metrics::AsyncInstrument;

use super::counters::ImagesDecided;

/// The series of rules at most.
const MAX_SERIES: usize = 2_000;
/// Where the rest are counted.
const OTHER_RULES: &str = "(other)";
/// The time series at most: each of these, the map, no rule and the rest, with every effect.
pub(crate) const MAX_TIME_SERIES: usize = (MAX_SERIES + 3) * ImagesDecided::EFFECTS;
/// The label of images that no rule decided.
const NO_RULE: &str = "(none)";
/// As much of a rule's name or text as a label holds, in characters.
const MAX_LABEL: usize = 160;

/// The counts of one set; sets that follow one another share the series.
#[derive(Debug, Default)]
pub(crate) struct RuleCounts {
    series: Arc<Series>,
    /// Where each rule of the set is counted, once it has decided something.
    rules: Box<[OnceLock<Arc<ImagesDecided>>]>,
    /// The label of each rule of the set, once it was needed.
    labels: Box<[OnceLock<Box<str>>]>,
    /// What rules without a name are known by: the texts, and where they stand.
    spans: Box<[Span]>,
    sources: SourceMap,
}

/// All series, by their labels.
#[derive(Debug, Default)]
struct Series {
    by_rule: Mutex<HashMap<String, Arc<ImagesDecided>>>,
    by_map: ImagesDecided,
    by_none: ImagesDecided,
    by_others: Arc<ImagesDecided>,
}

impl RuleCounts {
    /// Counts for a set that follows: the series stay.
    pub(crate) fn for_next_set(&self) -> Self {
        Self {
            series: Arc::clone(&self.series),
            ..Self::default()
        }
    }

    /// Makes room for the rules of a set.
    pub(crate) fn set_rules(&mut self, set: &RuleSet, sources: SourceMap) {
        self.rules = set.rules().map(|_| OnceLock::new()).collect();
        self.labels = set.rules().map(|_| OnceLock::new()).collect();
        self.spans = set.rules().map(|rule| rule.span).collect();
        self.sources = sources;
    }

    /// Counts an image, unless it was left alone.
    pub(crate) fn count(&self, set: &RuleSet, rule: Option<RuleId>, effect: &ImageEffect) {
        let Some(rule) = rule else {
            return self.series.by_none.count(effect);
        };
        match set.position(rule).and_then(|position| self.rules.get(position)) {
            Some(counts) => counts.get_or_init(|| self.series_for(set, rule)).count(effect),
            None => self.series.by_map.count(effect),
        }
    }

    fn series_for(&self, set: &RuleSet, rule: RuleId) -> Arc<ImagesDecided> {
        let label = self.label(set, rule).to_owned();
        let mut by_rule = self.series.by_rule.lock().unwrap_or_else(PoisonError::into_inner);
        if by_rule.len() >= MAX_SERIES && !by_rule.contains_key(&label) {
            return Arc::clone(&self.series.by_others);
        }
        Arc::clone(by_rule.entry(label).or_default())
    }

    /// Returns the name of a rule, else its file and its text on one line: what the metric and the log call it.
    pub(crate) fn label<'c>(&'c self, set: &RuleSet, rule: RuleId) -> &'c str {
        let label = set.position(rule).and_then(|position| self.labels.get(position));
        label.map_or(LEGACY_RULE, |label| {
            label.get_or_init(|| self.make_label(set, rule).into())
        })
    }

    fn make_label(&self, set: &RuleSet, rule: RuleId) -> String {
        let name = set.rule_name(rule);
        let is_named = set.info(rule).is_some_and(|rule| rule.is_named);
        let span = set.position(rule).and_then(|position| self.spans.get(position));
        let mut label = match span {
            Some(span) if !is_named => {
                let file = name.rsplit_once(':').map_or(name.as_ref(), |(file, _)| file);
                let text = self.sources.slice(*span);
                // A statement that is in force has no error.
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

    /// Tells every series that has been counted once.
    pub(crate) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        let series = &self.series;
        for (rule, counts) in &*series.by_rule.lock().unwrap_or_else(PoisonError::into_inner) {
            counts.observe(rule, counter);
        }
        series.by_map.observe(LEGACY_RULE, counter);
        series.by_none.observe(NO_RULE, counter);
        series.by_others.observe(OTHER_RULES, counter);
    }
}

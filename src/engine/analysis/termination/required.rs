//! Rules by a value that their conditions require: rules that require different values exclude one another.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use crate::context::{Subject, ValueKind};
use crate::rules::condition::Condition;
use crate::rules::text::Text;

/// A condition that requires one of a few texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Required<'c> {
    subject: Subject,
    key: Option<&'c str>,
    values: &'c [Text],
}

/// Numbers of rules by one of the conditions that require values.
#[derive(Default)]
pub(super) struct ByRequired<'c> {
    numbers: BTreeMap<(Subject, Option<&'c str>), ByValue<'c>>,
}

type ByValue<'c> = BTreeMap<&'c str, Vec<usize>>;

impl<'c> Required<'c> {
    /// Returns the conditions that require one of a few texts.
    pub(crate) fn of(conditions: impl Iterator<Item = &'c Condition>) -> Vec<Self> {
        conditions
            .filter(|condition| !condition.negated && !condition.values.is_empty())
            // The values of an owner are compared in two ways, so different ones do not exclude one another.
            .filter(|condition| condition.subject.kind() != ValueKind::Owner)
            .filter(|condition| condition.values.iter().all(|value| !value.contains('*')))
            .map(|condition| Self {
                subject: condition.subject,
                key: condition.key.as_deref(),
                values: &condition.values,
            })
            .collect()
    }

    /// Returns for each rule the one of its conditions whose values the fewest rules require.
    pub(super) fn rarest(rules: &[Vec<Self>]) -> Vec<Option<Self>> {
        let mut counts: HashMap<(Subject, Option<&str>, &str), usize, FixedState> = HashMap::default();
        let values = |required: &Self| {
            let Self { subject, key, values } = *required;
            values.iter().map(move |value| (subject, key, &**value))
        };
        for value in rules.iter().flatten().flat_map(values) {
            *counts.entry(value).or_default() += 1;
        }
        let count =
            |required: &&Self| -> usize { values(required).filter_map(|value| counts.get(&value)).sum() };
        rules
            .iter()
            .map(|of_rule| of_rule.iter().min_by_key(count).copied())
            .collect()
    }
}

impl<'c> ByRequired<'c> {
    /// Files a number. It is found once for each of the values.
    pub(super) fn add(&mut self, required: Required<'c>, number: usize) {
        let by_value = self.numbers.entry((required.subject, required.key)).or_default();
        for value in required.values {
            by_value.entry(value).or_default().push(number);
        }
    }

    /// Returns the numbers of rules that conditions do not exclude, among them all of these.
    pub(super) fn alike(&self, conditions: &[Required<'_>]) -> impl Iterator<Item = &Vec<usize>> {
        self.numbers.iter().flat_map(move |((subject, key), by_value)| {
            let same = conditions
                .iter()
                .find(|one| one.subject == *subject && one.key == *key);
            let of_values = same.into_iter().flat_map(|same| same.values);
            let of_values = of_values.filter_map(|value| by_value.get(&**value));
            let all = same.is_none().then(|| by_value.values());
            of_values.chain(all.into_iter().flatten())
        })
    }
}

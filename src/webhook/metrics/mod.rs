//! Metrics: their names, labels and counters.

mod counters;
mod instruments;
mod observed;
mod rule_counts;

pub(crate) use counters::Rejected;
pub(crate) use instruments::Metrics;
pub(crate) use observed::{BodyMemory, RuleTotals};
pub(crate) use rule_counts::{MAX_SERIES, NO_RULE, OTHER_RULES, RuleCounts};

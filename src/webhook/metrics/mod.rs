//! Metrics: their names, labels and counters.

mod counters;
mod instruments;
mod observed;
mod otlp;
mod rule_counts;
mod rule_series;

pub(crate) use counters::Rejected;
pub(crate) use instruments::Metrics;
pub(crate) use observed::{BodyMemory, RuleTotals};
pub(crate) use otlp::Pusher;
pub(crate) use rule_counts::RuleCounts;
#[cfg(test)]
pub(crate) use rule_series::MAX_SERIES;
pub(crate) use rule_series::RuleSeries;

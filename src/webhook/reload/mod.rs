//! Reloads: watched directories, the load of rules and key pair, and the active rules.

mod apply;
mod reading;
mod report;
mod rules;
mod watch;

pub(crate) use apply::{offer_pair, start};
pub(crate) use rules::{HOW_TO_WANT_NO_RULES, LoadError, SharedRules};

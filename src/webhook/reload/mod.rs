//! Reloads: watched directories, the load of rules and key pair, and the active rules.

mod apply;
mod reading;
mod report;
mod rules;
mod target;
mod watch;

pub(crate) use apply::{ReloadedSet, offer_pair, start};
pub(crate) use rules::{HOW_TO_WANT_NO_RULES, LoadError, LoadedRules, PreviousRules, SharedRules};
pub(crate) use target::SetTarget;

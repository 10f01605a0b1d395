//! Reloads: watched directories, the load of rules, key pair and log level, and the active rules.

mod apply;
mod log_level;
mod reading;
mod report;
mod rules;
mod target;
mod watch;

pub(crate) use apply::{ReloadedSet, offer_pair, start};
pub(crate) use log_level::LevelFile;
pub(crate) use rules::{HOW_TO_WANT_NO_RULES, LoadError, LoadedRules, PreviousRules, SharedRules, rendered};
pub(crate) use target::SetTarget;

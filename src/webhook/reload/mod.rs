//! Reload: watching files, loading the rules and the key pair that they hold, and the rules that answer requests.

mod apply;
mod report;
mod rules;
mod watch;

pub(crate) use apply::start;
pub(crate) use rules::{LoadError, SharedRules};

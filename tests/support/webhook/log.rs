//! The log of a webhook.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The JSON objects of a log; what is for people is left out.
pub(super) fn log_lines(log: &Path) -> Vec<Value> {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

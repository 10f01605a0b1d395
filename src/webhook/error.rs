//! The error that ends `imageswap serve`.

use std::fmt;

/// Why the webhook did not start, or ended: one line for people.
#[derive(Debug)]
pub(crate) struct ServeError(pub(super) String);

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ServeError {}

impl From<std::io::Error> for ServeError {
    fn from(error: std::io::Error) -> Self {
        Self(format!("cannot start: {error}"))
    }
}

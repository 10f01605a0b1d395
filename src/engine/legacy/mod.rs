//! The old configurations of imageswap-webhook v1.5.3: map files, and the prefix of the LEGACY mode.
//!
//! The same input gives the same image as there. Where that is wrong (an exception, a string that is no image,
//! an image that is swapped again and again), it gives what was meant.

mod answer;
mod config;
mod findings;
mod map;
mod prefix;
mod targets;
mod text;

pub use answer::Answer;
pub use config::LegacyConfig;
pub use map::Map;
pub(crate) use map::{Entry, EntryKey};
pub use prefix::Prefix;

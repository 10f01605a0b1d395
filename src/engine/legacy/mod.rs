//! The old configurations of imageswap-webhook v1.5.3: map files, and the prefix of the LEGACY mode.
//!
//! The same input gives the same image as v1.5.3. Where v1.5.3 is wrong (an exception, a result that is not an image,
//! an image that is swapped again and again), this gives the intended image.

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
pub use prefix::{Prefix, PrefixError};

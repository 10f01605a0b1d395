//! Migration from imageswap-webhook v1.5.3: turns a map file, or the prefix of LEGACY mode, into a rules file as its
//! user would write it, and compares both configurations over many images.
#![forbid(unsafe_code)]

mod comparison;
mod config_map;
mod fault;
mod input;
mod location;
mod map;
mod migration;
mod outcome;
mod plan;
mod progress;
mod prune;
mod reason;
mod rule;
mod sets;
mod traps;
mod variables;
mod write;
mod written;

pub use comparison::{Comparison, Difference};
pub use config_map::{OldConfigMap, config_map, parse_name as parse_config_map_name};
pub use fault::Fault;
pub use input::Input;
pub use migration::{Migration, Old, migrate};
pub use outcome::Outcome;
pub use progress::{Progress, Step};
pub use reason::{REASONS, Reason};
pub use traps::{Advice, TrapKind, lint};

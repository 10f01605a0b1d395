//! The object and the request that conditions see, and the settings that tests and samples spell out.

mod setting;
mod values;

pub use setting::Setting;
pub use values::{Context, Operation, Owner, Place};

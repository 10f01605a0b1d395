//! The values that conditions read: the table of conditions, the context with the values, and the settings in which
//! tests and sample images spell out a context.

mod setting;
mod subject;
mod values;

pub use setting::{Case, Setting};
pub use subject::{Characters, ContextValue, Subject, ValueKind, ValueOrigin};
pub use values::{Context, Operation, Owner, Pairs, Place};

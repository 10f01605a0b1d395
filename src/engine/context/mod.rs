//! The values that conditions read: the vocabulary of conditions, the context that has the values, and the settings in
//! which tests and sample images spell a context out.

mod setting;
mod subject;
mod values;

pub use setting::{Case, Setting};
pub use subject::{Characters, ContextValue, Subject, ValueKind, ValueOrigin};
pub use values::{Context, Operation, Owner, Pairs, Place};

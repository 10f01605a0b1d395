//! The source of the workspace as data: its modules, the names that each defines, and the files that each imports from.
//!
//! The checks are the tests of this crate. It depends on no other crate of the workspace, so `just lint` runs them
//! without a build of the rest.

mod cycles;
mod imports;
mod items;
mod literals;
mod names;
mod paths;
mod resolve;
mod rows;
mod source;
pub mod words;
mod workspace;

pub use self::cycles::{between_children, cycles};
pub use self::imports::{Import, files_with_literal, foreign, imports};
pub use self::names::repeated_types;
pub use self::resolve::Target;
pub use self::rows::Table;
pub use self::source::{CRATES, repository, workspace};
pub use self::workspace::{Module, ModuleId, Workspace};

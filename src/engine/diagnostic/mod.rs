//! Findings as plain data. Other modules render them, for people and for machines.

mod code;
mod finding;
mod findings;
mod help;
mod lint;
mod severity;
mod similar;
mod source;

pub use code::Code;
pub use finding::{Diagnostic, Label, Suggestion};
pub use findings::Findings;
pub use help::Help;
pub use lint::Lint;
pub(crate) use lint::Lints;
pub use severity::Severity;
pub use similar::similar;
pub use source::{Piece, Position, Source, SourceId, SourceMap, Span, is_hidden, visible};

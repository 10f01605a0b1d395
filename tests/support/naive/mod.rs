//! A second reading of the language, slow and plain, for sets that load: from the text of files to a decision. It
//! shares no code with the engine but the parser of references, keeps nothing between two questions, and tries
//! whatever there is to try. Where it and the engine differ, one of them is wrong.

mod condition;
mod decide;
mod image;
mod matching;
mod pattern;
mod read;
mod split;
mod target;

pub use self::decide::{Decision, Naive};

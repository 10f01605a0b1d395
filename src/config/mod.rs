//! Configuration: from the files and options of a user to a set of rules.

mod changed;
mod config_maps;
mod digest;
mod error;
mod loaded;
mod processors;
mod set;
mod set_texts;
mod single;
mod source;
mod stored;
mod text;
mod texts;

pub(crate) use changed::ChangedSet;
pub(crate) use digest::Digest;
pub(crate) use error::ReadError;
pub(crate) use loaded::Loaded;
pub(crate) use processors::Processors;
pub(crate) use set::Limits;
pub(crate) use set_texts::SetTexts;
pub(crate) use single::{Content, fits, read_single, rules_files_of};
pub(crate) use source::{RulesSource, Watched};
pub(crate) use text::RulesText;

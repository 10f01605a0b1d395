//! The index that finds the rules that may match an image, by the literal parts of their patterns.
//!
//! Each rule is filed under one key: the most specific literal part of its pattern. An image has few keys, however
//! many rules there are. Keys are stored as hashes: if two have the same hash by chance, a rule is examined without
//! need.

mod key;
mod rule_index;

pub(crate) use self::key::{literal_segments, shape_prefix};
pub(crate) use self::rule_index::{Candidates, IndexBuilder, RuleIndex};

//! The index that finds the rules that may match an image, by the literal parts of their patterns.
//!
//! Each rule is filed under one key: the most specific literal part of its pattern. An image has few keys, however
//! many rules there are. Keys are stored as hashes: if two have the same hash by chance, a rule is examined without
//! need.
//!
//! Many rules may have the same key, such as those for one registry whose repositories begin with wildcards. Such a long
//! list is split once more, by parts that the rules need further on: pieces of their patterns, and values of conditions.

mod candidates;
mod key;
mod needs;
mod rule_index;
mod split;

pub(crate) use self::candidates::Candidates;
pub(crate) use self::key::{literal_segments, shape_prefix};
pub(crate) use self::rule_index::{IndexBuilder, RuleIndex};

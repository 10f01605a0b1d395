//! Finding the rules that may match an image, by what is literal in their patterns.
//!
//! Each rule is filed under one key: the most telling literal part of its pattern. An image has few keys, however
//! many rules there are. Keys are kept as hashes: where two are alike by chance, a rule is looked at in vain.

mod key;
mod rule_index;

pub(crate) use self::key::{literal_segments, shape_prefix};
pub(crate) use self::rule_index::{Candidates, IndexBuilder, RuleIndex};

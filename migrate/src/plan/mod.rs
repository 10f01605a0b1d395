//! Plans: rules with the same effect as a map or a prefix, in their order.
//!
//! A map is evaluated once, rules in rounds. A map is searched in steps, while the first rule that matches decides. So
//! a rule that keeps the images at a target stands before the rule for their registry, unless the line for that
//! registry is meant to swap them again.

mod answer;
mod at_target;
mod builder;
mod facts;
mod map;
mod originals;
mod parts;
mod prefix;
mod registries;
mod unnamed;

pub(crate) use self::facts::{Facts, Plan};
pub(crate) use self::map::{idle_lines, plan_map};
pub(crate) use self::parts::Idle;
pub(crate) use self::prefix::plan_prefix;
pub(crate) use self::registries::{hands_on_port, location_of_registry};

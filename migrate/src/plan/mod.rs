//! From a map to the rules that say the same, in their order.
//!
//! The map's answer is final, while rules decide again; and the map is asked in steps, while of rules the first one
//! decides. So what stands at a target is kept before a rule for its registry is asked, as the map does it, unless the
//! line for that registry is there to move it on.

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

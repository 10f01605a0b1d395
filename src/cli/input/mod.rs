//! Input of the commands: sets of rules, their limits, Kubernetes objects, and the cluster.

mod cluster;
mod given;
mod label;
mod limits;
mod manifest;
mod object;
mod set;

pub(crate) use cluster::ClusterOptions;
pub(crate) use given::{Given, GivenOptions};
pub(crate) use label::LabelOption;
pub(crate) use limits::{FileLimitOptions, LimitOptions};
pub(crate) use manifest::{NamedFields, read_objects};
pub(crate) use object::{name_of, name_of_field, review_of};
pub(crate) use set::{SetOptions, map_lines, paths_or_stdin, read_set, rules_named};

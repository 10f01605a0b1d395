//! From the bytes of a review to the parts that the webhook needs.
//!
//! Only this module reads JSON. [`read`], [`read_config_map`] and [`read_workload`] are its interface, and a faster reader
//! has to agree with them.

mod config_map;
mod elements;
mod job_template;
mod json;
mod manifest;
mod members;
mod nesting;
mod object;
mod review;
mod workload;

pub(super) use self::config_map::ConfigMapObject;
pub(super) use self::elements::Elements;
pub(super) use self::json::Presence;
pub(super) use self::manifest::{group_of, read_object};
pub(super) use self::members::JsonMembers;
pub(super) use self::object::{Container, Metadata, Object, OwnerReference, PodSpec, Volume};
pub(super) use self::review::{
    AdmissionRequest, AdmissionReview, GroupKind, Version, read, read_config_map, read_workload,
};
pub(super) use self::workload::WorkloadObject;

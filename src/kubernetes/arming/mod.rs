//! Arming: the webhook keeps the entries of its webhook configurations.

mod config_map;
mod configuration;
mod disarm;
mod entries;
mod keep;
mod last_error;
mod namespace;
mod pace;
mod plan;
mod reach;
mod report;
mod task;
mod wanted;

pub(super) use disarm::Disarming;
pub(super) use task::run;

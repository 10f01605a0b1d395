//! The cluster: all requests to the API server, and the objects that they are about.
#![allow(dead_code)]

mod arming;
mod certificates;
mod client;
mod clock;
mod cluster;
mod config_map;
mod configuration;
mod disarm;
mod entries;
mod error;
mod keep;
mod namespace;
mod object;
mod pace;
mod plan;
mod reach;
mod report;
mod settings;
mod trust;
mod wanted;

pub(crate) use client::is_in_cluster;
pub(crate) use cluster::InCluster;
pub(crate) use settings::{Certificates, ClusterSettings, Names};

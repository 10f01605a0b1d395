//! The cluster: all requests to the API server, and the objects that they are about.
#![allow(dead_code)]

mod certificates;
mod client;
mod clock;
mod cluster;
mod config_map;
mod configuration;
mod disarm;
mod entries;
mod error;
mod namespace;
mod object;
mod pace;
mod plan;
mod reach;
mod settings;
mod trust;
mod wanted;

pub(crate) use client::is_in_cluster;
pub(crate) use cluster::InCluster;
pub(crate) use settings::{Certificates, ClusterSettings, Names};

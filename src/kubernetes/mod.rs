//! The cluster: all requests to the API server, and the objects that they are about.

mod arming;
mod certificates;
mod client;
mod clock;
mod cluster;
mod error;
mod init;
mod last_good;
mod object;
mod settings;
mod template;
mod trust;

pub(crate) use client::is_in_cluster;
pub(crate) use cluster::InCluster;
pub(crate) use init::{InitError, prepare};
pub(crate) use settings::{Certificates, ClusterSettings, Names, Predecessor};

//! The manifests and the chart of `deploy/`, without a cluster.

mod chart;
mod copy;
mod forms;
mod schemas;

//! The manifests and the chart of `deploy/`, without a cluster.

mod schemas;

//! A node of the control plane: it runs the Pods of some namespaces, as their manifests say, and makes their Services
//! reachable. Programs run as processes in network and mount namespaces of their own, which needs root and iproute2.

mod api;
mod container;
mod files;
mod kubelet;
mod names;
mod network;
mod pod;
mod service_proxy;
mod token;
mod variables;
mod volumes;

pub use self::api::{Api, Response};
pub use self::kubelet::Node;
pub(super) use self::network::{API_SERVER, enter_network};

//! The real program over real connections: a webhook for each test, its client, its mounts, and a cluster to call it.

mod any_certificate;
mod client;
mod collector;
mod control_plane;
mod eventually;
mod log;
mod node;
mod other_webhook;
mod pair;
mod server;
mod start;
mod version_1;
mod volume;

pub use self::any_certificate::AnyCertificate;
pub use self::client::{Answer, Connection, closes_within, get_plain, pod, post_plain, post_request};
pub use self::collector::{Collector, ReceivedSpan};
pub use self::control_plane::{ControlPlane, Ran};
pub use self::eventually::{eventually, eventually_within};
pub use self::node::{Api, Node, Response};
pub use self::other_webhook::OtherWebhook;
pub use self::pair::{IssuedPair, Pair};
pub use self::server::Server;
pub use self::start::{MAP, STOPPED, Start, command, free_address};
pub use self::volume::Volume;

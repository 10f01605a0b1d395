//! Connections: their limit, the order in which they are closed, and their idle times.
//!
//! Each port has a [`Connections`]. At its limit a new client does not wait; another connection is closed. The state of
//! a connection is one atomic word, which its own task changes without a lock. The queue of [`Connections`] has the
//! order in which connections are closed. It may lag behind the words, and is corrected when a connection is chosen.

mod connection;
mod place;
mod queue;
mod requests;
mod serve;
mod sockets;
mod sparing;
mod state;
mod stream;
mod table;
mod tls;
mod tracked;

pub(super) use connection::peer;
pub(super) use serve::serve;
pub(super) use table::{Connections, Port};
pub(super) use tls::Handshakes;
pub(in crate::webhook) use tracked::queued;
pub(super) use tracked::{answer_within, evaluates, reviewed};

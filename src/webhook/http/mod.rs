//! HTTP: ports, connections, the body budget, deadlines and routes.

mod body;
mod budget;
mod connections;
mod deadline;
mod endpoints;
mod error;
mod health;
mod listener;
mod reviews;
mod server;

pub(crate) use budget::{BodyBudget, MAX_BODY};
pub(crate) use error::{ListenError, ServerError};
pub(crate) use health::Health;
pub(crate) use listener::{Address, bind};
pub(crate) use reviews::Reviews;
pub(crate) use server::{Listeners, Servers};

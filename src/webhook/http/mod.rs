//! HTTP: ports, connections, the body budget, deadlines and routes.

mod addresses;
mod answer;
mod body;
mod break_glass;
mod budget;
mod connections;
mod deadline;
mod endpoints;
mod error;
mod file_limit;
mod health;
mod listener;
mod rejection;
mod review_log;
mod reviews;
mod server;
mod spans;
mod validate;
mod validation;

pub(crate) use addresses::Addresses;
pub(crate) use answer::in_parts;
pub(crate) use budget::{BodyBudget, MAX_BODY};
pub(super) use connections::queued;
pub(crate) use error::{ListenError, ServerError};
pub(crate) use file_limit::connections_within;
pub(crate) use health::Health;
pub(crate) use listener::bind;
pub(crate) use reviews::{LargeReviews, ReviewSubject, Reviews};
pub(crate) use server::{Listeners, Servers};
pub(crate) use validate::Validations;

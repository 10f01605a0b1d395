//! The page for people: the active rules, the last reloads, what was denied or skipped lately, and a box to try an image.
//!
//! It is read-only, has no scripts, and only answers requests for this machine. One page is rendered at a time, on a
//! thread with a low priority, and has a bounded length.

mod code;
mod explained;
mod handler;
mod host;
mod html;
mod lately;
mod layout;
mod moment;
mod off;
mod query;
mod reloads;
mod rules;
mod sources;
mod summary;
mod trial;

pub(super) use handler::routes;
pub(super) use sources::PageSources;

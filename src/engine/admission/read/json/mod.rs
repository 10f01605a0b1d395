//! A reader of JSON: one pass, piece by piece, without copies. It skips every value that the webhook does not need.
//!
//! An API server calls a webhook before it validates the object, and for kinds that the webhook does not know. So a
//! value of an unexpected type is skipped and is never an error. If an object repeats a member, the last one counts,
//! as in the API server. A text that is not valid JSON (RFC 8259) is an error wherever the fault is.

mod pass;
mod reader;

pub(in crate::admission) use self::reader::Presence;
pub(super) use self::reader::{Fields, Json, Malformed};

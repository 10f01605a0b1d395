//! Reading JSON piece by piece, in one pass and without copying: what is not wanted is passed over.
//!
//! An API server calls a webhook before it validates the object, and for kinds that nobody here knows. So the
//! shape of what is looked for is a hope: a value of the wrong type is passed over, never an error. Of two members
//! with one name the last one counts, as it does for the API server. What is no JSON (RFC 8259) is an error wherever
//! it stands.

mod pass;
mod reader;

pub(super) use self::reader::{Fields, Json, Malformed};

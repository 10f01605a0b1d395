//! The answer to a review, with its charge on the budget.

use bytes::Bytes;
use salvo::http::ResBody;

use super::budget::BodyCharge;
use crate::webhook::candidate::AnsweredReview;

/// Length of the parts in which an answer is written, in bytes. The server of HTTP joins them in a buffer, which it keeps
/// for the connection, so a whole answer would be there twice.
const PART: usize = 16 << 10;

/// The body of an answer. It is charged on the budget until its last byte is written.
#[derive(Debug)]
pub(crate) struct Answer(Bytes);

/// The bytes of an answer. Whatever writes them drops them.
struct ChargedBytes {
    bytes: Vec<u8>,
    _charge: BodyCharge,
    /// The review for the candidate, which may evaluate it once the answer is written.
    _review: Option<AnsweredReview>,
}

impl AsRef<[u8]> for ChargedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Answer {
    pub(super) fn new(bytes: Vec<u8>, charge: BodyCharge, review: Option<AnsweredReview>) -> Self {
        Self(Bytes::from_owner(ChargedBytes {
            bytes,
            _charge: charge,
            _review: review,
        }))
    }
}

impl From<Answer> for ResBody {
    fn from(Answer(bytes): Answer) -> Self {
        in_parts(bytes)
    }
}

/// Returns a body that is written in parts.
pub(crate) fn in_parts(mut bytes: Bytes) -> ResBody {
    if bytes.len() <= PART {
        return ResBody::Once(bytes);
    }
    let mut parts = std::collections::VecDeque::with_capacity(bytes.len().div_ceil(PART));
    while !bytes.is_empty() {
        parts.push_back(bytes.split_to(bytes.len().min(PART)));
    }
    ResBody::Chunks(parts)
}

//! The errors of a review. Their texts are one line, for the caller.

use std::fmt;

use crate::rules::Interrupted;

/// The reason why a request gets no answer to a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewError {
    /// The body is not an `AdmissionReview` with a request. Another attempt has the same result.
    Malformed(MalformedReview),
    /// The evaluation was interrupted.
    Interrupted,
}

/// The reason why a body is not a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MalformedReview {
    /// The body has no bytes.
    Empty,
    /// The body is not UTF-8 from this byte on.
    NotUtf8(usize),
    /// The JSON is nested deeper than this.
    TooDeep(usize),
    /// The body is not JSON, with the error of a parser.
    NotJson(String),
    /// The body is JSON of another type than an object.
    NotAnObject,
    /// The object has no `kind`.
    NoKind,
    /// The object has another kind.
    OtherKind(String),
    /// The review has no `apiVersion`.
    NoVersion,
    /// The review has another version.
    OtherVersion(String),
    /// The review has no `request`.
    NoRequest,
    /// The request has no `uid`, so no answer can repeat it.
    NoUid,
}

impl fmt::Display for ReviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => reason.fmt(f),
            Self::Interrupted => f.write_str("the evaluation did not end before the deadline"),
        }
    }
}

impl fmt::Display for MalformedReview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the body is empty, expected an AdmissionReview in JSON"),
            Self::NotUtf8(byte) => write!(f, "the body is not UTF-8 (byte {byte})"),
            Self::TooDeep(limit) => write!(f, "the JSON of the body is nested more than {limit} levels deep"),
            Self::NotJson(error) => write!(f, "the body is not valid JSON: {error}"),
            Self::NotAnObject => {
                f.write_str("the body is JSON, but not an object, expected an AdmissionReview")
            }
            Self::NoKind => f.write_str("the body has no `kind`, expected an AdmissionReview"),
            Self::OtherKind(kind) => {
                write!(
                    f,
                    "the body is of kind `{}`, expected an AdmissionReview",
                    Clipped(kind)
                )
            }
            Self::NoVersion => {
                f.write_str("the review has no `apiVersion`, expected admission.k8s.io/v1 or v1beta1")
            }
            Self::OtherVersion(version) => write!(
                f,
                "the apiVersion of the review is `{}`, expected admission.k8s.io/v1 or v1beta1",
                Clipped(version)
            ),
            Self::NoRequest => f.write_str("the review has no `request`"),
            Self::NoUid => f.write_str("the request of the review has no `uid`"),
        }
    }
}

impl std::error::Error for ReviewError {}
impl std::error::Error for MalformedReview {}

impl From<Interrupted> for ReviewError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<MalformedReview> for ReviewError {
    fn from(reason: MalformedReview) -> Self {
        Self::Malformed(reason)
    }
}

/// Enough of a text to recognize it, on one line.
struct Clipped<'a>(&'a str);

impl fmt::Display for Clipped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut start = self.0.chars().take(80).flat_map(char::escape_debug);
        start.try_for_each(|character| fmt::Write::write_char(f, character))
    }
}

//! Explanations of evaluations as text for people.

mod headline;
mod reasons;
mod round;

pub(crate) use headline::{headline, texts_of};
pub(crate) use reasons::skip_reason_text;
pub(crate) use round::{ShownRound, ShownStep};

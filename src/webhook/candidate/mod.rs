//! The candidate set: it evaluates live traffic after the answer, and reports where its results differ.
//!
//! Nothing here delays a review. A review leaves a copy of its body in a bounded queue, and a thread that runs only while
//! no other wants the processor evaluates it.

mod counters;
mod differences;
mod evaluate;
mod queue;
mod set;

pub(crate) use evaluate::{LiveCandidate, start};
pub(crate) use queue::AnsweredReview;

//! Admission: from the bytes of a review to the bytes of its answer.
//!
//! It is pure: no network, no disk, no lock, no clock. Nothing in the request is an error, because the API server
//! calls a webhook before it validates the object, and for kinds that the webhook does not know.

mod answer;
mod arrivals;
mod break_glass;
mod changed;
mod config_map;
mod differences;
mod error;
mod evaluate;
mod explain;
mod fights;
mod images;
mod json;
mod limits;
mod originals;
mod outcome;
mod patch;
mod pod;
mod policy;
mod read;
mod request;
mod review;
mod wording;
mod workload;

pub use self::break_glass::{BreakGlassReview, break_glass};
pub use self::config_map::{ConfigMapChange, ConfigMapFiles, ConfigMapReview, config_map_review};
pub use self::differences::{ImageDifference, ReviewDifferences, differences};
pub use self::error::{MalformedReview, ReviewError};
pub use self::evaluate::MAX_IMAGES;
pub use self::explain::{ExplainedImage, cases, explain};
pub use self::fights::{Arrival, Arrivals, Fights, MAX_ARRIVALS, PodOwner, keep_rule};
pub use self::images::{InvalidObject, ObjectImage, images_of};
pub use self::originals::ORIGINAL_IMAGES;
pub use self::outcome::{
    ImageDecision, ImageEffect, ReviewOutcome, Reviewed, SkipReason, SkippedImages, TemplateChange,
};
pub use self::pod::{JsonPointer, PodElement};
pub use self::policy::{Caller, Policy};
pub use self::request::ReviewedRequest;
pub use self::review::review;
pub use self::workload::Workload;

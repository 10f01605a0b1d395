//! Sets of rules, images and contexts, generated from [`Choices`].

mod choices;
mod images;
mod mess;
#[cfg(feature = "patch")]
mod review;
mod rules;
mod setting;
mod words;

pub use self::choices::{Choices, Generated};
pub use self::rules::constants;
pub use self::setting::Setting;

//! Code that the tests, benches and fuzzers of all crates share. Only dev-dependencies lead here, so it may panic where
//! a test fails.
//!
//! The unit tests of the engine see the types of this crate's own engine, which are other types for them. They use the
//! functions that take and return text alone, such as those of [`generate::Choices`].

pub mod agree;
#[cfg(feature = "webhook")]
pub mod cert_manager;
pub mod fixed;
pub mod generate;
pub mod growth;
pub mod loaded;
#[cfg(feature = "migrate")]
pub mod migrated;
pub mod naive;
pub mod pages;
#[cfg(feature = "patch")]
pub mod patched;
pub mod recorded;
pub mod repository;
#[cfg(feature = "webhook")]
pub mod tools;
#[cfg(feature = "webhook")]
pub mod webhook;

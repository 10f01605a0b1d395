//! `imageswap migrate`: what the crate of that name does.

use clap::error::ErrorKind;
use imageswap_migrate::cli::{self, Migrate};

use super::output::{CommandError, Ended};

/// Migrates an old configuration.
pub(super) fn run(migrate: Migrate) -> Ended {
    migrate.run().map_err(|ended| match ended {
        cli::Ended::Misuse(message) => super::misuse(ErrorKind::ArgumentConflict, &message),
        cli::Ended::Failed(message) => CommandError::new(message),
    })
}

//! `imageswap migrate`: what the crate of that name does.

use std::process::ExitCode;

use imageswap_migrate::cli::{self, Migrate};

use super::error::CommandError;
use super::exit::{Ended, UsageError};

/// Migrates an old configuration.
pub(crate) fn run(migrate: Migrate) -> Result<Ended, CommandError> {
    match migrate.run() {
        Ok(ExitCode::SUCCESS) => Ok(Ended::Clean),
        Ok(_) => Ok(Ended::Findings),
        Err(cli::Ended::Misuse(message)) => Err(UsageError::Migrate(message).into()),
        Err(cli::Ended::Failed(message)) => Err(CommandError::Migrate(message)),
    }
}

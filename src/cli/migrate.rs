//! `imageswap migrate`: what the crate of that name does.

use std::process::ExitCode;

use imageswap_migrate::cli::{self, Migrate};

use super::error::CommandError;
use super::exit::{Ended, Statuses, UsageError};

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "all are treated as before, or otherwise for a reason that is told",
    failure: Some("one is not, or there is no rules file"),
};

/// Migrates an old configuration.
pub(crate) fn run(migrate: Migrate) -> Result<Ended, CommandError> {
    match migrate.run() {
        Ok(ExitCode::SUCCESS) => Ok(Ended::Clean),
        Ok(_) => Ok(Ended::Findings),
        Err(cli::Ended::Misuse(message)) => Err(UsageError::Migrate(message).into()),
        Err(cli::Ended::Failed(message)) => Err(CommandError::Migrate(message)),
    }
}

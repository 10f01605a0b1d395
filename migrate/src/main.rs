//! imageswap-migrate: `imageswap migrate` by itself, for those who have nothing else of imageswap yet.
#![forbid(unsafe_code)]

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use imageswap_migrate::cli::{Ended, Migrate};

#[derive(Debug, Parser)]
#[command(name = "imageswap-migrate", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    migrate: Migrate,
}

fn main() -> ExitCode {
    match Cli::parse().migrate.run() {
        Ok(code) => code,
        Err(Ended::Misuse(message)) => Cli::command().error(ErrorKind::ArgumentConflict, message).exit(),
        Err(Ended::Failed(message)) => {
            // A closed pipe is no error.
            let _ = writeln!(io::stderr(), "imageswap-migrate: {message}");
            ExitCode::FAILURE
        }
    }
}

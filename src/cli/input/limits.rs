//! Limits of the files of a set: options of every command that reads one.

use clap::Args;

use crate::config::Limits;

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct LimitOptions {
    #[command(flatten)]
    file: FileLimitOptions,
    /// Maximum number of rules in a set
    #[arg(
        long,
        env = "IMAGESWAP_MAX_RULES",
        value_name = "NUMBER",
        default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(1..=10_000_000),
        help_heading = "Limits"
    )]
    max_rules: u32,
}

/// Limit of one file.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct FileLimitOptions {
    /// Maximum size of a file, in MiB [default: 1 for rules, 8 for a map]
    #[arg(
        long,
        env = "IMAGESWAP_MAX_FILE_SIZE",
        value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(1..=1024),
        help_heading = "Limits"
    )]
    max_file_size: Option<u32>,
}

impl LimitOptions {
    pub(crate) fn into_limits(self) -> Limits {
        Limits {
            rules: usize::try_from(self.max_rules).unwrap_or(usize::MAX),
            ..self.file.into_limits()
        }
    }
}

impl FileLimitOptions {
    pub(crate) fn into_limits(self) -> Limits {
        Limits {
            file_size: self.max_file_size.map(|mib| u64::from(mib) << 20),
            ..Limits::default()
        }
    }
}

//! The command line: a file or a directory for each command, and modules that commands share.

mod check;
mod chosen;
mod color;
mod commands;
mod completions;
mod diff;
mod environment;
mod error;
mod exit;
mod explain;
mod fatal;
mod fmt;
mod init;
mod input;
mod log_options;
mod man;
mod migrate;
mod output;
mod program;
mod progress;
mod report;
mod run;
mod serve;
mod test;
mod tls_mode;

pub(crate) use run::run;

//! imageswap: a mutating admission webhook for Kubernetes that rewrites container images by rules.

mod cli;
mod config;
mod webhook;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else makes a TLS configuration. Nothing has set one, so this can't fail.
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli::run()
}

//! imageswap: a mutating admission webhook for Kubernetes that rewrites container images by rules.

mod cli;
mod config;
mod explanations;
mod findings;
mod kubernetes;
mod webhook;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Must run before any other code creates a TLS configuration. No provider is installed yet, so this cannot
    // fail.
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli::run()
}

//! The settings and clients of this process, with the log of what is exported and what cannot be.

use imageswap_files::MAX_READ;

use super::client::OtlpClient;
use super::destination::Destination;
use super::resource::Pod;
use super::settings::OtlpSettings;
use super::variables::{Effect, Problem, Variables};
use crate::webhook::os;

/// Reads the settings in the variables of the process, and logs the problems in them. `None` if nothing is exported.
pub(crate) fn read_settings(pod: Pod) -> Option<OtlpSettings> {
    let read = |name: &str| std::env::var_os(name);
    let variables = Variables::new(&read);
    let settings = OtlpSettings::read(&variables, pod);
    variables.into_problems().iter().for_each(Problem::log);
    settings
}

/// Returns the client of a destination, or logs the reason why there is none.
pub(crate) async fn connect(destination: Destination) -> Option<OtlpClient> {
    let (signal, endpoint) = (destination.signal, destination.shown());
    // The files of TLS may be on a volume that hangs.
    let client = os::unblock_within(MAX_READ, move || OtlpClient::new(destination)).await;
    let (variable, text) = match client {
        Some(Ok(client)) => {
            tracing::info!(signal = signal.as_str(), endpoint, "export started");
            return Some(client);
        }
        Some(Err(problem)) => (problem.variable, problem.text),
        None => (
            "OTEL_EXPORTER_OTLP_CERTIFICATE".to_owned(),
            "the files for TLS could not be read in time".to_owned(),
        ),
    };
    let effect = Effect::NotExported(signal);
    Problem {
        variable,
        text,
        effect,
    }
    .log();
    None
}

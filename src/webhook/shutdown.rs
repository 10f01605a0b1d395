//! The end: first nothing new is to come, then what is there is finished.

use std::time::Duration;

use tokio::time::sleep;

use super::error::ServeError;
use super::http::{Health, Servers};
use super::os::{EndSignal, EndSignals};

/// Waits for a signal, and then ends the servers so that no request fails.
///
/// On SIGTERM it is unready at once, but serves on for `delay`: it takes that long until every API server
/// has heard that this replica is no endpoint any more. A person at a terminal, who sends SIGINT, is not
/// kept waiting; a second signal is obeyed at once.
///
/// # Errors
///
/// Returns an error if it ends because a server did.
pub(super) async fn shut_down(
    mut signals: EndSignals,
    health: &Health,
    mut servers: Servers,
    delay: Duration,
    timeout: Duration,
) -> Result<(), ServeError> {
    let mut result = Ok(());
    let has_delay = tokio::select! {
        signal = signals.next() => match signal {
            EndSignal::Terminate => true,
            EndSignal::Interrupt => false,
        },
        failed = servers.failed() => {
            result = Err(failed.into());
            false
        }
    };
    health.drain();
    if has_delay {
        tracing::info!(
            seconds = delay.as_secs_f64(),
            "told to end: serving on until nothing is sent here any more"
        );
        tokio::select! {
            () = sleep(delay) => {}
            _ = signals.next() => {}
        }
    }
    tracing::info!(
        seconds = timeout.as_secs_f64(),
        "ending: requests in flight are finished"
    );
    tokio::select! {
        () = servers.stop(timeout) => tracing::info!("ended"),
        _ = signals.next() => tracing::warn!("ended at once, as told"),
    }
    result
}

//! Shutdown: the webhook becomes unready, drains, and stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::cluster::Cluster;
use super::error::ServeError;
use super::http::{Health, Servers};
use super::os::{EndSignal, EndSignals};

/// Maximum time that a replica stays after its last answer, to do what its end needs.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits for a signal, and then stops the servers so that no request fails.
///
/// After SIGTERM or SIGQUIT the webhook is unready at once, but continues to serve for `delay`: every API server needs that long
/// to learn that this replica is not an endpoint of the Service any more. SIGINT comes from a terminal, so it has no
/// delay. A second signal skips the rest of the delay and of the timeout.
///
/// # Errors
///
/// Returns an error if a server stopped before a signal came.
pub(super) async fn shut_down(
    mut signals: EndSignals,
    health: &Health,
    mut servers: Servers,
    cluster: Option<Arc<dyn Cluster>>,
    delay: Duration,
    timeout: Duration,
) -> Result<(), ServeError> {
    let mut result = Ok(());
    let signal = tokio::select! {
        signal = signals.next() => Some(signal),
        failed = servers.failed() => {
            result = Err(failed.into());
            None
        }
    };
    health.drain();
    // At once, because the API server may take the rights of this replica away within seconds.
    let of_task = cluster.clone();
    let mut leaving = tokio::spawn(async move {
        if let Some(cluster) = of_task {
            cluster.shut_down().await;
        }
    });
    if let Some(signal @ (EndSignal::Terminate | EndSignal::Quit)) = signal {
        tracing::info!(
            signal = signal.as_str(),
            delay_seconds = delay.as_secs_f64(),
            "shutdown requested"
        );
        tokio::select! {
            () = sleep(delay) => {}
            _ = signals.next() => {}
        }
    }
    tracing::info!(timeout_seconds = timeout.as_secs_f64(), "shutdown started");
    tokio::select! {
        () = servers.stop(timeout) => tracing::info!("shutdown completed"),
        _ = signals.next() => tracing::warn!("shutdown cut short by a second signal"),
    }
    if cluster.is_some_and(|cluster| cluster.must_not_end_yet()) {
        tokio::select! {
            _ = &mut leaving => {}
            () = sleep(LEAVE_TIMEOUT) => {}
            _ = signals.next() => {}
        }
    }
    leaving.abort();
    result
}

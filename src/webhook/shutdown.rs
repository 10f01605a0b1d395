//! The end: first nothing new is to come, then what is there is finished.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::error::ServeError;
use super::health::Health;
use super::http::Servers;

/// What tells the process to end.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for a signal, and then ends the servers so that no request fails.
    ///
    /// On SIGTERM it is unready at once, but serves on for `delay`: it takes that long until every API server
    /// has heard that this replica is no endpoint any more. A person at a terminal, who sends SIGINT, is not
    /// kept waiting; a second signal is obeyed at once.
    ///
    /// # Errors
    ///
    /// Where it ends because a server did.
    pub(super) async fn shut_down(
        mut self,
        health: &Health,
        mut servers: Servers,
        delay: Duration,
        timeout: Duration,
    ) -> Result<(), ServeError> {
        let mut result = Ok(());
        let is_patient = tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => false,
            failed = servers.failed() => {
                result = Err(failed);
                false
            }
        };
        health.stop();
        if is_patient {
            tracing::info!(
                seconds = delay.as_secs_f64(),
                "told to end: serving on until nothing is sent here any more"
            );
            tokio::select! {
                () = sleep(delay) => {}
                () = self.again() => {}
            }
        }
        tracing::info!(
            seconds = timeout.as_secs_f64(),
            "ending: requests in flight are finished"
        );
        tokio::select! {
            () = servers.stop(timeout) => tracing::info!("ended"),
            () = self.again() => tracing::warn!("ended at once, as told"),
        }
        result
    }

    async fn again(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

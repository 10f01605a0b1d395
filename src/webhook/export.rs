//! The export of traces and metrics: its start and its end. It is off unless a variable sets an endpoint.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::metrics::{Metrics, Pusher};
use super::os;
use super::otlp::{Pod, connect, read_settings};
use super::traces::{self, Traces};

/// Time that the end of the process waits for the last spans and metrics.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// The export, while the webhook runs.
#[derive(Debug, Default)]
pub(crate) struct Export {
    traces: Traces,
    provider: Option<SdkTracerProvider>,
    pusher: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// Starts the export of the signals for which the variables of the process set an endpoint.
pub(crate) async fn start(pod: Pod, metrics: &Arc<Metrics>) -> Export {
    let Some(settings) = read_settings(pod) else {
        return Export::default();
    };
    let mut export = Export::default();
    if let Some(traces) = settings.traces
        && let Some(client) = connect(traces.destination).await
    {
        let exporter = traces::Exporter::new(client, Handle::current());
        let provider = traces::provider(exporter, &settings.resource, traces.sampler, traces.batches);
        export.traces = Traces::new(&provider, traces.joins_callers);
        export.provider = Some(provider);
    }
    if let Some(pushed) = settings.metrics
        && let Some(client) = connect(pushed.destination).await
    {
        let pusher = Pusher::new(Arc::clone(metrics), client, &settings.resource);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(pusher.push_every(pushed.interval, stopped));
        export.pusher = Some((stop, task));
    }
    export
}

impl Export {
    /// Returns the traces, which are off unless they are exported.
    pub(crate) fn traces(&self) -> Traces {
        self.traces.clone()
    }

    /// Exports the last spans and metrics, unless that takes longer than two seconds.
    pub(crate) async fn shut_down(self) {
        let traces = async {
            let Some(provider) = self.provider else {
                return true;
            };
            os::unblock(move || provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT).is_ok()).await
        };
        let metrics = async {
            if let Some((stop, task)) = self.pusher {
                // A task that ended by itself does not receive it.
                let _ = stop.send(());
                let _ = task.await;
            }
        };
        let ended = timeout(SHUTDOWN_TIMEOUT, async { tokio::join!(traces, metrics) });
        if !matches!(ended.await, Ok((true, ()))) {
            tracing::warn!("the last spans or metrics were not exported before the end");
        }
    }
}

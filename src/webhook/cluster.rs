//! The seam between the webhook and its cluster: what each asks of the other.

use std::fmt::{self, Debug};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use tokio::time::sleep;

use super::conditions::Conditions;
use super::reload::offer_pair;
use super::status::Status;
use super::tls::{PairProblem, SharedPair};

/// Access to the API server. Only the webhook's own objects are in it.
#[async_trait]
pub(crate) trait Cluster: Debug + Send + Sync {
    /// Does the duties of the webhook in its cluster. Never returns.
    async fn run(&self, webhook: Handles);

    /// Does what the end of this replica needs, as long as it serves.
    async fn shut_down(&self);

    /// Returns true if what the end needs has begun, and is not complete.
    fn must_not_end_yet(&self) -> bool;

    /// Returns the last good set; `None` if the cluster keeps none.
    async fn last_good(&self) -> Result<Option<KeptSet>, ClusterError>;

    /// Keeps a set as the last good one, with its digest.
    async fn keep(&self, set: &[u8], digest: &str) -> Result<(), ClusterError>;
}

/// The set that the cluster keeps.
#[derive(Debug)]
pub(crate) struct KeptSet {
    pub(crate) bytes: Vec<u8>,
    /// The printed form of its digest; `None` if it is not known.
    pub(crate) digest: Option<String>,
    /// The time at which it was kept, as RFC 3339 writes it; `None` if it is not known.
    pub(crate) kept_at: Option<String>,
}

/// A request to the cluster failed.
#[derive(Debug)]
pub(crate) struct ClusterError {
    /// One line: the problem, and what to do.
    pub(crate) text: String,
    /// True if the same request can succeed within seconds.
    pub(crate) is_passing: bool,
}

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Time after a panic in the duties.
const AFTER_PANIC: Duration = Duration::from_secs(10);

/// Does the duties of the webhook in its cluster. They begin again after a panic, because nothing else would notice that
/// the certificate is not renewed. Never returns.
pub(super) async fn do_duties(cluster: Arc<dyn Cluster>, webhook: Handles) {
    loop {
        let duties = AssertUnwindSafe(cluster.run(webhook.clone()));
        if duties.catch_unwind().await.is_err() {
            // The panic itself is in the log already.
            tracing::error!(
                seconds = AFTER_PANIC.as_secs(),
                "duties in the cluster panicked; they begin again"
            );
        }
        sleep(AFTER_PANIC).await;
    }
}

/// The parts of the webhook that its cluster may change.
#[derive(Clone, Debug)]
pub(crate) struct Handles {
    /// The active key pair.
    pub(crate) pair: Arc<SharedPair>,
    /// The conditions that `/readyz` shows.
    pub(crate) conditions: Arc<Conditions>,
    pub(super) status: Arc<Status>,
}

impl Handles {
    /// Returns the handles of a program that only makes a key pair, and serves nothing.
    pub(crate) fn without_server() -> Self {
        let handles = Self {
            pair: Arc::new(SharedPair::missing()),
            conditions: Arc::default(),
            status: Arc::default(),
        };
        handles.conditions.await_first_pair();
        handles
    }

    /// Makes a key pair (the chain and the key in PEM) active for new handshakes, unless it is active already.
    ///
    /// # Errors
    ///
    /// Returns an error if the pair is not valid, or has worse dates than the active one. The active pair stays.
    pub(crate) fn offer_pair(&self, chain: &str, key: &str) -> Result<(), PairProblem> {
        offer_pair(&self.pair, &self.status, chain, key)
    }
}

//! The seam between the webhook and its cluster: what each asks of the other.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::conditions::Conditions;
use super::reload::offer_pair;
use super::status::Status;
use super::tls::{PairProblem, SharedPair};

/// Access to the API server. Only the webhook's own objects are in it.
#[async_trait]
pub(crate) trait Cluster: Debug + Send + Sync {
    /// Does the duties of the webhook in its cluster. Never returns.
    async fn run(&self, webhook: Handles);

    /// Does what the end of this replica needs, within seconds.
    async fn shut_down(&self);
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

//! Everything that the page reads.

use std::sync::Arc;

use crate::webhook::http::Health;
use crate::webhook::recent::Recent;
use crate::webhook::reload::SharedRules;
use crate::webhook::status::Status;
use crate::webhook::tls::SharedPair;

/// The values that the page shows, and the settings of the process.
#[derive(Debug)]
pub(in crate::webhook) struct PageSources {
    /// Source of the rules, as text.
    pub(in crate::webhook) source: String,
    pub(in crate::webhook) dry_run: bool,
    pub(in crate::webhook) namespace: String,
    pub(in crate::webhook) pod_name: Option<String>,
    pub(in crate::webhook) rules: Arc<SharedRules>,
    pub(in crate::webhook) status: Arc<Status>,
    pub(in crate::webhook) health: Arc<Health>,
    pub(in crate::webhook) pair: Arc<SharedPair>,
    pub(in crate::webhook) recent: Arc<Recent>,
}

//! The task of arming: it keeps both webhook configurations, each by itself.

use std::collections::BTreeSet;

use super::config_map::EntriesMap;
use super::disarm::Disarming;
use super::keep::Keeper;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::object::Object;
use crate::kubernetes::settings::ClusterSettings;
use crate::kubernetes::trust::Trust;
use crate::webhook::Conditions;

/// Keeps both webhook configurations. Never returns.
pub(in crate::kubernetes) async fn run(
    client: &ObjectClient,
    settings: &ClusterSettings,
    trust: &Trust,
    disarming: &Disarming,
    conditions: &Conditions,
) {
    let entries = EntriesMap::new(client, !settings.keeps_entries);
    let keeper = |kind| Keeper::new(kind, client, trust, disarming, conditions, &entries);
    let validating = async {
        if settings.predecessor.is_some() {
            // Its rights do not include it.
            trust.report(Object::Validating, BTreeSet::new());
        } else {
            keeper(Object::Validating).run().await;
        }
    };
    tokio::join!(
        entries.follow(disarming),
        keeper(Object::Mutating).run(),
        validating
    );
}

//! The CA certificates that API servers trust: those that the webhook configurations must have, and those that they
//! have. The task of the certificates and the task of arming share them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::object::Object;

/// Maximum time of a look at the Secret that others wait for.
const REFRESH: Duration = Duration::from_secs(2);

/// The trust that both tasks share.
#[derive(Debug)]
pub(super) struct Trust {
    wanted: watch::Sender<Option<Arc<str>>>,
    given: watch::Sender<GivenTrust>,
    /// The number of the last request to look at the Secret.
    asked: watch::Sender<u64>,
    /// The number of the last request that a look has answered. `None` if the certificates are in no Secret.
    answered: watch::Sender<Option<u64>>,
}

/// The webhook configurations as the task of arming saw them last. A kind that it could not read is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GivenTrust(BTreeMap<Object, Armed>);

/// The part of a webhook configuration that calls the Service of the webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Armed {
    /// The distinct values of `caBundle`, in PEM, of the entries that call the Service. An entry without one counts as
    /// an empty text. The set is empty if no entry calls the Service.
    pub(super) bundles: BTreeSet<String>,
    /// The time at which the task of arming first saw these values.
    pub(super) since: Instant,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            wanted: watch::Sender::new(None),
            given: watch::Sender::new(GivenTrust::default()),
            asked: watch::Sender::new(0),
            answered: watch::Sender::new(None),
        }
    }
}

impl Trust {
    /// Sets the certificates, in PEM, that the webhook configurations must have.
    pub(super) fn want(&self, bundle: &str) {
        self.wanted.send_if_modified(|wanted| {
            let is_new = wanted.as_deref() != Some(bundle);
            if is_new {
                *wanted = Some(bundle.into());
            }
            is_new
        });
    }

    /// Returns the certificates, in PEM, that the webhook configurations must have. `None` means that nothing is known
    /// yet, so nothing may be armed.
    pub(super) fn wanted(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.wanted.subscribe()
    }

    /// Waits until the task of the certificates has looked at the Secret once more, two seconds at most. The watch of a
    /// replica may be late.
    pub(super) async fn refresh(&self) {
        let mut answered = self.answered.subscribe();
        if answered.borrow().is_none() {
            return;
        }
        self.asked.send_modify(|asked| *asked += 1);
        let number = *self.asked.borrow();
        let is_answer = |answered: &Option<u64>| answered.is_some_and(|answered| answered >= number);
        let _ = timeout(REFRESH, answered.wait_for(is_answer)).await;
    }

    /// Returns the requests to look at the Secret, by their numbers.
    pub(super) fn asked(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    /// Reports that a look at the Secret is complete which began after a request.
    pub(super) fn answer(&self, number: u64) {
        self.answered.send_replace(Some(number));
    }

    /// Reports a webhook configuration: the values of `caBundle`, in PEM, of the entries that call the Service.
    pub(super) fn report(&self, configuration: Object, bundles: BTreeSet<String>) {
        self.given.send_if_modified(|given| {
            let is_new = given.0.get(&configuration).map(|armed| &armed.bundles) != Some(&bundles);
            if is_new {
                let since = Instant::now();
                given.0.insert(configuration, Armed { bundles, since });
            }
            is_new
        });
    }

    /// Reports that a webhook configuration cannot be read, so what it has is not known any more.
    pub(super) fn lose(&self, configuration: Object) {
        self.given
            .send_if_modified(|given| given.0.remove(&configuration).is_some());
    }

    /// Returns the webhook configurations as they were seen last.
    pub(super) fn given(&self) -> watch::Receiver<GivenTrust> {
        self.given.subscribe()
    }
}

impl GivenTrust {
    /// Returns true if both kinds have been read.
    pub(super) fn is_complete(&self) -> bool {
        [Object::Mutating, Object::Validating]
            .iter()
            .all(|configuration| self.0.contains_key(configuration))
    }

    /// Returns the configurations that have been read.
    pub(super) fn all(&self) -> impl Iterator<Item = &Armed> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundles(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[tokio::test]
    async fn time_of_a_report_is_that_of_the_last_change() {
        let trust = Trust::default();
        let mut given = trust.given();
        trust.report(Object::Mutating, bundles(&["a"]));
        let first = given.borrow_and_update().clone();
        assert!(!first.is_complete());
        trust.report(Object::Mutating, bundles(&["a"]));
        assert!(!given.has_changed().unwrap());
        trust.report(Object::Validating, bundles(&[]));
        assert!(given.borrow_and_update().is_complete());
        trust.report(Object::Mutating, bundles(&["a", "b"]));
        let second = given.borrow_and_update().clone();
        assert!(second.all().next().unwrap().since >= first.all().next().unwrap().since);
        trust.lose(Object::Mutating);
        assert!(!given.borrow_and_update().is_complete());
    }

    #[tokio::test]
    async fn wanted_bundle_is_sent_once() {
        let trust = Trust::default();
        let mut wanted = trust.wanted();
        trust.want("a");
        assert_eq!(wanted.borrow_and_update().as_deref(), Some("a"));
        trust.want("a");
        assert!(!wanted.has_changed().unwrap());
    }

    #[tokio::test]
    async fn refresh_waits_until_a_later_read_is_complete() {
        let trust = Arc::new(Trust::default());
        // Without a Secret, nobody would answer.
        let started = Instant::now();
        trust.refresh().await;
        assert!(started.elapsed() < REFRESH);
        trust.answer(0);
        let of_task = Arc::clone(&trust);
        let task = tokio::spawn(async move {
            let mut asked = of_task.asked();
            let number = *asked.wait_for(|number| *number == 1).await.unwrap();
            // A look that began before does not count.
            of_task.answer(0);
            tokio::time::sleep(Duration::from_millis(100)).await;
            of_task.answer(number);
        });
        let started = Instant::now();
        trust.refresh().await;
        assert!(started.elapsed() >= Duration::from_millis(100));
        task.await.unwrap();
    }
}

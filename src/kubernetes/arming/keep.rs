//! The task that keeps one webhook configuration: it arms it, updates it, and restores it.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use kube::core::DynamicObject;
use tokio::time::{Instant, sleep_until};

use super::config_map::{EntriesMap, EntriesState, TICK};
use super::configuration::WebhookConfiguration;
use super::disarm::Disarming;
use super::last_error::LastError;
use super::namespace::Namespace;
use super::pace::{Backoff, Restorations};
use super::plan::{Plan, is_optional, plan};
use super::reach::reach;
use super::report::ConfigurationReport;
use super::wanted::Wanted;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;
use crate::kubernetes::trust::Trust;
use crate::webhook::Conditions;

/// The delay after a conflict with a change by others.
const CONFLICT: Duration = Duration::from_millis(50);

/// The keeper of one webhook configuration.
#[derive(Debug)]
pub(super) struct Keeper<'a> {
    kind: Object,
    client: &'a ObjectClient,
    trust: &'a Trust,
    disarming: &'a Disarming,
    entries: &'a EntriesMap<'a>,
    report: ConfigurationReport<'a>,
    /// The configuration as it was seen last; `None` inside if it does not exist.
    seen: Option<Option<DynamicObject>>,
    read_error: LastError,
    /// The uid of the Namespace, if it is known, or the reason why it cannot be read.
    owner: Result<Option<String>, String>,
    /// False if the cluster does not let the webhook set an owner.
    may_set_owner: bool,
    /// The state that the configuration had when nothing was to be done. A difference from it is a change by others.
    kept: Option<Wanted>,
    /// The state that the API server rejected since the last tick, with its reason.
    rejected: Option<(Wanted, String)>,
    requests: Backoff,
    service: Backoff,
    restorations: Restorations,
    next_attempt: Option<Instant>,
}

/// The reason why a change did not happen.
enum Failure {
    /// Something has changed meanwhile, so the change has to be planned again.
    Outdated,
    /// The webhook cannot be reached by its Service.
    Unreached(String),
    /// A request failed.
    Api(ApiError),
    /// The API server accepted the change, but these fields still differ.
    Differs(Vec<String>),
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        kind: Object,
        client: &'a ObjectClient,
        trust: &'a Trust,
        disarming: &'a Disarming,
        conditions: &'a Conditions,
        entries: &'a EntriesMap<'a>,
    ) -> Self {
        Self {
            kind,
            client,
            trust,
            disarming,
            entries,
            report: ConfigurationReport::new(kind, client.names(), conditions),
            seen: None,
            read_error: LastError::default(),
            owner: Ok(None),
            may_set_owner: true,
            kept: None,
            rejected: None,
            requests: Backoff::of_requests(),
            service: Backoff::of_the_service(),
            restorations: Restorations::default(),
            next_attempt: None,
        }
    }

    /// Keeps the configuration. Never returns.
    pub(super) async fn run(mut self) {
        let mut wanted = self.trust.wanted();
        let mut entries = self.entries.seen();
        let mut objects = pin!(self.client.watch(self.kind));
        let mut tick = Instant::now();
        loop {
            if Instant::now() >= tick {
                tick = Instant::now() + TICK;
                self.rejected = None;
                self.read().await;
                // A failure is repeated with the next tick, and before each change.
                let _ = self.check_namespace().await;
            }
            let bundle = wanted.borrow_and_update().clone();
            entries.mark_unchanged();
            self.report_optional();
            if let Some(bundle) = bundle {
                self.step(&bundle).await;
            }
            let next = self.next_attempt.map_or(tick, |next| next.min(tick));
            tokio::select! {
                Some(found) = objects.next() => {
                    let is_gone = matches!(found, Ok(None));
                    self.see(false, found);
                    if is_gone {
                        let _ = self.check_namespace().await;
                    }
                }
                Ok(()) = entries.changed() => self.attempt_at_once(),
                Ok(()) = wanted.changed() => self.attempt_at_once(),
                () = sleep_until(next) => {}
            }
        }
    }

    fn attempt_at_once(&mut self) {
        self.next_attempt = None;
        self.rejected = None;
        self.requests.reset();
    }

    /// Reads the configuration now.
    async fn read(&mut self) {
        let found = self.client.get(self.kind).await;
        self.see(true, found);
    }

    fn see(&mut self, is_read: bool, found: Result<Option<DynamicObject>, ApiError>) {
        match found {
            Ok(object) => {
                if is_read {
                    self.read_error.got();
                } else {
                    self.read_error.watched();
                }
                self.see_object(object);
            }
            Err(error) => {
                // The watch knows it without the right to get it.
                if error.is_forbidden() && !is_read {
                    self.trust.lose(self.kind);
                }
                self.read_error.record(error, Instant::now());
            }
        }
    }

    fn see_object(&mut self, object: Option<DynamicObject>) {
        if let (Some(new), Some(Some(seen))) = (&object, &self.seen)
            && is_older(new, seen)
        {
            return;
        }
        let names = self.client.names();
        let configuration = object
            .as_ref()
            .map(|object| WebhookConfiguration::new(object, names));
        let bundles = configuration
            .map(WebhookConfiguration::bundles)
            .unwrap_or_default();
        self.trust.report(self.kind, bundles);
        self.seen = Some(object);
    }

    /// Reports a configuration that the installation need not have as one without entries, if the right to read it is
    /// missing: the manifests of v1.5.3 have neither. The first readiness would wait for it.
    fn report_optional(&mut self) {
        let error = self.read_error.current(Instant::now());
        let lacks_right = self.seen.is_none() && error.is_some_and(ApiError::is_forbidden);
        if lacks_right && is_optional(self.kind, &self.entries.seen().borrow()) {
            self.trust.report(self.kind, BTreeSet::new());
        }
    }

    /// Reads the Namespace, and disarms if it is being deleted.
    async fn check_namespace(&mut self) -> Result<(), ApiError> {
        let namespace = self.disarming.check(self.client).await;
        self.see_namespace(namespace)
    }

    /// Records the uid of the Namespace. A missing right to read it is a problem, but changes are made without it.
    fn see_namespace(&mut self, namespace: Result<Namespace, ApiError>) -> Result<(), ApiError> {
        match namespace {
            Ok(Namespace::Exists(uid)) => self.owner = Ok(Some(uid)),
            Ok(Namespace::Deleted | Namespace::Absent) => {}
            Err(error) if error.is_forbidden() => self.owner = Err(error.to_string()),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Does what is to be done now.
    async fn step(&mut self, bundle: &str) {
        if self.disarming.forbids_arming() {
            self.next_attempt = None;
            return self.report.clear();
        }
        let Some(wanted) = self.change(bundle) else { return };
        let now = Instant::now();
        if self.next_attempt.is_some_and(|next| next > now) {
            return;
        }
        if self.kept.as_ref() == Some(&wanted)
            && let Some(next) = self.restorations.next(now).filter(|next| *next > now)
        {
            self.next_attempt = Some(next);
            return self.report_fight();
        }
        // The watches may be late. The objects of this moment decide.
        let (has_entries, found, namespace, ()) = tokio::join!(
            self.entries.read(),
            self.client.get(self.kind),
            self.disarming.check(self.client),
            self.trust.refresh()
        );
        self.see(true, found);
        let error = match (
            self.see_namespace(namespace),
            self.read_error.current(Instant::now()),
        ) {
            (Err(error), _) => Some(error.to_string()),
            (Ok(()), Some(error)) if error.verb == "get" => Some(error.to_string()),
            (Ok(()), _) => None,
        };
        if let Some(problem) = error {
            self.next_attempt = Some(Instant::now() + self.requests.fail());
            return self.report.problem(problem);
        }
        if !has_entries {
            self.next_attempt = Some(Instant::now() + self.requests.fail());
            return;
        }
        // A replica that was cut off must not write CA certificates of yesterday. The new ones make it step again.
        let is_outdated = self.trust.wanted().borrow().as_deref() != Some(bundle);
        if is_outdated || self.disarming.forbids_arming() {
            return;
        }
        let Some(wanted) = self.change(bundle) else { return };
        match self.write(&wanted, bundle).await {
            Ok(()) => {
                self.requests.reset();
                self.service.reset();
                self.next_attempt = Some(Instant::now());
            }
            Err(failure) => self.fail(wanted, failure),
        }
    }

    /// Returns the state that the configuration must get. `None` if nothing is to be done, which it reports.
    fn change(&mut self, bundle: &str) -> Option<Wanted> {
        let entries = self.entries.seen().borrow().clone();
        if entries.state == EntriesState::Unknown && entries.problem.is_none() {
            return None;
        }
        let is_optional = is_optional(self.kind, &entries);
        let (object, names) = match &self.seen {
            None => {
                if let Some(error) = self.read_error.current(Instant::now()) {
                    self.report.unread(error, is_optional);
                }
                return None;
            }
            Some(None) => {
                self.next_attempt = None;
                self.report.missing(is_optional);
                return None;
            }
            Some(Some(object)) => (object, self.client.names()),
        };
        let owner = self.owner.as_ref().ok().and_then(Option::as_deref);
        let owner = owner.filter(|_| self.may_set_owner);
        let (mut wanted, mut problem) = match plan(self.kind, object, &entries, bundle, owner, names) {
            Plan::Untouched(reason) => {
                self.next_attempt = None;
                self.report.problem(reason);
                return None;
            }
            Plan::Keep { wanted, problem } => (wanted, problem),
        };
        if let Some((rejected, reason)) = &self.rejected
            && *rejected == wanted
        {
            wanted = wanted.keeping_entries();
            problem = Some(reason.clone());
        }
        if !WebhookConfiguration::new(object, names)
            .differences(&wanted)
            .is_empty()
        {
            return Some(wanted);
        }
        self.settle(wanted, problem);
        None
    }

    /// Records that nothing is to be done, except for a problem that others have to solve.
    fn settle(&mut self, kept: Wanted, problem: Option<String>) {
        self.kept = Some(kept);
        self.requests.reset();
        self.service.reset();
        self.next_attempt = None;
        let lacks_right = self
            .read_error
            .current(Instant::now())
            .filter(|error| error.is_forbidden());
        let problem = problem
            .or_else(|| lacks_right.map(ToString::to_string))
            .or_else(|| self.owner.as_ref().err().cloned());
        match problem {
            Some(problem) => self.report.problem(problem),
            None if self.restorations.next(Instant::now()).is_some() => self.report_fight(),
            None => self.report.clear(),
        }
    }

    fn report_fight(&mut self) {
        let object = self.seen.as_ref().and_then(Option::as_ref);
        let names = self.client.names();
        let changed_by = object.and_then(|object| WebhookConfiguration::new(object, names).changed_by());
        self.report.fight(changed_by);
    }

    /// Changes the configuration that was read last.
    async fn write(&mut self, wanted: &Wanted, bundle: &str) -> Result<(), Failure> {
        let names = self.client.names();
        let Some(Some(object)) = self.seen.clone() else {
            return Err(Failure::Outdated);
        };
        let configuration = WebhookConfiguration::new(&object, names);
        let is_armed = configuration.is_armed();
        if !is_armed && !wanted.names().is_empty() {
            reach(names, bundle).await.map_err(Failure::Unreached)?;
            // It may have taken seconds.
            self.check_namespace().await.map_err(Failure::Api)?;
            if self.disarming.forbids_arming() {
                return Err(Failure::Outdated);
            }
        }
        let mut written = object.clone();
        if let Some(patch) = configuration.replaced(wanted) {
            written = self.client.merge(self.kind, &patch).await.map_err(Failure::Api)?;
        }
        if let Some(fields) = WebhookConfiguration::new(&written, names).applied(wanted) {
            written = self.client.apply(self.kind, fields).await.map_err(Failure::Api)?;
        }
        let differences = configuration.differences(wanted);
        let new = WebhookConfiguration::new(&written, names);
        if self.kept.as_ref() == Some(wanted) {
            self.restorations.record(Instant::now());
            self.report.restored(&differences, configuration.changed_by());
        } else if is_armed && !new.is_armed() {
            self.report.disarmed();
        } else if is_armed {
            self.report.updated(&differences);
        } else {
            self.report.armed(&wanted.names());
        }
        let left = new.differences(wanted);
        self.see_object(Some(written));
        if left.is_empty() {
            self.kept = Some(wanted.clone());
            return Ok(());
        }
        Err(Failure::Differs(left))
    }

    fn fail(&mut self, wanted: Wanted, failure: Failure) {
        let now = Instant::now();
        match failure {
            Failure::Outdated => self.next_attempt = Some(now),
            Failure::Api(error) if error.is_conflict() => self.next_attempt = Some(now + CONFLICT),
            Failure::Api(error) if self.may_set_owner && error.is_about_the_owner() => {
                self.may_set_owner = false;
                self.next_attempt = Some(now);
                self.report.without_owner(&error);
            }
            Failure::Api(error) if wanted.is_listed() && error.is_rejection() => {
                let reason = self.report.rejected(&error);
                self.rejected = Some((wanted, reason));
                self.next_attempt = Some(now);
            }
            Failure::Unreached(cause) => {
                self.next_attempt = Some(now + self.service.fail());
                self.report.unreached(&cause, self.service.failures());
            }
            Failure::Api(error) => {
                self.next_attempt = Some(now + self.requests.fail());
                self.report.problem(error.to_string());
            }
            Failure::Differs(left) => {
                self.next_attempt = Some(now + self.requests.fail());
                let left = left.join(", ");
                self.report
                    .problem(format!("the API server accepts the entries, but changes {left}"));
            }
        }
    }
}

/// Returns true if an object is an earlier version of another. A watch is late, and reports versions that are gone.
fn is_older(new: &DynamicObject, seen: &DynamicObject) -> bool {
    let version = |object: &DynamicObject| object.metadata.resource_version.as_ref()?.parse::<u64>().ok();
    let versions = version(new).zip(version(seen));
    new.metadata.uid == seen.metadata.uid && versions.is_some_and(|(new, seen)| new < seen)
}

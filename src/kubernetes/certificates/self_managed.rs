//! The mode self-managed: the replicas keep a CA and a key pair in the Secret.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, sleep_until};

use super::authority::{PemPair, ServiceHosts};
use super::moment::Moment;
use super::pair::UsablePair;
use super::plan::{PlanInputs, SecretStep, plan};
use super::report::{CertificateReport, absent_secret, foreign_secret};
use super::seen::{Knowledge, SeenTrust};
use super::stored::{SecretChanges, StoredSecret};
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;
use crate::kubernetes::trust::Trust;
use crate::webhook::Handles;

/// Maximum time between two looks at the Secret and at the clocks.
pub(super) const TICK: Duration = Duration::from_secs(30);
/// Time after a failed request.
const RETRY: Duration = Duration::from_secs(5);
/// Time in which the webhook configurations are read, or it turns out that they cannot be.
const READING: Duration = Duration::from_secs(10);
/// Time between two writes of a new CA by a replica. If another client empties the Secret again and again, each CA
/// gets into `caBundle` before the next one.
const BETWEEN_AUTHORITIES: Duration = Duration::from_secs(10);
/// Maximum number of steps in a row. Three are enough without other replicas.
const MAX_STEPS: usize = 20;
/// Time in which further changes of the Secret are part of the same look.
const QUIET: Duration = Duration::from_millis(50);

/// The task of the mode self-managed.
pub(super) struct SelfManaged<'a> {
    client: &'a ObjectClient,
    trust: &'a Trust,
    webhook: &'a Handles,
    hosts: ServiceHosts,
    report: CertificateReport<'a>,
    /// The time at which the task started.
    started: Instant,
    /// The time at which this replica last wrote a new CA.
    made_authority: Option<Instant>,
}

/// The result of a look at the Secret.
struct SecretLook {
    problem: Option<String>,
    /// The time of the next look.
    next: Instant,
}

impl<'a> SelfManaged<'a> {
    pub(super) fn new(client: &'a ObjectClient, trust: &'a Trust, webhook: &'a Handles) -> Self {
        let names = client.names();
        Self {
            client,
            trust,
            webhook,
            hosts: ServiceHosts::new(&names.service, &names.namespace),
            report: CertificateReport::new(&webhook.conditions),
            started: Instant::now(),
            made_authority: None,
        }
    }

    /// Keeps the Secret and the active pair. Never returns.
    pub(super) async fn run(mut self) {
        // A state that the watch gives is not used, because the answer to a read has the time of the API server too.
        let mut events = pin!(self.client.watch(Object::Secret));
        let mut given = self.trust.given();
        let mut watch_problem = None;
        loop {
            given.borrow_and_update();
            let look = self.look().await;
            let seen = self.seen();
            self.settle(&seen, look.problem.or_else(|| watch_problem.clone()));
            let settled = self.settles_at(&seen).unwrap_or(look.next);
            tokio::select! {
                event = events.next() => watch_problem = match event {
                    Some(Err(error)) => Some(error.to_string()),
                    Some(Ok(_)) | None => None,
                },
                _ = given.changed() => {}
                () = sleep_until(look.next.min(settled)) => {}
            }
            sleep(QUIET).await;
        }
    }

    /// Reads the Secret, and takes all steps that can be taken.
    async fn look(&mut self) -> SecretLook {
        let mut problem = None;
        for _ in 0..MAX_STEPS {
            match self.step().await {
                Ok(Some(look)) => return look,
                Ok(None) => {}
                // Another replica was faster.
                Err(error) if error.is_conflict() => sleep(QUIET).await,
                Err(error) => {
                    problem = Some(error.to_string());
                    break;
                }
            }
        }
        SecretLook {
            problem,
            next: Instant::now() + RETRY,
        }
    }

    /// Reads the Secret, and takes at most one step. Returns `None` if there may be another one.
    async fn step(&mut self) -> Result<Option<SecretLook>, ApiError> {
        let tick = Instant::now() + TICK;
        let wait = |problem: Option<String>, next| Ok(Some(SecretLook { problem, next }));
        let secret = self.client.get(Object::Secret).await?;
        self.webhook.pair.set_ahead(self.client.clock().ahead());
        let Some(secret) = secret else {
            return wait(Some(absent_secret(self.client.names())), tick);
        };
        let stored = StoredSecret::read(&secret);
        if let Some(foreign) = &stored.foreign {
            return wait(Some(foreign_secret(foreign, self.client.names())), tick);
        }
        let moment = self.moment();
        let remembered = self.trust.wanted().borrow().clone();
        let next = plan(PlanInputs {
            stored: &stored,
            active: self.active(),
            remembered: remembered.as_deref(),
            seen: &self.seen(),
            hosts: &self.hosts,
            moment,
        });
        let mut problem = None;
        if let Some(pair) = next.serve
            && let Err(error) = self.webhook.offer_pair(&pair.chain, &pair.key)
        {
            problem = Some(error.to_string());
        }
        if let Some(bundle) = next.want {
            self.trust.want(&bundle);
        }
        let Some(step) = next.write else {
            return wait(problem, tick);
        };
        if let Some(time) = self.may_not_before(&step) {
            return wait(problem, time);
        }
        match step.changes(&self.hosts, moment) {
            Ok(changes) => self.write(&stored, &changes, &step).await?,
            Err(error) => return wait(Some(format!("cannot issue a certificate: {error}")), tick),
        }
        Ok(None)
    }

    async fn write(
        &mut self,
        stored: &StoredSecret,
        changes: &SecretChanges,
        step: &SecretStep,
    ) -> Result<(), ApiError> {
        self.client.merge(Object::Secret, &stored.patch(changes)).await?;
        if step.is_new_authority() {
            self.made_authority = Some(Instant::now());
        }
        let secret = &self.client.names().secret;
        tracing::info!(secret, written = step.describe(), "certificates written");
        Ok(())
    }

    /// Returns the time before which the step must not be taken.
    fn may_not_before(&self, step: &SecretStep) -> Option<Instant> {
        let time = self.made_authority? + BETWEEN_AUTHORITIES;
        (step.is_new_authority() && time > Instant::now()).then_some(time)
    }

    fn seen(&self) -> SeenTrust {
        let given = self.trust.given().borrow().clone();
        let knowledge = match given.is_complete() {
            true => Knowledge::Complete,
            false if self.started.elapsed() < READING => Knowledge::Awaited,
            false => Knowledge::Incomplete,
        };
        SeenTrust::new(&given, knowledge, Instant::now())
    }

    fn settles_at(&self, seen: &SeenTrust) -> Option<Instant> {
        match seen.knowledge {
            Knowledge::Awaited => Some(self.started + READING),
            Knowledge::Complete | Knowledge::Incomplete => {
                seen.settles_at().filter(|time| *time > Instant::now())
            }
        }
    }

    fn settle(&mut self, seen: &SeenTrust, problem: Option<String>) {
        let active = self.active().and_then(UsablePair::parse);
        let now = self.moment().now();
        self.report
            .settle(active.as_ref(), Some(seen), &self.hosts, now, problem);
        self.report.clock(self.client);
    }

    fn active(&self) -> Option<PemPair> {
        let (chain, key) = self.webhook.pair.pem()?;
        Some(PemPair { chain, key })
    }

    fn moment(&self) -> Moment {
        Moment::new(self.client.now(), OffsetDateTime::now_utc())
    }
}

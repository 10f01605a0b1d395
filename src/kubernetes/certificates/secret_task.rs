//! The task that looks at the Secret whenever it, the trust or the time changes.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::context::{SecretContext, SecretLook, TICK};
use super::csr::Csr;
use super::own;
use super::own_authority::want_authority_of_signer;
use super::pair::UsablePair;
use super::report::{CertificateReport, absent_secret, foreign_secret};
use super::seen::SeenTrust;
use super::self_managed::SelfManaged;
use super::stored::{ForeignSecret, StoredSecret};
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// Time after a failed request.
const RETRY: Duration = Duration::from_secs(5);
/// Maximum number of steps in a row. Three are enough without other replicas.
const MAX_STEPS: usize = 20;
/// Time in which further changes of the Secret are part of the same look.
const QUIET: Duration = Duration::from_millis(50);

/// The task that keeps the Secret and the active pair.
pub(super) struct SecretTask<'a> {
    context: SecretContext<'a>,
    report: CertificateReport<'a>,
    mode: SecretMode,
}

/// The origin of the pair in the Secret.
pub(super) enum SecretMode {
    SelfManaged(SelfManaged),
    Csr(Csr),
}

impl<'a> SecretTask<'a> {
    pub(super) fn new(context: SecretContext<'a>, mode: SecretMode) -> Self {
        Self {
            report: CertificateReport::new(&context.webhook.conditions),
            context,
            mode,
        }
    }

    /// Keeps the Secret and the active pair. Never returns.
    pub(super) async fn run(mut self) {
        // A state that the watch gives is not used, because the answer to a read has the time of the API server too.
        let mut events = pin!(self.context.client.watch(Object::Secret));
        let mut given = self.context.trust.given();
        let mut asked = self.context.trust.asked();
        let mut watch_problem = None;
        loop {
            given.borrow_and_update();
            let number = *asked.borrow_and_update();
            let started = Instant::now();
            let look = self.look().await;
            self.context.trust.answer(number);
            let seen = self.context.seen();
            self.settle(seen.as_ref(), look.problem.or_else(|| watch_problem.clone()));
            // From before the look, so that no moment is missed.
            let settled = seen.and_then(|seen| self.context.settles_after(started, &seen));
            let next = settled.map_or(look.next, |settled| look.next.min(settled));
            tokio::select! {
                event = events.next() => watch_problem = match event {
                    Some(Err(error)) => Some(error.to_string()),
                    Some(Ok(_)) | None => None,
                },
                _ = given.changed() => {}
                _ = asked.changed() => continue,
                () = sleep_until(next) => {}
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
        SecretLook::again_in(problem, RETRY)
    }

    /// Reads the Secret, and takes at most one step. Returns `None` if there may be another one.
    async fn step(&mut self) -> Result<Option<SecretLook>, ApiError> {
        let Self { context, mode, .. } = self;
        let client = context.client;
        let secret = client.get(Object::Secret).await?;
        context.webhook.pair.set_ahead(client.clock().ahead());
        let problem = match secret.map(|secret| StoredSecret::read(&secret)) {
            // v1.5.3 has no manifest of it.
            None if context.settings.predecessor.is_some() => {
                let fields = json!({"metadata": {"labels": {"app": "imageswap"}}});
                client.create(Object::Secret, fields).await?;
                return Ok(None);
            }
            None => absent_secret(client.names()),
            Some(stored) => match (&stored.foreign, mode) {
                (Some(ForeignSecret::OwnPair), _) if context.settings.predecessor.is_some() => {
                    return own::step(context, &stored).await;
                }
                (Some(foreign), _) => foreign_secret(foreign, client.names()),
                (None, SecretMode::SelfManaged(mode)) => return mode.step(context, &stored).await,
                (None, SecretMode::Csr(mode)) => {
                    let mut look = mode.step(context, &stored).await?;
                    if let Some(look) = look.as_mut().filter(|_| context.settings.has_own_authority())
                        && let Some(problem) = want_authority_of_signer(context, mode.signer()).await?
                    {
                        look.problem.get_or_insert(problem);
                        look.next = look.next.min(Instant::now() + RETRY);
                    }
                    return Ok(look);
                }
            },
        };
        Ok(Some(SecretLook::again_in(Some(problem), TICK)))
    }

    fn settle(&mut self, seen: Option<&SeenTrust>, problem: Option<String>) {
        let context = &self.context;
        let active = context.active().and_then(UsablePair::parse);
        let now = context.moment().now();
        self.report
            .settle(active.as_ref(), seen, &context.hosts, now, problem);
    }
}

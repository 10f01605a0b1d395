//! The mode self-managed: the replicas keep a CA and a key pair in the Secret.

use std::time::Duration;

use tokio::time::Instant;

use super::context::{SecretContext, SecretLook, TICK};
use super::plan::{PlanInputs, plan};
use super::seen::{Knowledge, SeenTrust};
use super::step::SecretStep;
use super::stored::StoredSecret;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;
use crate::kubernetes::trust::GivenTrust;

/// Time between two writes of a new CA by a replica. If another client empties the Secret again and again, each CA
/// gets into `caBundle` before the next one.
const BETWEEN_AUTHORITIES: Duration = Duration::from_secs(10);

/// The state of the mode self-managed.
#[derive(Debug, Default)]
pub(super) struct SelfManaged {
    /// The time at which this replica last wrote a new CA.
    made_authority: Option<Instant>,
}

impl SelfManaged {
    /// Takes at most one step. Returns `None` if there may be another one.
    pub(super) async fn step(
        &mut self,
        context: &SecretContext<'_>,
        stored: &StoredSecret,
    ) -> Result<Option<SecretLook>, ApiError> {
        let moment = context.moment();
        let remembered = context.trust.wanted().borrow().clone();
        // This mode always arms.
        let unknown = || SeenTrust::new(&GivenTrust::default(), Knowledge::Incomplete, Instant::now());
        let next = plan(PlanInputs {
            stored,
            active: context.active(),
            remembered: remembered.as_deref(),
            seen: &context.seen().unwrap_or_else(unknown),
            hosts: &context.hosts,
            moment,
        });
        let problem = next.serve.and_then(|pair| context.offer(&pair));
        if let Some(bundle) = next.want {
            context.trust.want(&bundle);
        }
        let Some(step) = next.write else {
            return Ok(Some(SecretLook::again_in(problem, TICK)));
        };
        if let Some(next) = self.may_not_before(&step) {
            return Ok(Some(SecretLook { problem, next }));
        }
        let changes = match step.changes(&context.hosts, moment) {
            Ok(changes) => changes,
            Err(error) => {
                let problem = format!("cannot issue a certificate: {error}");
                return Ok(Some(SecretLook::again_in(Some(problem), TICK)));
            }
        };
        let client = context.client;
        client.merge(Object::Secret, &stored.patch(&changes)).await?;
        if step.is_new_authority() {
            self.made_authority = Some(Instant::now());
        }
        let secret = &client.names().secret;
        tracing::info!(secret, written = step.describe(), "certificates written");
        Ok(None)
    }

    /// Returns the time before which the step must not be taken.
    fn may_not_before(&self, step: &SecretStep) -> Option<Instant> {
        let time = self.made_authority? + BETWEEN_AUTHORITIES;
        (step.is_new_authority() && time > Instant::now()).then_some(time)
    }
}

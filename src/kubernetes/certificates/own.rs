//! A pair of the user in the Secret, which v1.5.3 marks with an annotation. The webhook follows it, and writes nothing.

use std::time::Duration;

use super::certificate::{ReadCertificate, bundle};
use super::context::{SecretContext, SecretLook};
use super::own_authority::{OWN_AUTHORITY_KEY, read_own_authority};
use super::pair::UsablePair;
use super::stored::StoredSecret;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// Time between two looks at both Secrets.
const LOOK: Duration = Duration::from_secs(5);

/// The state of the mode.
#[derive(Debug, Default)]
pub(super) struct OwnPair {
    /// The CA certificates of the last `caBundle`.
    wanted: Vec<ReadCertificate>,
}

impl OwnPair {
    /// Makes the pair of the Secret active, once API servers accept it.
    pub(super) async fn step(
        &mut self,
        context: &SecretContext<'_>,
        stored: &StoredSecret,
    ) -> Result<Option<SecretLook>, ApiError> {
        let wait = |problem| Ok(Some(SecretLook::again_in(problem, LOOK)));
        let names = context.client.names();
        let now = context.moment().now();
        let active = context.active().and_then(UsablePair::parse);
        let authorities = read_own_authority(context.client).await?;
        if let Ok(authorities) = &authorities {
            let is_accepted = |pair: &UsablePair| pair.is_accepted(authorities, &context.hosts, now);
            let mut wanted = authorities.clone();
            // Replicas serve the active pair until API servers trust the CA of the next one.
            if active.as_ref().is_some_and(|active| !is_accepted(active)) {
                let former = self.wanted.iter().filter(|former| !authorities.contains(former));
                wanted.extend(former.cloned());
            }
            context.trust.want(&bundle(&wanted));
            self.wanted = wanted;
        }
        let Some(pair) = stored.pair() else {
            let secret = &names.secret;
            return wait(Some(format!(
                "the Secret {secret} has no pair of cert.pem and key.pem, which its annotation promises"
            )));
        };
        if let (Some(active), Some(next), Some(seen)) =
            (&active, UsablePair::parse(pair.clone()), context.seen())
            && *active != next
            && !(seen.accepts(&next, &context.hosts, now) && seen.is_settled())
        {
            return wait(Some(format!(
                "the new pair is served once API servers trust its CA; put that into the Secret {} at {OWN_AUTHORITY_KEY}",
                Object::OwnAuthority.name(names)
            )));
        }
        wait(context.offer(&pair).or(authorities.err()))
    }
}

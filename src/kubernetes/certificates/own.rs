//! A pair of the user in the Secret, which v1.5.3 marks with an annotation. The webhook follows it, and writes nothing.

use std::time::Duration;

use super::certificate::bundle;
use super::context::{SecretContext, SecretLook};
use super::own_authority::{OWN_AUTHORITY_KEY, read_own_authority};
use super::pair::UsablePair;
use super::stored::StoredSecret;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// Time between two looks at both Secrets.
const LOOK: Duration = Duration::from_secs(5);

/// Makes the pair of the Secret active, once API servers accept it.
pub(super) async fn step(
    context: &SecretContext<'_>,
    stored: &StoredSecret,
) -> Result<Option<SecretLook>, ApiError> {
    let wait = |problem| Ok(Some(SecretLook::again_in(problem, LOOK)));
    let names = context.client.names();
    let now = context.moment().now();
    let active = context.active().and_then(UsablePair::parse);
    let mut problem = None;
    if context.settings.has_own_authority() {
        problem = want(context, active.as_ref()).await?;
    }
    let Some(pair) = stored.pair() else {
        let secret = &names.secret;
        return wait(Some(format!(
            "the Secret {secret} has no pair of cert.pem and key.pem, which its annotation promises"
        )));
    };
    if let (Some(active), Some(next), Some(seen)) = (&active, UsablePair::parse(pair.clone()), context.seen())
        && *active != next
        && !(seen.accepts(&next, &context.hosts, now) && seen.is_settled())
    {
        return wait(Some(format!(
            "the new pair is served once API servers trust its CA; put that into the Secret {} at {OWN_AUTHORITY_KEY}",
            Object::OwnAuthority.name(names)
        )));
    }
    wait(context.offer(&pair).or(problem))
}

/// Sets what `caBundle` must have. Returns the problem if there are no CA certificates.
async fn want(context: &SecretContext<'_>, active: Option<&UsablePair>) -> Result<Option<String>, ApiError> {
    let authorities = match read_own_authority(context.client).await? {
        Ok(authorities) => authorities,
        Err(problem) => return Ok(Some(problem)),
    };
    let now = context.moment().now();
    let mut wanted = authorities.clone();
    // Replicas serve the active pair until API servers trust the CA of the next one, so the CA that they trust now stays.
    if active.is_some_and(|active| !active.is_accepted(&authorities, &context.hosts, now))
        && let Some(seen) = context.seen()
    {
        for former in seen.authorities() {
            if !wanted.contains(former) {
                wanted.push(former.clone());
            }
        }
    }
    context.trust.want(&bundle(&wanted));
    Ok(None)
}

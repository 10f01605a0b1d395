//! Reasons why the webhook does not evaluate or change an image.

use imageswap_engine::admission::SkipReason;
use imageswap_engine::rules::Explanation;

/// Returns the reason why an image is kept that no rule decided.
pub(super) fn kept_reason_text(explanation: &Explanation<'_>) -> &'static str {
    match explanation.rounds.last() {
        // The engine does not evaluate the image `auto`, so there is no round.
        None => skip_reason_text(SkipReason::Auto),
        Some(round) if round.map.is_some() => "no rule matches, and the map does not swap it",
        Some(_) => "no rule matches",
    }
}

/// Returns the reason why an image is skipped, as text.
pub(crate) fn skip_reason_text(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Disabled => "the object has the break-glass label",
        SkipReason::Deleting => "the object is being deleted",
        SkipReason::MirrorPod => "the Pod mirrors a static Pod",
        SkipReason::Unchanged => "the update does not change it",
        SkipReason::Auto => "Istio's injector fills it in",
        SkipReason::TooMany => "the request has too many images",
        SkipReason::InvalidImage => "it is not a valid image",
        SkipReason::InvalidResult => "its swap does not produce a valid image",
        SkipReason::NoImage => "it has no image",
    }
}

//! The line of the log about a review.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::time::Duration;

use imageswap_engine::admission::{ImageDecision, ImageEffect, ReviewOutcome, Reviewed, SkipReason};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Operation;
use imageswap_engine::diagnostic::visible;
use imageswap_engine::rules::RuleId;
use tracing::Level;

use super::deadline::micros;
use crate::webhook::logging::JsonText;
use crate::webhook::metrics::RuleCounts;

/// Maximum number of rules in a line. A Pod with many containers could match thousands.
const MAX_NAMED_RULES: usize = 100;
/// Maximum number of images in a line: more than a real Pod has.
const MAX_DETAILS: usize = 20;
/// Maximum length of an image or a name in a line, in characters.
const MAX_TEXT: usize = 256;

/// Logs one line about a review: its outcome, its rules, and the images that need an explanation. These are the denied,
/// invalid and skipped ones, and with `debug` the swapped ones too.
pub(super) fn log_review(reviewed: &Reviewed<'_>, rules: &RuleSet, counts: &RuleCounts, duration: Duration) {
    // Building the line allocates, so it is skipped if no one reads it.
    if !tracing::enabled!(Level::INFO) {
        return;
    }
    let mut named: Vec<RuleId> = Vec::new();
    for rule in reviewed.images.iter().flat_map(|image| &image.rules) {
        if named.len() < MAX_NAMED_RULES && !named.contains(rule) {
            named.push(*rule);
        }
    }
    let labels: Vec<&str> = named.iter().map(|rule| counts.label(rules, *rule)).collect();
    let lines: Vec<String> = named.iter().filter_map(|rule| rules.rule_line(*rule)).collect();
    let details = Details {
        images: &reviewed.images,
        rules,
        counts,
        last: if tracing::enabled!(Level::DEBUG) {
            Detail::Swapped
        } else {
            Detail::Skipped
        },
    };
    let numbers = Numbers::new(reviewed, details.last);
    let skipped = |reason| Some(numbers.skipped[reason as usize]).filter(|count| *count > 0);
    tracing::info!(
        uid = reviewed.request.uid.as_ref(),
        namespace = reviewed.request.namespace.as_deref(),
        kind = reviewed.request.kind.as_ref(),
        name = reviewed.request.name.as_deref(),
        operation = reviewed.request.operation.map(Operation::as_str),
        dry_run = reviewed.request.dry_run.then_some(true),
        outcome = reviewed.outcome.as_str(),
        denial = reviewed.denial.as_deref(),
        images = numbers.images,
        swapped = numbers.swapped,
        unchanged = skipped(SkipReason::Unchanged),
        disabled = skipped(SkipReason::Disabled),
        details = (numbers.details > 0).then(|| debug(&details)),
        more_details = Some(numbers.details.saturating_sub(MAX_DETAILS)).filter(|more| *more > 0),
        rules = labels.join(","),
        rule_lines = (!lines.is_empty()).then(|| lines.join(",")),
        duration_us = micros(duration),
        "reviewed"
    );
}

/// The reason why an image is listed; the first ones are the most important, if there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Denied,
    Invalid,
    Skipped,
    Swapped,
}

impl Detail {
    /// Returns the reason for an effect; `None` if an image with it is never listed.
    fn of(effect: &ImageEffect) -> Option<Self> {
        match effect {
            ImageEffect::Deny | ImageEffect::WouldDeny => Some(Self::Denied),
            ImageEffect::Skipped(reason) => Self::of_skipped(*reason),
            ImageEffect::Swap(_) | ImageEffect::WouldSwap(_) => Some(Self::Swapped),
            ImageEffect::Keep => None,
        }
    }

    fn of_skipped(reason: SkipReason) -> Option<Self> {
        match reason {
            SkipReason::InvalidImage | SkipReason::InvalidResult => Some(Self::Invalid),
            // These are all images of the object, or all but a few, so a number says as much as a list.
            SkipReason::Disabled | SkipReason::Unchanged => None,
            SkipReason::Deleting
            | SkipReason::MirrorPod
            | SkipReason::Auto
            | SkipReason::NoImage
            | SkipReason::TooMany => Some(Self::Skipped),
        }
    }
}

/// Numbers of images of a review.
#[derive(Default)]
struct Numbers {
    images: usize,
    swapped: usize,
    /// Skipped images, by the reason.
    skipped: [usize; SkipReason::ALL.len()],
    /// Images that would be listed without a limit.
    details: usize,
}

impl Numbers {
    /// Counts the images, and those to list up to a reason.
    fn new(reviewed: &Reviewed<'_>, last: Detail) -> Self {
        let is_listed = |detail: Option<Detail>| detail.is_some_and(|detail| detail <= last);
        let mut numbers = Self::default();
        for image in &reviewed.images {
            numbers.images += 1;
            match image.effect {
                ImageEffect::Skipped(reason) => numbers.skipped[reason as usize] += 1,
                // A denied review changes nothing.
                ImageEffect::Swap(_) if reviewed.outcome != ReviewOutcome::Denied => numbers.swapped += 1,
                _ => {}
            }
            numbers.details += usize::from(is_listed(Detail::of(&image.effect)));
        }
        for (reason, count) in reviewed.more.counts() {
            numbers.images += count;
            numbers.skipped[reason as usize] += count;
            if is_listed(Detail::of_skipped(reason)) {
                numbers.details += count;
            }
        }
        numbers
    }
}

/// The listed images. Its text is made when the line is written, so a line without them costs nothing: `{:#?}` is a JSON
/// array, and `{:?}` is for people, with an image a line.
struct Details<'l, 'a> {
    images: &'l [ImageDecision<'a>],
    rules: &'l RuleSet,
    counts: &'l RuleCounts,
    /// The least important images to list.
    last: Detail,
}

impl fmt::Debug for Details<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |detail: Detail| {
            let images = self.images.iter();
            images.filter(move |image| Detail::of(&image.effect) == Some(detail))
        };
        let by_importance = [Detail::Denied, Detail::Invalid, Detail::Skipped, Detail::Swapped];
        let listed = by_importance.into_iter().filter(|detail| *detail <= self.last);
        let images = listed.flat_map(of).take(MAX_DETAILS).enumerate();
        if !f.alternate() {
            for (index, image) in images {
                f.write_str(if index == 0 { "" } else { "\n" })?;
                self.write_text(f, image)?;
            }
            return Ok(());
        }
        f.write_char('[')?;
        for (index, image) in images {
            f.write_str(if index == 0 { "" } else { "," })?;
            self.write_json(f, image)?;
        }
        f.write_char(']')
    }
}

impl Details<'_, '_> {
    fn write_json(&self, f: &mut fmt::Formatter<'_>, image: &ImageDecision<'_>) -> fmt::Result {
        let element = image.pointer.element();
        let key = element.kind();
        match &image.container {
            Some(name) => write!(f, "{{\"{key}\":{}", JsonText(&clipped(name)))?,
            None => write!(f, "{{\"{key}\":\"{element}\"")?,
        }
        write!(f, ",\"image\":{}", JsonText(&clipped(&image.image)))?;
        write!(f, ",\"reason\":\"{}\"", image.effect.as_str())?;
        if let Some(result) = image.effect.result() {
            write!(f, ",\"result\":{}", JsonText(&clipped(result)))?;
        }
        if let Some(rule) = image.rule {
            write!(f, ",\"rule\":{}", JsonText(self.counts.label(self.rules, rule)))?;
            if let Some(line) = self.rules.rule_line(rule) {
                write!(f, ",\"rule_line\":{}", JsonText(&line))?;
            }
        }
        f.write_char('}')
    }

    fn write_text(&self, f: &mut fmt::Formatter<'_>, image: &ImageDecision<'_>) -> fmt::Result {
        let element = image.pointer.element();
        write!(f, "{}: {} of ", image.effect.as_str(), Plain(&image.image))?;
        match &image.container {
            Some(name) => write!(f, "{} {}", element.kind(), Plain(name))?,
            None => write!(f, "{element}")?,
        }
        if let Some(result) = image.effect.result() {
            write!(f, " -> {}", Plain(result))?;
        }
        if let Some(rule) = image.rule {
            write!(f, " by {}", Plain(self.counts.label(self.rules, rule)))?;
            if let Some(line) = self.rules.rule_line(rule) {
                write!(f, " ({})", Plain(&line))?;
            }
        }
        Ok(())
    }
}

/// Returns enough of a text to recognize it.
fn clipped(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}...", &text[..end]).into(),
        None => text.into(),
    }
}

/// A text on one line, clipped.
struct Plain<'t>(&'t str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&clipped(self.0)))
    }
}

#[cfg(test)]
mod tests {
    use imageswap_engine::admission::{Caller, Policy, review};
    use imageswap_engine::legacy::{LegacyConfig, Prefix};
    use imageswap_tests_support::webhook::pod;
    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Returns the number of allocations for the line about a Pod with these images.
    fn allocations(images: &[&str], level: Level) -> u64 {
        let rules = RuleSet::from(LegacyConfig::Prefix(Prefix::new("mirror.example.com")));
        let policy = Policy {
            rules: &rules,
            digest: "d",
            disable_label: "k8s.twr.io/imageswap",
            dry_run: false,
            record_originals: false,
        };
        let body = pod(images);
        let reviewed = review(&body, &policy, &Caller::default()).unwrap();
        let level = LevelFilter::from_level(level);
        // The buffers of the writer are another matter: they have room after some lines.
        tracing::subscriber::with_default(tracing_subscriber::registry().with(level), || {
            let line = || log_review(&reviewed, &rules, &RuleCounts::default(), Duration::ZERO);
            allocation_counter::measure(line).count_total
        })
    }

    #[test]
    fn swapped_image_costs_no_allocation_at_info() {
        let few = ["nginx:1", "redis:1"];
        let many = [few.as_slice(); 50].concat();
        let counted = allocations(&few, Level::INFO);
        assert_eq!(allocations(&many, Level::INFO), counted);
        // The lists of rules allocate, so the counter counts.
        assert!(counted > 0);
    }
}

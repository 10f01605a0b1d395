//! The lines that a caller reads.

use std::fmt::{self, Write as _};

use super::evaluate::MAX_IMAGES;
use super::originals::ORIGINAL_IMAGES;
use super::outcome::TemplateChange;
use super::pod::ImageField;
use super::policy::{DISABLED, Policy};
use crate::compile::RuleSet;
use crate::diagnostic::is_hidden;
use crate::rules::{Invalid, RuleId};

/// Maximum length of an image or a name in a line, in characters: longer than any valid image with a digest.
const SHOWN: usize = 400;

/// Beginnings of the lines of a dry run, with the words of the log and the metrics.
const WOULD_DENY: &str = "would-deny (dry run): ";
const WOULD_SWAP: &str = "would-swap (dry run): ";

/// Returns the line about a denied image: the rule, and its reason.
pub(super) fn denied(
    field: &ImageField<'_, '_>,
    image: &str,
    policy: &Policy<'_>,
    rule: Option<RuleId>,
) -> String {
    let (mark, verb) = match policy.dry_run {
        false => ("", "is denied by"),
        true => (WOULD_DENY, "would be denied by"),
    };
    line(mark, field, image, policy.rules, rule, verb)
}

/// Returns the line about a review with more images than are evaluated.
pub(super) fn too_many(count: usize, policy: &Policy<'_>) -> String {
    let mark = if policy.dry_run { WOULD_DENY } else { "" };
    format!(
        "imageswap: {mark}the request has {count} images to evaluate, and at most {MAX_IMAGES} are evaluated"
    )
}

/// Returns the line about an image that would be swapped without the dry run.
pub(super) fn would_swap(field: &ImageField<'_, '_>, image: &str, result: &str) -> String {
    format!(
        "imageswap: {WOULD_SWAP}{} {} would become {}",
        Shown(image),
        FieldOwner(field),
        Shown(result)
    )
}

/// Returns the line about a pull secret that a rule names for an image, and that an existing Pod does not have.
pub(super) fn lacks_pull_secret(field: &ImageField<'_, '_>, name: &str) -> String {
    format!(
        "imageswap: {} {} may need the pull secret {}, which the Pod does not have",
        Shown(field.image.map_or("", AsRef::as_ref)),
        FieldOwner(field),
        Shown(name)
    )
}

/// Returns the line about a pull secret that the Pod would get without the dry run.
pub(super) fn would_add_pull_secret(name: &str) -> String {
    format!(
        "imageswap: {WOULD_SWAP}the pull secret {} would be added",
        Shown(name)
    )
}

/// Returns the warning of a `warn` rule about an image.
pub(super) fn warned(field: &ImageField<'_, '_>, image: &str, rules: &RuleSet, rule: RuleId) -> String {
    line("", field, image, rules, Some(rule), "matches the warning")
}

/// Returns the warning about an image that is not valid, or whose result is not.
pub(super) fn left(field: &ImageField<'_, '_>, image: &str, invalid: &Invalid) -> String {
    let (image, owner) = (Shown(image), FieldOwner(field));
    match invalid {
        Invalid::Image(error) => {
            format!("imageswap: {image} {owner} is not a valid image, so it is not changed: {error}")
        }
        Invalid::Result(result) => {
            let result = Shown(result);
            format!(
                "imageswap: {image} {owner} is not changed: the rules produce `{result}`, which is not a valid image"
            )
        }
    }
}

/// Returns the warning about a value of the break-glass label that has no effect.
pub(super) fn near_miss(key: &str, value: &str) -> String {
    let value = Shown(value);
    format!(
        "imageswap: the label {key}={value} has no effect; to keep the original images, set {key}={DISABLED}"
    )
}

/// Returns the warning that the selector of a workload needs the label of its pod template.
pub(super) fn selects_label(key: &str) -> String {
    format!("imageswap: the selector has the label {key}, so the label of the pod template is not changed")
}

/// Returns the warning about a change of a pod template without the dry run.
pub(super) fn would_change_template(key: &str, change: TemplateChange) -> String {
    let verb = match change {
        TemplateChange::Add => "get",
        TemplateChange::Remove => "lose",
    };
    format!("imageswap: the pod template would {verb} the label {key}={DISABLED} (dry run)")
}

/// Returns the warning about original images that the annotation has no room for, or whose annotation others have written.
pub(super) fn not_recorded(count: usize) -> String {
    format!(
        "imageswap: {count} original images are not recorded: the annotation {ORIGINAL_IMAGES} would be too long, or is not \
         a JSON object of texts"
    )
}

/// Returns a line: the mark, the image, the verb, the rule, and the reason.
fn line(
    mark: &str,
    field: &ImageField<'_, '_>,
    image: &str,
    rules: &RuleSet,
    rule: Option<RuleId>,
    verb: &str,
) -> String {
    // A verified set decides every denial by a rule; without one, the line is still a sentence.
    let name = rule.map_or("a rule".into(), |rule| rules.rule_name(rule));
    let because = Because(rule.and_then(|rule| rules.because(rule)));
    format!(
        "imageswap: {mark}{} {} {verb} {name}{because}",
        Shown(image),
        FieldOwner(field)
    )
}

/// The reason of a rule, as in `: pin a version`.
struct Because<'r>(Option<&'r str>);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, ": {}", Shown(text)),
            None => Ok(()),
        }
    }
}

/// The container of an image, as in `of container web`; by its place in the list if it has no name.
struct FieldOwner<'f, 'r, 'a>(&'f ImageField<'r, 'a>);

impl fmt::Display for FieldOwner<'_, '_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let element = self.0.pointer.element();
        let what = element.kind();
        match self.0.container {
            Some(name) => write!(f, "of {what} {}", Shown(name)),
            None => write!(f, "of {what} {element}"),
        }
    }
}

/// A text from a client, on one line, because a warning travels in an HTTP header.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, character) in self.0.chars().enumerate() {
            if count == SHOWN {
                return f.write_str("...");
            }
            if is_hidden(character) {
                // A line break would split the warning, and a control character could change the terminal of the
                // caller.
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

//! The lines that a caller reads.

use std::fmt::{self, Write as _};

use super::pod::{ImageField, ImageList};
use crate::rules::{Invalid, RuleId, RuleSet};

/// As much of an image or a name as a line shows, in characters: longer than any valid image with a digest.
const SHOWN: usize = 400;

/// An image that is refused, by which rule and why.
pub(super) fn refused(
    field: &ImageField<'_, '_>,
    image: &str,
    rules: &RuleSet,
    rule: Option<RuleId>,
) -> String {
    refusal(field, image, rules, rule, "is refused by")
}

/// An image that would be refused, were this no dry run.
pub(super) fn would_refuse(
    field: &ImageField<'_, '_>,
    image: &str,
    rules: &RuleSet,
    rule: Option<RuleId>,
) -> String {
    refusal(field, image, rules, rule, "would be refused by")
}

/// An image that would become another, were this no dry run.
pub(super) fn would_swap(field: &ImageField<'_, '_>, image: &str, result: &str) -> String {
    format!(
        "imageswap: {} {} would become {} (dry run)",
        Shown(image),
        Owner(field),
        Shown(result)
    )
}

/// An image that stays because it, or what a rule made of it, is no image reference.
pub(super) fn left(field: &ImageField<'_, '_>, image: &str, invalid: &Invalid) -> String {
    let (image, owner) = (Shown(image), Owner(field));
    match invalid {
        Invalid::Image(error) => {
            format!("imageswap: {image} {owner} is no valid image and is left as it is: {error}")
        }
        Invalid::Result(result) => {
            let result = Shown(result);
            format!(
                "imageswap: {image} {owner} is left as it is: the rules make `{result}` of it, which is no valid image"
            )
        }
    }
}

fn refusal(
    field: &ImageField<'_, '_>,
    image: &str,
    rules: &RuleSet,
    rule: Option<RuleId>,
    verb: &str,
) -> String {
    let rule = rule.map_or("a rule", |rule| rules.rule_name(rule));
    format!("imageswap: {} {} {verb} {rule}", Shown(image), Owner(field))
}

/// `of container web`, or by its index where it has no name.
struct Owner<'f, 'r, 'a>(&'f ImageField<'r, 'a>);

impl fmt::Display for Owner<'_, '_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.pointer.list {
            ImageList::Containers | ImageList::InitContainers | ImageList::EphemeralContainers => "container",
            ImageList::Volumes => "volume",
        };
        match self.0.container {
            Some(name) => write!(f, "of {what} {}", Shown(name)),
            None => write!(f, "of {what} number {}", self.0.pointer.index + 1),
        }
    }
}

/// What a client sent, on one line: a warning travels in an HTTP header.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, character) in self.0.chars().enumerate() {
            if count == SHOWN {
                return f.write_str("...");
            }
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

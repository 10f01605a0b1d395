//! Rules over original images: `[EXACT]` and `[REPLACE]`.

use imageswap_engine::analysis::samples;
use imageswap_engine::reference::{
    DOCKER_HUB, OFFICIAL, Reference, canonical_name, normalized, reads_as_registry,
};

use super::builder::Builder;
use crate::location::{Location, LocationError};
use crate::rule::{Kind, Pattern, Rule};
use crate::written::{self, Starts};

impl Builder<'_> {
    /// Adds a rule for each `[EXACT]` line.
    pub(super) fn exact(&mut self) {
        for (line, image) in self.parts.exact.clone() {
            let Some(pattern) = written::literal(&image) else {
                continue;
            };
            let value = self.value(line).to_owned();
            let rule = match target_of(&image, &value) {
                Ok(None) => Rule::keep(Kind::Exact, Pattern::Written(pattern)),
                Ok(Some(Target {
                    registry,
                    rest,
                    is_longer,
                    drops_digest,
                })) => {
                    let star = if is_longer { "*" } else { "" };
                    let mut rule = Rule::swap(
                        Kind::Exact,
                        Pattern::Written(format!("{pattern}{star}")),
                        registry,
                        rest,
                    );
                    rule.allow.extend(drops_digest.then_some("stays-anyway"));
                    rule
                }
                Err(why) => {
                    self.invalid_value(line, why);
                    Rule::keep(Kind::Exact, Pattern::Written(pattern))
                }
            };
            self.plan.rules.push(rule.with_lines([line]).sampled([image]));
        }
    }

    /// Returns the rules for `[REPLACE]` lines, in their order.
    pub(super) fn globs(&mut self) -> Vec<Rule> {
        let mut rules = Vec::new();
        let globs = self.parts.globs.clone();
        let starts = Starts::new(globs.iter().map(|(_, glob)| glob.as_str()));
        for (line, glob) in &globs {
            let line = *line;
            let pattern = Pattern::Written(glob.clone());
            let samples = samples::of_glob(glob, written::filled);
            let sampled = |rule: Rule| rule.with_lines([line]).sampled(samples.clone());
            match Location::parse(self.value(line)) {
                Ok(location) => {
                    let (registry, rest) = (location.registry.as_str(), location.rest("{name}"));
                    rules.push(sampled(Rule::swap(Kind::Glob, pattern.clone(), registry, rest)));
                    let is_swapped_again = location.path.is_empty() || starts.are_for(&location.prefix());
                    if is_swapped_again && may_be_at(glob, &location) {
                        // The map keeps an image at the target of such a line, and does not try the other lines.
                        rules.push(sampled(Rule::keep(Kind::Glob, pattern)));
                    }
                }
                Err(why) => {
                    self.invalid_value(line, why);
                    rules.push(sampled(Rule::keep(Kind::Glob, pattern)));
                }
            }
        }
        rules
    }
}

/// Returns true if a glob may match images at its own target.
fn may_be_at(glob: &str, location: &Location) -> bool {
    let is_hub = location.registry == DOCKER_HUB;
    written::is_open(glob)
        || written::may_begin(glob, &location.prefix())
        || (is_hub && written::may_begin(glob, OFFICIAL))
}

/// The target of a line for one image.
struct Target {
    registry: String,
    rest: String,
    /// True if the pattern ends in a `*` that matches the empty text. `{1}` then gives the result an empty tag.
    is_longer: bool,
    /// True if the target drops the digest.
    drops_digest: bool,
}

/// Returns the target of a line for one image. `None` if the result is the same image.
fn target_of(image: &str, value: &str) -> Result<Option<Target>, LocationError> {
    if value.is_empty() {
        return Ok(None);
    }
    let target = Reference::parse(value).map_err(|_| LocationError::Invalid)?;
    let registry = normalized(target.domain.ok_or(LocationError::Invalid)?).into_owned();
    if !reads_as_registry(&registry) {
        return Err(LocationError::Unnameable);
    }
    let old = Reference::parse(image).map_err(|_| LocationError::Invalid)?;
    let name = canonical_name(value).ok_or(LocationError::Invalid)?;
    if (old.tag, old.digest) == (target.tag, target.digest) && canonical_name(image).as_ref() == Some(&name) {
        return Ok(None);
    }
    let (_, path) = name.split_once('/').unwrap_or_default();
    let mut rest = format!("/{path}");
    let (mut is_longer, mut drops_digest) = (false, false);
    match (target.tag, target.digest) {
        // A swap keeps the tag and the digest that its target does not have, but the map drops them.
        (None, None) => match (old.tag, old.digest) {
            (None, None) => {}
            (Some(_), None) => rest.push_str("@{digest}"),
            (None, Some(_)) => {
                drops_digest = true;
                rest.push_str(":{tag}");
            }
            (Some(_), Some(_)) => {
                is_longer = true;
                rest.push_str(":{1}");
            }
        },
        (tag, digest) => {
            rest.extend(tag.map(|tag| format!(":{tag}")));
            rest.extend(digest.map(|digest| format!("@{digest}")));
        }
    }
    Ok(Some(Target {
        registry,
        rest,
        is_longer,
        drops_digest,
    }))
}

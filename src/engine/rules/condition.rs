//! Conditions of a rule on the object and the request.

use std::fmt;

use super::image::Image;
use super::pattern::match_glob;
use super::text::Text;
use crate::automaton::{Bytes, Language, witness};
use crate::context::{Context, ContextValue, Owner, Pairs, Subject, ValueKind};

/// A condition of a rule. A rule matches only if all of its conditions are true.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Condition {
    pub(crate) negated: bool,
    pub(crate) subject: Subject,
    /// Key of a label or an annotation.
    pub(crate) key: Option<Text>,
    /// Globs, one of which has to match. Empty if a key only has to exist.
    pub(crate) values: Box<[Text]>,
}

impl Condition {
    /// Returns true if the condition is true.
    pub(crate) fn holds(&self, image: &Image<'_>, context: &Context<'_>) -> bool {
        self.is_met(image, context) != self.negated
    }

    fn is_met(&self, image: &Image<'_>, context: &Context<'_>) -> bool {
        match self.subject.value(context) {
            ContextValue::Text(text) => self.has(text),
            ContextValue::Pairs(pairs) => self.has_pair(pairs),
            ContextValue::Owner(owner) => owner.is_some_and(|owner| self.has_owner(owner)),
            // The only subject that is a property of the image.
            ContextValue::OfImage => image.is_unqualified,
        }
    }

    fn has(&self, text: Option<&str>) -> bool {
        text.is_some_and(|text| self.values.iter().any(|glob| match_glob(glob, text)))
    }

    fn has_pair(&self, pairs: Pairs<'_>) -> bool {
        pairs.iter().any(|(key, value)| {
            Some(key.as_ref()) == self.key.as_deref() && (self.values.is_empty() || self.has(Some(value)))
        })
    }

    /// Compares an owner with a glob: a value with a `.` with KIND.GROUP, any other with the kind alone.
    fn has_owner(&self, owner: Owner<'_>) -> bool {
        self.values.iter().any(|glob| {
            // Core kinds have no group, so `Pod` never has to be written as `Pod.`.
            if !glob.contains('.') || owner.group.is_empty() {
                return match_glob(glob, owner.kind);
            }
            // Any `.` of the group may match that of the glob, so each position to split the glob is tried. This
            // avoids joining kind and group.
            glob.match_indices(['.', '*']).any(|(at, sign)| {
                let (before, behind) = glob.split_at_checked(at).unwrap_or((glob, ""));
                if sign == "." {
                    return match_glob(before, owner.kind)
                        && behind
                            .strip_prefix('.')
                            .is_some_and(|group| match_glob(group, owner.group));
                }
                // A `*` that matches the end of the kind, the `.` and the start of the group.
                let kind = glob.get(..=at).unwrap_or(glob);
                match_glob(kind, owner.kind) && match_glob(behind, owner.group)
            })
        })
    }

    /// Returns true if the texts show that no object can meet both conditions: `C` and `not D` where every `C` is a
    /// `D`, or values of one subject that no text can have together.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        // `unqualified` has no values to compare.
        if self.subject != other.subject || self.key != other.key || self.subject.kind() == ValueKind::None {
            return false;
        }
        match (self.negated, other.negated) {
            (true, true) => false,
            (false, true) => self.is_within(other),
            (true, false) => other.is_within(self),
            // The values of an owner are compared in two ways.
            (false, false) => {
                self.subject.kind() != ValueKind::Owner
                    && !self.values.is_empty()
                    && !other.values.is_empty()
                    && self
                        .values
                        .iter()
                        .all(|one| other.values.iter().all(|another| are_apart(one, another)))
            }
        }
    }

    /// Returns true if every text that has one of these values has one of the others.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        if self.subject != other.subject || self.key != other.key {
            return false;
        }
        if other.values.is_empty() {
            // The other condition only requires the key.
            return true;
        }
        let is_same_kind = |one: &str, another: &str| {
            self.subject.kind() != ValueKind::Owner || one.contains('.') == another.contains('.')
        };
        !self.values.is_empty()
            && self.values.iter().all(|one| {
                other
                    .values
                    .iter()
                    .any(|another| is_same_kind(one, another) && covers(another, one))
            })
    }

    /// Returns the namespace, if the condition allows exactly one.
    pub(crate) fn only_value_of_namespace(&self) -> Option<&str> {
        match &*self.values {
            [value] if self.subject == Subject::Namespace && !self.negated && !value.contains('*') => {
                Some(value)
            }
            _ => None,
        }
    }

    /// Returns true if the condition can only be true for an original image, never for a result.
    pub(crate) fn is_first_round_only(&self) -> bool {
        self.subject == Subject::Unqualified && !self.negated
    }
}

/// Returns true if no object can meet both lists.
pub(crate) fn exclude_each_other<'c>(
    one: impl Iterator<Item = &'c Condition>,
    other: impl Iterator<Item = &'c Condition> + Clone,
) -> bool {
    one.into_iter()
        .any(|one| other.clone().any(|other| one.excludes(other)))
}

/// Returns two conditions that no object can meet together.
pub(crate) fn contradiction<'c>(
    mut conditions: impl Iterator<Item = &'c Condition> + Clone,
) -> Option<(&'c Condition, &'c Condition)> {
    while let Some(one) = conditions.next() {
        if let Some(other) = conditions.clone().find(|other| one.excludes(other)) {
            return Some((one, other));
        }
    }
    None
}

/// Returns true if one glob matches all that another matches. A `*` of the other counts as a character that only a
/// `*` matches.
fn covers(glob: &str, other: &str) -> bool {
    match_glob(glob, other)
}

/// Returns true if no text matches both globs.
fn are_apart(one: &str, other: &str) -> bool {
    match (one.contains('*'), other.contains('*')) {
        (false, false) => one != other,
        (true, false) => !match_glob(one, other),
        (false, true) => !match_glob(other, one),
        (true, true) => {
            let (one, other) = (
                Language::glob(one, Bytes::all()),
                Language::glob(other, Bytes::all()),
            );
            // If two globs have a common text, there is one within the product of their lengths.
            matches!(witness(&[&one, &other], &[], 1 << 16), Ok(None))
        }
    }
}

/// Writes the condition as in a rules file.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_str("not ")?;
        }
        f.write_str(self.subject.as_str())?;
        if let Some(key) = &self.key {
            write!(f, " {key}")?;
        }
        for (number, value) in self.values.iter().enumerate() {
            f.write_str(match (number, &self.key) {
                (0, Some(_)) => "=",
                (0, None) => " ",
                _ => ", ",
            })?;
            f.write_str(value)?;
        }
        Ok(())
    }
}

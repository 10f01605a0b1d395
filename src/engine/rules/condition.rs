//! Conditions: what a rule asks of the object and the request.

use std::fmt;

use super::image::Image;
use super::pattern::match_glob;
use super::text::Text;
use crate::automaton::{Bytes, Language, witness};
use crate::context::{Context, ContextValue, Owner, Pairs, Subject, ValueKind};

/// One condition of a rule; all of a rule's must hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Condition {
    pub(crate) negated: bool,
    pub(crate) subject: Subject,
    /// The key of a label or an annotation.
    pub(crate) key: Option<Text>,
    /// Globs, of which one is enough. None where a key only has to exist.
    pub(crate) values: Box<[Text]>,
}

impl Condition {
    /// Whether the condition holds.
    pub(crate) fn holds(&self, image: &Image<'_>, context: &Context<'_>) -> bool {
        self.is_met(image, context) != self.negated
    }

    fn is_met(&self, image: &Image<'_>, context: &Context<'_>) -> bool {
        match self.subject.value(context) {
            ContextValue::Text(text) => self.has(text),
            ContextValue::Pairs(pairs) => self.has_pair(pairs),
            ContextValue::Owner(owner) => owner.is_some_and(|owner| self.has_owner(owner)),
            // The one such condition.
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

    /// A value with a `.` is compared with KIND.GROUP, any other with the kind alone.
    fn has_owner(&self, owner: Owner<'_>) -> bool {
        self.values.iter().any(|glob| {
            if !glob.contains('.') || owner.group.is_empty() {
                return match_glob(glob, owner.kind);
            }
            // Every `.` of the group may be the one of the glob, so each place to cut the glob is tried: without
            // joining the two.
            glob.match_indices(['.', '*']).any(|(at, sign)| {
                let (before, behind) = glob.split_at_checked(at).unwrap_or((glob, ""));
                if sign == "." {
                    return match_glob(before, owner.kind)
                        && behind
                            .strip_prefix('.')
                            .is_some_and(|group| match_glob(group, owner.group));
                }
                // A `*` that takes the end of the kind, the `.` and the start of the group.
                let kind = glob.get(..=at).unwrap_or(glob);
                match_glob(kind, owner.kind) && match_glob(behind, owner.group)
            })
        })
    }

    /// Whether no object can meet both conditions, as far as is plain from their text: `C` and `not D` where all that
    /// is `C` is `D`, or values of one thing that no text has both.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        if self.subject != other.subject || self.key != other.key || self.subject.kind() == ValueKind::None {
            return false;
        }
        match (self.negated, other.negated) {
            (true, true) => false,
            (false, true) => self.is_within(other),
            (true, false) => other.is_within(self),
            // An owner's values are compared in two ways.
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

    /// Whether all that has one of these values has one of the others.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        if self.subject != other.subject || self.key != other.key {
            return false;
        }
        if other.values.is_empty() {
            // The key exists.
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

    /// The one namespace that it asks for.
    pub(crate) fn only_value_of_namespace(&self) -> Option<&str> {
        match &*self.values {
            [value] if self.subject == Subject::Namespace && !self.negated && !value.contains('*') => {
                Some(value)
            }
            _ => None,
        }
    }

    /// Whether it can hold of no result, but only of an image as a manifest spells it.
    pub(crate) fn is_first_round_only(&self) -> bool {
        self.subject == Subject::Unqualified && !self.negated
    }
}

/// Whether no object can meet both lists.
pub(crate) fn exclude_each_other<'c>(
    one: impl Iterator<Item = &'c Condition>,
    other: impl Iterator<Item = &'c Condition> + Clone,
) -> bool {
    one.into_iter()
        .any(|one| other.clone().any(|other| one.excludes(other)))
}

/// Two of some conditions that no object meets both.
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

/// Whether one glob matches all that another does: a `*` of the other is a character like any, which only a `*` takes.
fn covers(glob: &str, other: &str) -> bool {
    match_glob(glob, other)
}

/// Whether no text matches both globs.
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
            // Two globs have a text in common within the product of their lengths, or none.
            matches!(witness(&[&one, &other], &[], 1 << 16), Ok(None))
        }
    }
}

/// As a rules file says it.
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

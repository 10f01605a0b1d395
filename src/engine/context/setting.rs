//! Contexts that tests, sample images and options spell out, in the words of conditions.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::subject::{ContextValue, Subject, ValueKind};
use super::values::{Context, Operation, Owner, Pairs, Place};

/// The context that a test or a sample spells out. A value that is not set has the default of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Setting {
    texts: Vec<(Subject, Box<str>)>,
    pairs: BTreeMap<Subject, OwnedPairs>,
}

type OwnedPairs = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// An image with its context.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// The original image.
    pub image: String,
    /// Its context.
    pub setting: Setting,
}

impl Case {
    /// Returns an image in a setting.
    #[must_use]
    pub fn new(image: impl Into<String>, setting: &Setting) -> Self {
        Self {
            image: image.into(),
            setting: setting.clone(),
        }
    }
}

impl Setting {
    /// Returns the values of a context that differ from the defaults of a test.
    #[must_use]
    pub fn from_context(context: &Context<'_>) -> Self {
        let mut setting = Self::default();
        for subject in Subject::ALL.iter().copied() {
            let owner;
            let text = match subject.value(context) {
                ContextValue::Text(text) => text,
                ContextValue::Owner(known) => {
                    owner = known.map(|owner| owner.to_string());
                    owner.as_deref()
                }
                ContextValue::Pairs(pairs) => {
                    for (key, value) in pairs {
                        setting.set(subject, Some(key), value);
                    }
                    None
                }
                ContextValue::OfImage => None,
            };
            if let Some(text) = text
                && subject.default() != Some(text)
            {
                setting.set(subject, None, text);
            }
        }
        setting
    }

    /// Sets the value of a subject; for a subject with keys, the value of one key.
    ///
    /// Returns false and changes nothing if it is already set, or if the subject has no value.
    pub fn set(&mut self, subject: Subject, key: Option<&str>, value: &str) -> bool {
        match subject.kind() {
            ValueKind::Text(_) | ValueKind::Word(_) | ValueKind::Owner => {
                let is_new = self.texts.iter().all(|(known, _)| *known != subject);
                if is_new {
                    self.texts.push((subject, value.into()));
                }
                is_new
            }
            ValueKind::Pairs(_) => {
                let key = key.unwrap_or_default();
                let is_new = self.pairs(subject).iter().all(|(known, _)| known != key);
                if is_new {
                    self.pairs
                        .entry(subject)
                        .or_default()
                        .push((key.to_owned().into(), value.to_owned().into()));
                }
                is_new
            }
            ValueKind::None => false,
        }
    }

    fn pairs(&self, subject: Subject) -> Pairs<'_> {
        self.pairs.get(&subject).map_or(&[], Vec::as_slice)
    }

    fn text(&self, subject: Subject) -> Option<&str> {
        self.texts
            .iter()
            .find(|(known, _)| *known == subject)
            .map(|(_, text)| &**text)
            .or_else(|| subject.default())
    }

    /// Returns the context, with the defaults of a test for what is not set.
    #[must_use]
    pub fn context(&self) -> Context<'_> {
        Context {
            namespace: self.text(Subject::Namespace),
            labels: self.pairs(Subject::Label),
            annotations: self.pairs(Subject::Annotation),
            owner: self.text(Subject::Owner).map(Owner::parse),
            container: self.text(Subject::Container),
            place: self
                .text(Subject::Place)
                .and_then(Place::parse)
                .unwrap_or_default(),
            kind: self.text(Subject::Kind),
            operation: self.text(Subject::Operation).and_then(Operation::from_word),
            user: self.text(Subject::User),
            hook: self.text(Subject::Hook),
        }
    }

    /// Returns true if nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.texts.is_empty() && self.pairs.is_empty()
    }

    /// Returns the set values, as subject, key and value.
    fn values(&self) -> impl Iterator<Item = (Subject, Option<&str>, &str)> {
        let texts = self.texts.iter().map(|(subject, text)| (*subject, None, &**text));
        let pairs = self.pairs.iter().flat_map(|(subject, pairs)| {
            pairs
                .iter()
                .map(|(key, value)| (*subject, Some(&**key), &**value))
        });
        texts.chain(pairs)
    }

    /// Returns the set values, each after its word. A label is `KEY=VALUE`.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.values().map(|(subject, key, value)| {
            let value = match key {
                Some(key) => format!("{key}={value}"),
                None => value.to_owned(),
            };
            (subject.as_str(), value)
        })
    }
}

/// Writes the setting as the `when` of a test.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (subject, key, value)) in self.values().enumerate() {
            if number > 0 {
                f.write_str(" and ")?;
            }
            match key {
                Some(key) => write!(f, "{} {key}={value}", subject.as_str())?,
                None => write!(f, "{} {value}", subject.as_str())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_of_a_context_has_the_same_context() {
        let mut setting = Setting::default();
        for subject in Subject::ALL.iter().copied() {
            let value = subject.closed().and_then(<[_]>::last).unwrap_or(&"Kind.group");
            let key = subject.has_keys().then_some("key");
            let has_value = subject.kind() != ValueKind::None;
            assert_eq!(setting.set(subject, key, value), has_value, "{subject:?}");
            assert!(!setting.set(subject, key, value), "{subject:?} is set twice");
        }
        assert_eq!(Setting::from_context(&setting.context()), setting);
        let default = Setting::default();
        assert_eq!(Setting::from_context(&default.context()), default);
    }
}

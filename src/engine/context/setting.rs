//! The object and the request that an image is supposed to come with, in the words of conditions.

use std::borrow::Cow;
use std::fmt;

use super::values::{Context, Operation, Owner, Place};
use crate::rules::condition::{OPERATIONS, PLACES, name_of};
use crate::syntax::ast::Subject;

/// What an image is supposed to come with: what is not set is as in a test that names nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Setting {
    values: Vec<(Subject, Box<str>)>,
    labels: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    annotations: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl Setting {
    /// What is set of a context.
    #[must_use]
    pub fn of(context: &Context<'_>) -> Self {
        let owner = context.owner.map(|owner| match owner.group {
            "" => owner.kind.to_owned(),
            group => format!("{}.{group}", owner.kind),
        });
        let operation = context
            .operation
            .and_then(|operation| name_of(&OPERATIONS, &operation));
        let values = [
            (Subject::Namespace, context.namespace),
            (Subject::Owner, owner.as_deref()),
            (Subject::Container, context.container),
            (Subject::Place, name_of(&PLACES, &context.place)),
            (Subject::Kind, context.kind),
            (Subject::Operation, operation),
            (Subject::User, context.user),
            (Subject::Hook, context.hook),
        ];
        let mut setting = Self::default();
        for (subject, value) in values {
            if let Some(value) = value
                && default_of(subject) != Some(value)
            {
                setting.set(subject, None, value);
            }
        }
        for (subject, pairs) in [
            (Subject::Label, context.labels),
            (Subject::Annotation, context.annotations),
        ] {
            for (key, value) in pairs {
                setting.set(subject, Some(key), value);
            }
        }
        setting
    }

    /// Sets one thing; false where it is set already.
    pub(crate) fn set(&mut self, subject: Subject, key: Option<&str>, value: &str) -> bool {
        let pairs = match subject {
            Subject::Label => &mut self.labels,
            Subject::Annotation => &mut self.annotations,
            _ => {
                let is_new = self.values.iter().all(|(known, _)| *known != subject);
                self.values.push((subject, value.into()));
                return is_new;
            }
        };
        let key = key.unwrap_or_default();
        let is_new = pairs.iter().all(|(known, _)| known != key);
        pairs.push((key.to_owned().into(), value.to_owned().into()));
        is_new
    }

    fn value(&self, subject: Subject) -> Option<&str> {
        self.values
            .iter()
            .find(|(known, _)| *known == subject)
            .map(|(_, value)| &**value)
            .or_else(|| default_of(subject))
    }

    /// The context, with the defaults of a test for what is not set.
    #[must_use]
    pub fn context(&self) -> Context<'_> {
        let owner = self.value(Subject::Owner).map(|owner| {
            let (kind, group) = owner.split_once('.').unwrap_or((owner, ""));
            Owner { kind, group }
        });
        Context {
            namespace: self.value(Subject::Namespace),
            labels: &self.labels,
            annotations: &self.annotations,
            owner,
            container: self.value(Subject::Container),
            place: of_name(&PLACES, self.value(Subject::Place)).unwrap_or(Place::Main),
            kind: self.value(Subject::Kind),
            operation: Some(
                of_name(&OPERATIONS, self.value(Subject::Operation)).unwrap_or(Operation::Create),
            ),
            user: self.value(Subject::User),
            hook: self.value(Subject::Hook),
        }
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.values.is_empty() && self.labels.is_empty() && self.annotations.is_empty()
    }
}

impl Setting {
    /// The options that have `explain` suppose the same, each behind a space, as a shell reads them.
    pub(crate) fn options(&self) -> String {
        let values = self.values.iter();
        let mut options: String = values
            .map(|(subject, value)| format!(" --{} {}", subject.as_str(), quoted(value)))
            .collect();
        for (subject, pairs) in [
            (Subject::Label, &self.labels),
            (Subject::Annotation, &self.annotations),
        ] {
            for (key, value) in pairs {
                let pair = format!("{key}={value}");
                options.push_str(&format!(" --{} {}", subject.as_str(), quoted(&pair)));
            }
        }
        options
    }
}

/// A word as a shell takes it for itself.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")))
    }
}

/// What a test supposes that does not name it.
fn default_of(subject: Subject) -> Option<&'static str> {
    match subject {
        Subject::Namespace => Some("default"),
        Subject::Container | Subject::Place => Some("main"),
        Subject::Kind => Some("Pod"),
        Subject::Operation => Some("create"),
        _ => None,
    }
}

fn of_name<T: Copy>(names: &[(&str, T)], name: Option<&str>) -> Option<T> {
    names
        .iter()
        .find(|(known, _)| Some(*known) == name)
        .map(|(_, value)| *value)
}

/// As the `when` of a test says it.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_first = true;
        let mut and = |f: &mut fmt::Formatter<'_>| match std::mem::take(&mut is_first) {
            true => Ok(()),
            false => f.write_str(" and "),
        };
        for (subject, value) in &self.values {
            and(f)?;
            write!(f, "{} {value}", subject.as_str())?;
        }
        for (subject, pairs) in [
            (Subject::Label, &self.labels),
            (Subject::Annotation, &self.annotations),
        ] {
            for (key, value) in pairs {
                and(f)?;
                write!(f, "{} {key}={value}", subject.as_str())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_what_a_shell_reads_as_one_word_each() {
        let mut setting = Setting::default();
        setting.set(Subject::Namespace, None, "prod-eu");
        setting.set(Subject::User, None, "it's $HOME");
        setting.set(Subject::Label, Some("team"), "");
        assert_eq!(
            setting.options(),
            r" --namespace prod-eu --user 'it'\''s $HOME' --label team="
        );
    }
}

//! Settings in which conditions are true, and in which they are not.

use std::collections::HashSet;

use crate::analysis::samples::{QUALIFIED, TEXTS};
use crate::automaton::{Builder, Bytes, Language, witness};
use crate::context::{Case, Setting, Subject, ValueKind};
use crate::rules::Compiled;
use crate::rules::condition::Condition;
use crate::rules::image::Image;
use crate::rules::rule::Rule;

/// A condition, and the value that it must have.
pub(super) type Wanted<'c> = (&'c Condition, bool);

/// Conditions with their values, and a setting in which they have these values.
pub(super) type Around<'c> = (Vec<Wanted<'c>>, Setting);

/// Maximum number of states of a search for a value.
const BUDGET: usize = 2_000;

/// Returns the conditions of a rule, all to be true.
pub(super) fn of_rule<'s>(set: &'s Compiled, rule: &'s Rule) -> Vec<Wanted<'s>> {
    rule.conditions(&set.files)
        .map(|condition| (condition, true))
        .collect()
}

/// Returns settings that distinguish the conditions of a rule: one in which all are true, one for each that is false,
/// the empty one, and one for each value of a list, each with the values of the conditions.
pub(super) fn around<'c>(conditions: &[Wanted<'c>]) -> Vec<Around<'c>> {
    let mut settings: Vec<Around<'c>> = Vec::new();
    let mut known = HashSet::new();
    let mut add = |wanted: Vec<Wanted<'c>>, setting: Option<Setting>| {
        if let Some(setting) = setting
            && known.insert(setting.clone())
        {
            settings.push((wanted, setting));
        }
    };
    add(conditions.to_vec(), solve(conditions));
    for number in 0..conditions.len() {
        let mut flipped = conditions.to_vec();
        if let Some((_, wanted)) = flipped.get_mut(number) {
            *wanted = !*wanted;
        }
        let setting = solve(&flipped);
        add(flipped, setting);
    }
    add(Vec::new(), Some(Setting::default()));
    for (number, (condition, _)) in conditions.iter().enumerate() {
        for value in condition.values.iter().filter(|_| condition.values.len() > 1) {
            let one = Condition {
                values: [value.clone()].into(),
                negated: false,
                ..(*condition).clone()
            };
            let mut narrowed = conditions.to_vec();
            let mut kept = conditions.to_vec();
            if let (Some(narrowed), Some(kept)) = (narrowed.get_mut(number), kept.get_mut(number)) {
                // For `not a, b`, the condition is false for each of the values.
                *narrowed = (&one, true);
                kept.1 = !condition.negated;
            }
            let setting = solve(&narrowed);
            add(kept, setting);
        }
    }
    settings
}

/// Returns a setting in which conditions have the wanted values; `None` if there is none or the search finds none.
pub(super) fn solve(wanted: &[Wanted<'_>]) -> Option<Setting> {
    let mut about: Vec<(Subject, Option<&str>)> = wanted
        .iter()
        .map(|(condition, _)| (condition.subject, condition.key.as_deref()))
        .filter(|(subject, _)| subject.kind() != ValueKind::None)
        .collect();
    about.sort_unstable();
    about.dedup();
    // The conditions that are solved do not read it.
    let image = Image::parse(QUALIFIED).ok()?;
    let mut setting = Setting::default();
    for (subject, key) in about {
        let of_this: Vec<Wanted<'_>> = wanted
            .iter()
            .copied()
            .filter(|(condition, _)| condition.subject == subject && condition.key.as_deref() == key)
            .collect();
        if holds(&image, &Setting::default(), &of_this) {
            continue;
        }
        let value = values(subject, &of_this).find(|value| {
            let mut trial = Setting::default();
            trial.set(subject, key, value);
            holds(&image, &trial, &of_this)
        });
        setting.set(subject, key, &value.or_else(|| sought(subject, &of_this))?);
    }
    Some(setting)
}

/// Returns true if conditions have the wanted values.
fn holds(image: &Image<'_>, setting: &Setting, wanted: &[Wanted<'_>]) -> bool {
    let context = setting.context();
    wanted
        .iter()
        .all(|(condition, wanted)| condition.holds(image, &context) == *wanted)
}

/// Returns values to try: those that the conditions name, with a text for each `*`. Values that match a condition that
/// must not match are not among them, because lists of them may be long.
fn values<'v>(subject: Subject, conditions: &'v [Wanted<'_>]) -> Box<dyn Iterator<Item = String> + 'v> {
    if let Some(words) = subject.closed() {
        return Box::new(words.iter().map(|word| (*word).to_owned()));
    }
    let named = conditions
        .iter()
        .flat_map(|(condition, wanted)| {
            let is_met = *wanted != condition.negated;
            condition.values.iter().map(move |value| (value, is_met))
        })
        // A glob is compared with an owner in two ways, and so need not match what its `*` becomes.
        .filter(move |(value, is_met)| *is_met || subject.kind() == ValueKind::Owner && value.contains('*'))
        .flat_map(|(value, _)| {
            let count = if value.contains('*') { TEXTS.len() } else { 1 };
            TEXTS.iter().take(count).map(move |text| value.replace('*', text))
        });
    let others: &[&str] = match subject.kind() {
        ValueKind::Owner => &["ReplicaSet.apps", "Other", "Other.example.org"],
        ValueKind::Text(_) | ValueKind::Pairs(_) | ValueKind::Word(_) | ValueKind::None => {
            &["other", "default", ""]
        }
    };
    Box::new(named.chain(others.iter().map(|text| (*text).to_owned())))
}

/// Returns a value that matches all wanted globs and none of the others.
fn sought(subject: Subject, conditions: &[Wanted<'_>]) -> Option<String> {
    match subject.kind() {
        ValueKind::Text(_) | ValueKind::Pairs(_) => {}
        // A value of these kinds is not compared with one glob, or all values are tried.
        ValueKind::Owner | ValueKind::Word(_) | ValueKind::None => return None,
    }
    let language = |(condition, _): &Wanted<'_>| {
        let mut builder = Builder::new();
        builder.any_of(condition.values.iter(), |builder, value| {
            _ = builder.glob(value, Bytes::all())
        });
        builder.finish()
    };
    let (within, without): (Vec<_>, Vec<_>) = conditions
        .iter()
        .partition(|(condition, wanted)| *wanted != condition.negated);
    let within: Vec<Language> = within.iter().map(language).collect();
    let without: Vec<Language> = without.iter().map(language).collect();
    let name = Bytes::range(b'a', b'z')
        .union(Bytes::range(b'0', b'9'))
        .union(Bytes::from_slice(b"-.:/"));
    let mut names = Builder::new();
    names.any(name);
    let names = names.finish();
    let all: Vec<&Language> = within.iter().chain([&names]).collect();
    let none: Vec<&Language> = without.iter().collect();
    witness(&all, &none, BUDGET).ok().flatten()
}

/// Returns images, all in one setting.
pub(super) fn in_setting(images: impl IntoIterator<Item = String>, setting: &Setting) -> Vec<Case> {
    images
        .into_iter()
        .map(|image| Case::new(image, setting))
        .collect()
}

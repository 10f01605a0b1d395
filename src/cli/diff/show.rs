//! Differences, written for people and for machines: each image below the changed rule that is its cause.
//!
//! The marks `+`, `-` and `*` are in the first column, so that a comment in a pull request can highlight the text
//! as a `diff`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use imageswap_engine::compare::{Cause, Change, Comparison, RuleChange, RuleChanges, difference};
use imageswap_engine::context::Case;
use imageswap_engine::diagnostic::visible;
use imageswap_engine::rules::{LEGACY_RULE, RuleId};

use super::lines::{Side, changed_map_lines, heading, outcome, text_of};
use super::object::{ImageObject, RuleObject, RuleSide, SettingObject};
use crate::cli::error::CommandError;
use crate::cli::output::Output;
use crate::cli::report::{Decided, Format};
use crate::findings::counted;

/// Maximum number of sample images that are shown for one change; given images have a limit of their own.
const SHOWN_SAMPLES: usize = 3;
const GIVEN: usize = 10;
/// Maximum number of lines of a map, and of rules without effect, that are shown.
const LINES: usize = 20;

/// Maximum width to which images are padded, so that the results form a column.
const WIDE: usize = 60;

/// Report of a comparison.
pub(super) struct Report<'s> {
    sides: [Side<'s>; 2],
    all: bool,
    groups: BTreeMap<Cause, Group>,
}

/// Image that gets another result.
pub(super) struct Found<'f> {
    pub(super) case: &'f Case,
    /// `None` for a sample image. For a given image, the object and field that it belongs to, if known.
    pub(super) of: Option<Option<&'f str>>,
}

/// Images of one cause.
#[derive(Default)]
struct Group {
    given: usize,
    made: usize,
    shown: Vec<ShownImage>,
}

struct ShownImage {
    is_given: bool,
    image: String,
    old: String,
    new: String,
}

impl<'s> Report<'s> {
    pub(super) fn new(sides: [Side<'s>; 2], all: bool) -> Self {
        Self {
            sides,
            all,
            groups: BTreeMap::new(),
        }
    }

    /// Returns the number of images that get another result.
    pub(super) fn differ(&self) -> usize {
        self.groups.values().map(|group| group.given + group.made).sum()
    }

    /// Adds an image. In a format for machines, it is written at once.
    pub(super) fn add(
        &mut self,
        comparison: &mut Comparison<'s>,
        cause: Cause,
        found: Found<'_>,
        output: &mut Output,
    ) -> Result<(), CommandError> {
        let all = self.all;
        let group = self.groups.entry(cause).or_default();
        let is_given = found.of.is_some();
        let (count, most) = match is_given {
            true => (&mut group.given, GIVEN),
            false => (&mut group.made, SHOWN_SAMPLES),
        };
        *count += 1;
        let has_digest = |image: &str| image.contains('@');
        // Examples without a digest are shown first, because they are easier to read.
        let worse = (*count > most && !has_digest(&found.case.image)).then(|| {
            let is_worse = |shown: &ShownImage| shown.is_given == is_given && has_digest(&shown.image);
            group.shown.iter().position(is_worse)
        });
        let worse = worse.flatten().filter(|_| !all);
        let is_shown = all || *count <= most || worse.is_some();
        // Nearly all differences are only counted.
        if output.format == Format::Human && !is_shown {
            return Ok(());
        }
        let [old, new] = self.sides;
        if output.format == Format::Json {
            let context = found.case.setting.context();
            let Some(difference) = difference(old.1, new.1, &found.case.image, &context) else {
                return Ok(());
            };
            return output.object(&ImageObject {
                kind: "image",
                image: &found.case.image,
                setting: SettingObject(&found.case.setting),
                given: is_given,
                object: found.of.flatten(),
                cause: name_of(self.sides, &comparison.changes, cause),
                old: Decided::new(old.1, &difference.old),
                new: Decided::new(new.1, &difference.new),
            });
        }
        let Some([of_old, of_new]) = comparison.outcomes(found.case) else {
            return Ok(());
        };
        let (was, is) = (outcome(old, &of_old, &of_new), outcome(new, &of_new, &of_old));
        if output.format == Format::Short {
            return output.line(format_args!("{}: before: {was}; now: {is}", what(&found)));
        }
        let sign = if is_given { "* " } else { "  " };
        if let Some(worse) = worse {
            group.shown.remove(worse);
        }
        group.shown.push(ShownImage {
            is_given,
            image: format!("{sign}{}", what(&found)),
            old: was,
            new: is,
        });
        Ok(())
    }

    /// Writes the rest of the report.
    pub(super) fn finish(
        &self,
        comparison: &Comparison<'_>,
        output: &mut Output,
    ) -> Result<(), CommandError> {
        let changes = comparison.changes.all();
        match output.format {
            Format::Human => self.for_people(changes, output),
            Format::Json => changes
                .iter()
                .enumerate()
                .try_for_each(|(place, change)| output.object(&self.object_of(place, change))),
            Format::Short => changes.iter().enumerate().try_for_each(|(place, change)| {
                let images = self.counts(Cause::Rule(place));
                output.line(format_args!(
                    "{}; {images}",
                    heading(self.sides, change, word(change))
                ))
            }),
        }
    }

    fn for_people(&self, changes: &[RuleChange], output: &mut Output) -> Result<(), CommandError> {
        let mut is_first = true;
        for (cause, group) in &self.groups {
            if !std::mem::take(&mut is_first) {
                output.line("")?;
            }
            match cause {
                Cause::Rule(place) => {
                    if let Some(change) = changes.get(*place) {
                        self.rule(change, output)?;
                    }
                }
                Cause::Home => {
                    output.line("changed: home")?;
                    for (sign, (_, set)) in ["-", "+"].into_iter().zip(self.sides) {
                        let home: Vec<&str> = set.home().collect();
                        let home = if home.is_empty() {
                            "(none)".to_owned()
                        } else {
                            home.join(", ")
                        };
                        output.line(format_args!("{sign} home  {home}"))?;
                    }
                }
                Cause::Map => self.map(output)?,
                Cause::Other => output.line("several changes together")?,
            }
            self.images(group, &self.counts(*cause), output)?;
        }
        let idle: Vec<&RuleChange> = (0..)
            .zip(changes)
            .filter(|(place, _)| !self.groups.contains_key(&Cause::Rule(*place)))
            .map(|(_, change)| change)
            .collect();
        if idle.is_empty() {
            return Ok(());
        }
        if !is_first {
            output.line("")?;
        }
        output.line("no effect on the compared images")?;
        let most = if self.all { usize::MAX } else { LINES };
        for change in idle.iter().take(most) {
            output.line(format_args!("  {}", heading(self.sides, change, word(change))))?;
        }
        self.more(idle.len().saturating_sub(most), "rule", output)
    }

    /// Writes the previous and the new text of a rule.
    fn rule(&self, change: &RuleChange, output: &mut Output) -> Result<(), CommandError> {
        let [old, new] = self.sides;
        output.line(heading(self.sides, change, word(change)))?;
        let text = |side, rule: Option<RuleId>| rule.map(|rule| text_of(side, rule));
        match (text(old, change.old), text(new, change.new)) {
            (Some(old), Some(new)) if old == new => {
                output.line(format_args!("  {new}"))?;
                if change.change == Change::Changed {
                    output.line("  (a constant that it uses, or the condition of its file, has changed)")?;
                }
                Ok(())
            }
            (old, new) => [("-", old), ("+", new)]
                .into_iter()
                .filter_map(|(sign, text)| Some((sign, text?)))
                .try_for_each(|(sign, text)| output.line(format_args!("{sign} {text}"))),
        }
    }

    fn map(&self, output: &mut Output) -> Result<(), CommandError> {
        output.line(format_args!("changed: {LEGACY_RULE}"))?;
        for (sign, lines) in ["-", "+"].into_iter().zip(changed_map_lines(self.sides)) {
            let most = if self.all { usize::MAX } else { LINES };
            for line in lines.iter().take(most) {
                output.line(format_args!("{sign} {line}"))?;
            }
            self.more(lines.len().saturating_sub(most), "line", output)?;
        }
        Ok(())
    }

    fn images(&self, group: &Group, counts: &str, output: &mut Output) -> Result<(), CommandError> {
        output.line(format_args!("  {counts}"))?;
        let width = group
            .shown
            .iter()
            .map(|shown| shown.image.chars().count())
            .max()
            .unwrap_or_default()
            .min(WIDE);
        for ShownImage { image, old, new, .. } in &group.shown {
            output.line(format_args!("- {image:width$}  {old}"))?;
            output.line(format_args!("+ {:width$}  {new}", ""))?;
        }
        self.more(group.given + group.made - group.shown.len(), "image", output)
    }

    fn more(&self, count: usize, what: &str, output: &mut Output) -> Result<(), CommandError> {
        match count {
            0 => Ok(()),
            _ => output.line(format_args!(
                "  and {}; --all shows them",
                counted(count, &format!("more {what}"))
            )),
        }
    }

    /// Returns the number of images of a cause: `12 images, 3 of them given`.
    fn counts(&self, cause: Cause) -> String {
        match self.groups.get(&cause) {
            None => "no image".to_owned(),
            Some(Group { given: 0, made, .. }) => counted(*made, "image"),
            Some(Group { given, made, .. }) => {
                format!("{}, {given} of them given", counted(given + made, "image"))
            }
        }
    }

    fn object_of(&self, place: usize, change: &RuleChange) -> RuleObject<'_> {
        let [old, new] = self.sides;
        let group = self.groups.get(&Cause::Rule(place));
        let given = group.map_or(0, |group| group.given);
        let side = |side: Side<'s>, rule: Option<RuleId>| {
            let (loaded, set) = side;
            let info = set.info(rule?)?;
            let (file, line) = loaded.sources.file_and_line(info.span);
            Some(RuleSide {
                rule: info.name,
                file,
                line,
                text: text_of(side, info.id),
            })
        };
        RuleObject {
            kind: "rule",
            change: word(change),
            moved: change.is_moved,
            images: given + group.map_or(0, |group| group.made),
            given,
            old: side(old, change.old),
            new: side(new, change.new),
        }
    }
}

/// Returns the name of a cause in JSON.
fn name_of<'s>(sides: [Side<'s>; 2], changes: &RuleChanges, cause: Cause) -> Option<Cow<'s, str>> {
    let [(_, old), (_, new)] = sides;
    match cause {
        Cause::Rule(place) => {
            let change = changes.all().get(place)?;
            match (change.new, change.old) {
                (Some(rule), _) => Some(new.rule_name(rule)),
                (None, rule) => rule.map(|rule| old.rule_name(rule)),
            }
        }
        Cause::Home => Some("home".into()),
        Cause::Map => Some(LEGACY_RULE.into()),
        Cause::Other => None,
    }
}

/// Returns an image with its object and field, or with its setting.
fn what(found: &Found<'_>) -> String {
    let image = visible(&found.case.image);
    let setting = &found.case.setting;
    match found.of.flatten() {
        Some(of) => format!("{image} ({})", visible(of)),
        None if setting.is_default() => image.into_owned(),
        None => format!("{image}  when {}", visible(&setting.to_string())),
    }
}

fn word(change: &RuleChange) -> &'static str {
    match change.change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
        Change::Moved => "moved",
        Change::Off => "off",
        Change::On => "on",
    }
}

//! The report for people: comparison, differences with their reasons, and advice.

use std::collections::BTreeMap;
use std::iter;

use imageswap_engine::diagnostic::visible;
use imageswap_migrate::{Advice, Difference, Fault, Migration, Outcome, REASONS, Reason};

use crate::findings::counted;

/// Maximum number of images that are shown for one reason.
const SHOWN: usize = 3;
/// Maximum number of images without a reason that are shown.
const SHOWN_UNEXPLAINED: usize = 20;
/// Maximum number of pieces of advice that are shown.
const SHOWN_ADVICE: usize = 30;
/// Maximum number of lines of a better form that are shown.
const SHOWN_BETTER: usize = 10;

/// Returns the report. `source` names the file with the lines of the map; the notes are about the command line.
pub(super) fn report(migration: &Migration, what: &str, source: &str, notes: &[String]) -> String {
    let mut text = String::new();
    heading(&mut text, migration, what, notes);
    advice(&mut text, &migration.advice, source);
    differences(&mut text, migration);
    closing(&mut text, migration);
    text
}

/// Adds the configuration that was found, and the notes.
pub(super) fn heading(text: &mut String, migration: &Migration, what: &str, notes: &[String]) {
    line(
        text,
        format_args!(
            "{what}; converted to {} and {}",
            counted(migration.rules, "rule"),
            counted(migration.tests, "test")
        ),
    );
    for note in notes {
        line(text, format_args!("note: {note}"));
    }
}

fn advice(text: &mut String, advice: &[Advice], source: &str) {
    for advice in advice.iter().take(SHOWN_ADVICE) {
        line(
            text,
            format_args!(
                "{source}:{}: {}: {}",
                advice.line,
                advice.kind.as_str(),
                advice.message
            ),
        );
        line(text, format_args!("    {}", advice.text));
        if let Some(better) = &advice.better {
            for (label, better) in iter::once("better:")
                .chain(iter::repeat("       "))
                .zip(better.lines().take(SHOWN_BETTER))
            {
                line(text, format_args!("    {label} {better}"));
            }
            more(text, "            ", better.lines().count(), SHOWN_BETTER);
        }
    }
    more(text, "", advice.len(), SHOWN_ADVICE);
}

fn differences(text: &mut String, migration: &Migration) {
    let comparison = &migration.comparison;
    let mut by_reason: BTreeMap<Reason, Vec<&Difference>> = BTreeMap::new();
    for difference in &comparison.differences {
        if let Some(reason) = difference.reason {
            by_reason.entry(reason).or_default().push(difference);
        }
    }
    for reason in REASONS {
        let Some(differences) = by_reason.get(&reason) else {
            continue;
        };
        line(
            text,
            format_args!(
                "{}: {}; each {}",
                reason.as_str(),
                counted(differences.len(), "image"),
                reason.text()
            ),
        );
        images(text, differences, SHOWN);
    }
    let unexplained: Vec<&Difference> = comparison.unexplained().collect();
    if !unexplained.is_empty() {
        line(
            text,
            format_args!(
                "without a reason: {}; this is a bug in imageswap, please report it",
                counted(unexplained.len(), "image")
            ),
        );
        images(text, &unexplained, SHOWN_UNEXPLAINED);
    }
}

/// Adds the number of compared images, and of images that differ.
pub(super) fn closing(text: &mut String, migration: &Migration) {
    let comparison = &migration.comparison;
    let unexplained = comparison.unexplained().count();
    let explained = comparison.differences.len() - unexplained;
    let given = match comparison.given {
        0 => String::new(),
        given => format!(", {given} of them given"),
    };
    let partly = match comparison.is_partial {
        true => "; the map is too long to compare all sample images",
        false => "",
    };
    let mut closing = format!(
        "{} compared{given}: ",
        counted(comparison.samples + comparison.given, "image")
    );
    closing.push_str(&match (explained, unexplained) {
        (0, 0) => "none differs".to_owned(),
        (explained, 0) => {
            format!("{}, each for a reason above", differ(explained))
        }
        (explained, none) => {
            format!(
                "{} for a reason above, {none} without a reason",
                differ(explained)
            )
        }
    });
    line(text, format_args!("{closing}{partly}"));
}

/// Returns a number of images with the verb that fits it.
fn differ(images: usize) -> String {
    let verb = if images == 1 { "differs" } else { "differ" };
    format!("{images} {verb}")
}

/// Adds the first of the images that differ.
fn images(text: &mut String, differences: &[&Difference], shown: usize) {
    for difference in differences.iter().take(shown) {
        image(text, difference);
    }
    more(text, "    ", differences.len(), shown);
}

/// Adds the number of items that are not shown.
fn more(text: &mut String, indent: &str, count: usize, shown: usize) {
    if count > shown {
        let more = count - shown;
        line(
            text,
            format_args!("{indent}and {more} more; --format json lists all"),
        );
    }
}

fn image(text: &mut String, difference: &Difference) {
    let mark = if difference.is_given { "* " } else { "  " };
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Kept => "kept".to_owned(),
        Outcome::Swapped(image) => format!("-> {image}"),
        Outcome::Invalid => "not a valid image".to_owned(),
    };
    line(text, format_args!("  {mark}{}", difference.image));
    line(text, format_args!("      before: {}", outcome(&difference.old)));
    line(text, format_args!("      now:    {}", outcome(&difference.new)));
}

/// Returns the reason why an old configuration cannot be migrated, with its lines.
pub(super) fn fault(fault: &Fault, place: &str, source: &str) -> String {
    let mut text = visible(&format!("{place}: {}", fault.message)).into_owned();
    for (number, said) in &fault.lines {
        text.push('\n');
        text.push_str(&visible(&format!("  {source}:{number}: {said}")));
    }
    text
}

/// Adds a line without characters that control a terminal: its text may come from a file.
pub(super) fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.push_str(&visible(&line.to_string()));
    text.push('\n');
}

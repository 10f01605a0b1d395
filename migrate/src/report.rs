//! The report: what was compared, what differs and why, and what would be better said otherwise.

use std::collections::BTreeMap;
use std::iter;

use imageswap_engine::diagnostic::visible;
use serde::Serialize;

use crate::fault::Fault;
use crate::migration::Migration;
use crate::proof::{Difference, Outcome};
use crate::reason::{REASONS, Reason};
use crate::traps::Advice;

/// How many images are shown for one reason.
const SHOWN: usize = 3;
/// How many images without a reason are shown.
const SHOWN_UNEXPLAINED: usize = 20;
/// How many pieces of advice are shown.
const SHOWN_ADVICE: usize = 30;
/// How many lines of a better form are shown.
const SHOWN_BETTER: usize = 10;

/// The report for people. The source is what the map's lines are named by; the notes are about the command line.
pub(crate) fn human(migration: &Migration, what: &str, source: &str, notes: &[String]) -> String {
    let mut text = String::new();
    line(
        &mut text,
        format_args!(
            "{what}; {} and {} come of it",
            counted(migration.rules, "rule"),
            counted(migration.tests, "test")
        ),
    );
    for note in notes {
        line(&mut text, format_args!("note: {note}"));
    }
    advice(&mut text, &migration.advice, source);
    differences(&mut text, migration);
    text
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
    let proof = &migration.proof;
    let mut by_reason: BTreeMap<Reason, Vec<&Difference>> = BTreeMap::new();
    for difference in &proof.differences {
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
    let unexplained: Vec<&Difference> = proof.unexplained().collect();
    if !unexplained.is_empty() {
        line(
            text,
            format_args!(
                "without a reason: {}; this is a mistake of imageswap's, worth a report",
                counted(unexplained.len(), "image")
            ),
        );
        images(text, &unexplained, SHOWN_UNEXPLAINED);
    }
    let explained = proof.differences.len() - unexplained.len();
    let given = match proof.given {
        0 => String::new(),
        given => format!(", {given} of them given"),
    };
    let partly = match proof.is_partial {
        true => "; the map is so long that not all there is to compare was",
        false => "",
    };
    let mut closing = format!("{} compared{given}: ", counted(proof.made + proof.given, "image"));
    closing.push_str(&match (explained, unexplained.len()) {
        (0, 0) => "all are treated as before".to_owned(),
        (explained, 0) => {
            format!("{explained} treated otherwise, each for a reason above; all others as before")
        }
        (explained, none) => {
            format!("{explained} treated otherwise for a reason above, {none} without a reason")
        }
    });
    line(text, format_args!("{closing}{partly}"));
}

/// The first of some images.
fn images(text: &mut String, differences: &[&Difference], shown: usize) {
    for difference in differences.iter().take(shown) {
        image(text, difference);
    }
    more(text, "    ", differences.len(), shown);
}

/// Says how many there are besides what is shown.
fn more(text: &mut String, indent: &str, count: usize, shown: usize) {
    if count > shown {
        let more = count - shown;
        line(
            text,
            format_args!("{indent}and {more} more; --format json tells all"),
        );
    }
}

fn image(text: &mut String, difference: &Difference) {
    let mark = if difference.is_given { "* " } else { "  " };
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Stays => "stays".to_owned(),
        Outcome::Becomes(image) => format!("-> {image}"),
        Outcome::Invalid => "no valid image came of it".to_owned(),
    };
    line(text, format_args!("  {mark}{}", difference.image));
    line(text, format_args!("      before: {}", outcome(&difference.old)));
    line(text, format_args!("      now:    {}", outcome(&difference.new)));
}

/// What keeps an old configuration from being migrated, with its lines.
pub(crate) fn fault(fault: &Fault, place: &str, source: &str) -> String {
    let mut text = visible(&format!("{place}: {}", fault.message)).into_owned();
    for (number, said) in &fault.lines {
        text.push('\n');
        text.push_str(&visible(&format!("  {source}:{number}: {said}")));
    }
    text
}

/// Adds a line, in which nothing that comes from a file drives the terminal.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.push_str(&visible(&line.to_string()));
    text.push('\n');
}

fn counted(count: usize, name: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Object<'m> {
    Note {
        message: &'m str,
    },
    Advice {
        file: &'m str,
        line: usize,
        text: &'m str,
        trap: &'m str,
        message: &'m str,
        better: Option<&'m str>,
    },
    Difference {
        image: &'m str,
        given: bool,
        old: Option<&'m str>,
        new: Option<&'m str>,
        reason: Option<&'m str>,
    },
    Summary {
        source: &'m str,
        rules: usize,
        tests: usize,
        compared: usize,
        given: usize,
        differences: usize,
        unexplained: usize,
        partial: bool,
    },
}

/// The report for machines: an object a line.
pub(crate) fn json(
    migration: &Migration,
    what: &str,
    source: &str,
    notes: &[String],
) -> serde_json::Result<String> {
    let proof = &migration.proof;
    let notes = notes.iter().map(|message| Object::Note { message });
    let advice = migration.advice.iter().map(|advice| Object::Advice {
        file: source,
        line: advice.line,
        text: &advice.text,
        trap: advice.kind.as_str(),
        message: &advice.message,
        better: advice.better.as_deref(),
    });
    let differences = proof.differences.iter().map(|difference| Object::Difference {
        image: &difference.image,
        given: difference.is_given,
        old: difference.old.image(),
        new: difference.new.image(),
        reason: difference.reason.map(Reason::as_str),
    });
    let summary = Object::Summary {
        source: what,
        rules: migration.rules,
        tests: migration.tests,
        compared: proof.made + proof.given,
        given: proof.given,
        differences: proof.differences.len(),
        unexplained: proof.unexplained().count(),
        partial: proof.is_partial,
    };
    let mut text = String::new();
    for object in notes.chain(advice).chain(differences).chain([summary]) {
        text.push_str(&serde_json::to_string(&object)?);
        text.push('\n');
    }
    Ok(text)
}

//! The report with one line for each trap and each difference.

use imageswap_migrate::{Migration, Outcome, Reason};

use super::human::{closing, heading, line};

/// Returns the report. `source` names the file with the lines of the map; the notes are about the command line.
pub(super) fn report(migration: &Migration, what: &str, source: &str, notes: &[String]) -> String {
    let mut text = String::new();
    heading(&mut text, migration, what, notes);
    for advice in &migration.advice {
        line(
            &mut text,
            format_args!(
                "{source}:{}: {}: {}",
                advice.line,
                advice.kind.as_str(),
                advice.message
            ),
        );
    }
    for difference in &migration.comparison.differences {
        let reason = difference.reason.map_or("without a reason", Reason::as_str);
        line(
            &mut text,
            format_args!(
                "{}: {reason}: before: {}; now: {}",
                difference.image,
                outcome(&difference.old),
                outcome(&difference.new)
            ),
        );
    }
    closing(&mut text, migration);
    text
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Kept => "kept".to_owned(),
        Outcome::Swapped(image) => format!("-> {image}"),
        Outcome::Invalid => "not a valid image".to_owned(),
    }
}

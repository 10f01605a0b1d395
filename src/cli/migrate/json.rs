//! The report as JSON, one object per line.

use imageswap_migrate::{Migration, Reason};
use serde::Serialize;

/// Object of the report. The names of the fields change only with a major version.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ReportObject<'m> {
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

/// Returns the report.
///
/// # Errors
///
/// Returns an error if an object cannot be written.
pub(super) fn report(
    migration: &Migration,
    what: &str,
    source: &str,
    notes: &[String],
) -> serde_json::Result<String> {
    let comparison = &migration.comparison;
    let notes = notes.iter().map(|message| ReportObject::Note { message });
    let advice = migration.advice.iter().map(|advice| ReportObject::Advice {
        file: source,
        line: advice.line,
        text: &advice.text,
        trap: advice.kind.as_str(),
        message: &advice.message,
        better: advice.better.as_deref(),
    });
    let differences = comparison
        .differences
        .iter()
        .map(|difference| ReportObject::Difference {
            image: &difference.image,
            given: difference.is_given,
            old: difference.old.image(),
            new: difference.new.image(),
            reason: difference.reason.map(Reason::as_str),
        });
    let summary = ReportObject::Summary {
        source: what,
        rules: migration.rules,
        tests: migration.tests,
        compared: comparison.samples + comparison.given,
        given: comparison.given,
        differences: comparison.differences.len(),
        unexplained: comparison.unexplained().count(),
        partial: comparison.is_partial,
    };
    let mut text = String::new();
    for object in notes.chain(advice).chain(differences).chain([summary]) {
        text.push_str(&serde_json::to_string(&object)?);
        text.push('\n');
    }
    Ok(text)
}

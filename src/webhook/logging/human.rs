//! Events for people: `TIME LEVEL NAMESPACE/NAME OUTCOME by RULES`, or `TIME LEVEL MESSAGE`, and then the other fields.
//!
//! Lines have at most 120 columns, unless one word is longer. The rest of an event follows on lines that begin with
//! spaces, so no text of a client looks like an event.

use std::fmt;
use std::mem::take;

use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::lines::{Lines, LogTone, Paint};
use super::writer::LogWriter;

/// Length of the first part of a UID, which is enough to find the review elsewhere.
const SHORT_UID: usize = 8;
/// Field with the text of a finding for people.
pub(super) const SNIPPET: &str = "snippet";

/// Layer that writes events for people.
pub(super) struct HumanLayer {
    pub(super) writer: LogWriter,
    /// Colors a word; `None` if there are no colors.
    pub(super) paint: Option<Paint>,
}

impl<S: Subscriber> Layer<S> for HumanLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let text = fields.text(*event.metadata().level(), OffsetDateTime::now_utc(), self.paint);
        self.writer.put(text.as_bytes());
    }
}

/// Returns the line about lines that were dropped.
pub(super) fn dropped_lines_for_people(lines: u64) -> String {
    let fields = EventFields {
        message: "lines of the log were dropped, because nobody read them fast enough".to_owned(),
        others: vec![("lines", lines.to_string())],
    };
    fields.text(Level::WARN, OffsetDateTime::now_utc(), None)
}

/// The fields of an event, in their order.
#[derive(Default)]
struct EventFields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl EventFields {
    fn text(mut self, level: Level, now: OffsetDateTime, paint: Option<Paint>) -> String {
        let mut lines = Lines::new(paint);
        let (hour, minute, second) = now.to_hms();
        lines.text(&format!("{hour:02}:{minute:02}:{second:02}Z"));
        lines.painted(tone_of_level(level), &format!("{:<5}", level.as_str()));
        let uid = self.take("uid");
        let snippet = self.take(SNIPPET);
        if snippet.is_some() {
            // The first line of the snippet has both.
            self.take("code");
            self.message.clear();
        }
        let blocks: Vec<String> = ["denial", "details"]
            .iter()
            .filter_map(|name| self.take(name))
            .collect();
        match self.take("outcome") {
            Some(outcome) => self.review(&outcome, &mut lines),
            None => lines.text(&self.message),
        }
        for (name, value) in self.others.iter().filter(|(_, value)| !value.is_empty()) {
            lines.field(name, value);
        }
        if let Some(uid) = uid {
            lines.field("uid", &short(&uid));
        }
        for block in blocks {
            lines.block(&block);
        }
        if let Some(snippet) = snippet {
            lines.finding(&snippet);
        }
        lines.into_text()
    }

    /// Writes the object, the outcome and the rules of a review.
    fn review(&mut self, outcome: &str, lines: &mut Lines) {
        let namespace = self.take("namespace").filter(|namespace| !namespace.is_empty());
        let name = self.take("name").filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "-".to_owned());
        let object = match namespace {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name,
        };
        lines.object(&object);
        lines.painted(tone_of_outcome(outcome), outcome);
        if let Some(rules) = self.take("rules").filter(|rules| !rules.is_empty()) {
            lines.text(&format!("by {}", rules.replace(',', ", ")));
        }
        if self.message != "reviewed" {
            lines.text(&format!("({})", self.message));
        }
        let verb = [self.take("operation"), self.take("kind")];
        for word in verb.into_iter().flatten() {
            lines.word(&word);
        }
    }

    /// Removes a field, and returns its value.
    fn take(&mut self, name: &str) -> Option<String> {
        let field = self.others.iter_mut().find(|(known, _)| *known == name)?;
        let value = take(&mut field.1);
        self.others.retain(|(known, _)| *known != name);
        Some(value)
    }
}

impl Visit for EventFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.others.push((field.name(), value.to_owned()));
        }
    }
}

/// Returns a UID, shortened if it is one, and not a text of a client.
fn short(uid: &str) -> String {
    let is_uid = uid.len() == 36 && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    match uid.get(..SHORT_UID) {
        Some(start) if is_uid => start.to_owned(),
        _ => uid.to_owned(),
    }
}

fn tone_of_level(level: Level) -> LogTone {
    match level {
        Level::ERROR => LogTone::Error,
        Level::WARN => LogTone::Warning,
        Level::INFO => LogTone::Info,
        _ => LogTone::Debug,
    }
}

fn tone_of_outcome(outcome: &str) -> LogTone {
    match outcome {
        "denied" | "would-deny" | "too-many-images" => LogTone::Error,
        "patched" | "would-swap" => LogTone::Patched,
        _ => LogTone::Outcome,
    }
}

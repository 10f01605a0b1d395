//! Events as JSON objects, one a line: `timestamp`, `level`, `message`, and the fields of the event.
//!
//! Written by hand because every review has such a line, and the layer that comes with the library takes as
//! long for it as all the rest of the answer.

use std::cell::RefCell;
use std::fmt::{self, Write as _};

use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::writer::LogWriter;

/// Writes events as JSON.
pub(super) struct JsonLayer(pub(super) LogWriter);

thread_local! {
    /// A line in the making, and a text that is yet to be escaped.
    static LINE: RefCell<(Vec<u8>, String)> = const { RefCell::new((Vec::new(), String::new())) };
}

impl<S: Subscriber> Layer<S> for JsonLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        LINE.with_borrow_mut(|(line, text)| {
            line.clear();
            line.extend_from_slice(b"{\"timestamp\":\"");
            timestamp(line, OffsetDateTime::now_utc());
            line.extend_from_slice(b"\",\"level\":\"");
            line.extend_from_slice(event.metadata().level().as_str().as_bytes());
            line.push(b'"');
            event.record(&mut Fields { line, text });
            line.extend_from_slice(b"}\n");
            self.0.put(line);
        });
    }
}

/// RFC 3339 in microseconds, of a year with four digits.
fn timestamp(line: &mut Vec<u8>, now: OffsetDateTime) {
    let mut digits = |number: u32, count: u32, behind: u8| {
        for place in (0..count).rev() {
            let digit = number / 10u32.pow(place) % 10;
            line.extend(char::from_digit(digit, 10).map(|digit| digit as u8));
        }
        line.push(behind);
    };
    digits(now.year().unsigned_abs(), 4, b'-');
    digits(u8::from(now.month()).into(), 2, b'-');
    digits(now.day().into(), 2, b'T');
    digits(now.hour().into(), 2, b':');
    digits(now.minute().into(), 2, b':');
    digits(now.second().into(), 2, b'.');
    digits(now.microsecond(), 6, b'Z');
}

struct Fields<'l> {
    line: &'l mut Vec<u8>,
    text: &'l mut String,
}

impl Fields<'_> {
    /// Writes a member. A vector takes whatever it is given, and what is given here is JSON in itself.
    fn member(&mut self, field: &Field, value: &impl serde::Serialize) {
        // The name is one of the program's own: nothing in it needs an escape.
        self.line.extend_from_slice(b",\"");
        self.line.extend_from_slice(field.name().as_bytes());
        self.line.extend_from_slice(b"\":");
        let _ = serde_json::to_writer(&mut *self.line, value);
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = std::mem::take(self.text);
        text.clear();
        let _ = write!(text, "{value:?}");
        self.member(field, &text);
        *self.text = text;
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, &value);
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_timestamp_is_rfc_3339_with_every_digit() {
        let mut line = Vec::new();
        timestamp(&mut line, datetime!(2026-01-02 03:04:05.000_006 UTC));
        assert_eq!(line, b"2026-01-02T03:04:05.000006Z");
    }
}

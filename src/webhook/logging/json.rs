//! Events as JSON objects, one a line: `timestamp`, `level`, `message`, and the fields of the event.
//!
//! Every review has such a line, and the JSON layer of tracing-subscriber takes as long for it as the whole answer takes
//! without it. So the layer is our own.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::io::Write as _;

use imageswap_engine::diagnostic::is_hidden;
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::human::SNIPPET;
use super::writer::LogWriter;

/// Layer that writes events as JSON.
pub(super) struct JsonLayer(pub(super) LogWriter);

thread_local! {
    static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

/// Buffers of a thread, which all of its lines use.
struct Scratch {
    line: Vec<u8>,
    /// Text of a field before it is escaped.
    text: String,
    /// Second of the last line.
    second: i64,
    /// Text of that second, up to the fraction.
    formatted: [u8; 20],
}

impl<S: Subscriber> Layer<S> for JsonLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.line.clear();
            scratch.line.extend_from_slice(b"{\"timestamp\":\"");
            scratch.timestamp(OffsetDateTime::now_utc());
            let Scratch { line, text, .. } = scratch;
            line.extend_from_slice(b"\",\"level\":\"");
            line.extend_from_slice(event.metadata().level().as_str().as_bytes());
            line.push(b'"');
            event.record(&mut Fields { line, text });
            line.extend_from_slice(b"}\n");
            self.0.put(line);
        });
    }
}

/// Returns the line about lines that were dropped.
pub(super) fn dropped_lines_as_json(lines: u64) -> String {
    let mut line = line_now(
        "WARN",
        "lines of the log were dropped, because nobody read them fast enough",
    );
    let _ = writeln!(line, ",\"lines\":{lines}}}");
    line
}

/// Returns the line about the error that ends the process, with the variable that causes it. The log has ended then, and
/// its level does not matter.
pub(crate) fn fatal_line(error: &str, variable: Option<&str>, exit_status: u8) -> String {
    let mut line = line_now("ERROR", "stopped by an error");
    let _ = write!(line, ",\"error\":{}", JsonText(error));
    if let Some(variable) = variable {
        let _ = write!(line, ",\"variable\":{}", JsonText(variable));
    }
    let _ = writeln!(line, ",\"exit_status\":{exit_status}}}");
    line
}

/// Returns the members that every line has. Writing to a string cannot fail.
fn line_now(level: &str, message: &str) -> String {
    let mut scratch = Scratch::new();
    scratch.timestamp(OffsetDateTime::now_utc());
    let timestamp = String::from_utf8_lossy(&scratch.line);
    format!("{{\"timestamp\":\"{timestamp}\",\"level\":\"{level}\",\"message\":\"{message}\"")
}

impl Scratch {
    const fn new() -> Self {
        Self {
            line: Vec::new(),
            text: String::new(),
            second: i64::MIN,
            formatted: [0; 20],
        }
    }

    /// Writes a timestamp of RFC 3339 in microseconds, for a year of four digits. Many lines share all but the fraction.
    fn timestamp(&mut self, now: OffsetDateTime) {
        let second = now.unix_timestamp();
        if second != self.second {
            let (year, month, day) = now.to_calendar_date();
            let (hour, minute, of_minute) = now.to_hms();
            let month = u8::from(month);
            let mut formatted = self.formatted.as_mut_slice();
            // The text fills the buffer exactly, so this cannot fail.
            let _ = write!(
                formatted,
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{of_minute:02}."
            );
            self.second = second;
        }
        self.line.extend_from_slice(&self.formatted);
        let mut fraction = now.microsecond();
        let mut digits = *b"000000Z";
        for digit in digits[..6].iter_mut().rev() {
            *digit = b'0' + u8::try_from(fraction % 10).unwrap_or_default();
            fraction /= 10;
        }
        self.line.extend_from_slice(&digits);
    }
}

/// Field whose value is JSON in the form `{:#?}`.
const JSON_FIELD: &str = "details";

/// A text as a JSON string. Characters that [`is_hidden`] finds have escapes, since people read the log in a terminal.
pub(crate) struct JsonText<'t>(pub(crate) &'t str);

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut rest = self.0;
        while let Some((at, char)) = rest
            .char_indices()
            .find(|(_, char)| is_hidden(*char) || matches!(char, '"' | '\\'))
        {
            f.write_str(&rest[..at])?;
            match char {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                // All hidden characters are in the first plane of Unicode, so none needs two escapes.
                char => write!(f, "\\u{:04x}", u32::from(char))?,
            }
            rest = &rest[at + char.len_utf8()..];
        }
        f.write_str(rest)?;
        f.write_char('"')
    }
}

struct Fields<'l> {
    line: &'l mut Vec<u8>,
    text: &'l mut String,
}

impl Fields<'_> {
    /// Writes a member. Numbers and booleans are JSON, and a vector accepts all of it, so this cannot fail.
    fn member(&mut self, field: &Field, value: &impl serde::Serialize) {
        self.name(field);
        let _ = serde_json::to_writer(&mut *self.line, value);
    }

    fn name(&mut self, field: &Field) {
        // Names of fields are identifiers of our code, so nothing in them needs an escape.
        self.line.extend_from_slice(b",\"");
        self.line.extend_from_slice(field.name().as_bytes());
        self.line.extend_from_slice(b"\":");
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = std::mem::take(self.text);
        text.clear();
        // Writing to a string cannot fail.
        if field.name() == SNIPPET {
            // The message says the same in one line.
        } else if field.name() == JSON_FIELD {
            let _ = write!(text, "{value:#?}");
            self.name(field);
            self.line.extend_from_slice(text.as_bytes());
        } else {
            let _ = write!(text, "{value:?}");
            self.record_str(field, &text);
        }
        *self.text = text;
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if value.bytes().all(is_plain) {
            // Nearly every text: this saves a serializer.
            self.line.push(b'"');
            self.line.extend_from_slice(value.as_bytes());
            self.line.push(b'"');
        } else {
            let _ = write!(self.line, "{}", JsonText(value));
        }
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
    fn timestamp_is_rfc_3339_with_every_digit() {
        let mut scratch = Scratch::new();
        let mut written = |now| {
            scratch.line.clear();
            scratch.timestamp(now);
            String::from_utf8(scratch.line.clone()).unwrap()
        };
        assert_eq!(
            written(datetime!(2026-01-02 03:04:05.000_006 UTC)),
            "2026-01-02T03:04:05.000006Z"
        );
        assert_eq!(
            written(datetime!(2026-01-02 03:04:05.987_654_321 UTC)),
            "2026-01-02T03:04:05.987654Z"
        );
        assert_eq!(
            written(datetime!(2026-12-31 23:59:59 UTC)),
            "2026-12-31T23:59:59.000000Z"
        );
    }

    #[test]
    fn line_is_json_for_any_text_in_a_field() {
        let (log, lines) = std::sync::mpsc::channel();
        struct Sink(std::sync::mpsc::Sender<Vec<u8>>);
        impl std::io::Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                let _ = self.0.send(bytes.to_vec());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (writer, guard) = LogWriter::start(Sink(log), dropped_lines_as_json).unwrap();
        let subscriber =
            tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), JsonLayer(writer));
        let hostile = "a\"b\\c\nd\u{1}é\u{2028}";
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(text = hostile, debug = ?hostile, number = -5, flag = true, none = None::<u64>, "{hostile}");
        });
        drop(guard);
        let line = lines.iter().flatten().collect::<Vec<u8>>();
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(
            (&line["message"], &line["text"]),
            (&hostile.into(), &hostile.into())
        );
        assert_eq!((&line["number"], &line["flag"]), (&(-5).into(), &true.into()));
        assert!(line.get("none").is_none());
    }
}

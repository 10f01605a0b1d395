//! A writer of JSON, piece by piece.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A JSON text under construction.
#[derive(Debug)]
pub(super) struct JsonWriter(Vec<u8>);

/// Returns the length of this many bytes in base64.
pub(super) const fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

impl JsonWriter {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Appends a text that is valid JSON.
    pub(super) fn raw(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Appends a string, with its quotes and escapes.
    pub(super) fn text(&mut self, text: &str) {
        // Neither step can fail: every string has a JSON form, and a vector accepts every byte.
        let _ = serde_json::to_writer(&mut self.0, text);
    }

    /// Moves the start of a text to the end of this one, in base64. The text keeps the bytes that are not a whole group,
    /// so it can continue.
    pub(super) fn base64_of_start(&mut self, text: &mut Self) {
        let whole = text.len() - text.len() % 3;
        self.base64(text.0.get(..whole).unwrap_or_default());
        text.0.drain(..whole);
    }

    /// Appends the end of a text in base64.
    pub(super) fn base64_of_end(&mut self, text: &Self) {
        self.base64(&text.0);
    }

    fn base64(&mut self, bytes: &[u8]) {
        let start = self.len();
        self.0.resize(start + base64_length(bytes.len()), b'=');
        if let Some(room) = self.0.get_mut(start..) {
            // `room` has exactly the encoded length, so this cannot fail.
            let _ = STANDARD.encode_slice(bytes, room);
        }
    }

    /// Appends elements, separated by commas.
    pub(super) fn separated<T>(&mut self, elements: &[T], mut write: impl FnMut(&mut Self, &T)) {
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            write(self, element);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Text that `write!` appends must be valid JSON.
impl std::fmt::Write for JsonWriter {
    fn write_str(&mut self, json: &str) -> std::fmt::Result {
        self.raw(json);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_that_is_encoded_in_parts_is_encoded_as_a_whole(
            parts in prop::collection::vec("[ -~]{0,40}", 0..12),
        ) {
            let (mut json, mut text) = (JsonWriter::with_capacity(0), JsonWriter::with_capacity(0));
            json.raw("<");
            for part in &parts {
                text.raw(part);
                json.base64_of_start(&mut text);
            }
            json.base64_of_end(&text);
            json.raw(">");
            prop_assert_eq!(
                String::from_utf8(json.into_bytes()).unwrap(),
                format!("<{}>", STANDARD.encode(parts.concat()))
            );
        }
    }
}

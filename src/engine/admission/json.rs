//! A writer of JSON, piece by piece.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A JSON text under construction.
#[derive(Debug)]
pub(super) struct JsonWriter(Vec<u8>);

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

    /// Appends bytes in base64, without quotes.
    pub(super) fn base64(&mut self, bytes: &[u8]) {
        let start = self.0.len();
        self.0.resize(start + bytes.len().div_ceil(3) * 4, b'=');
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

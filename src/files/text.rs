//! Bytes as text.

use std::fmt;

/// The reason why bytes are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotText {
    /// They are UTF-16, with its mark, as some editors and shells of Windows write.
    Utf16,
    /// They are not UTF-8.
    NotUtf8 {
        /// The first line that is not, from 1.
        line: usize,
    },
}

/// Returns bytes as text.
///
/// # Errors
///
/// Returns an error if they are not UTF-8.
pub fn to_text(bytes: Vec<u8>) -> Result<String, NotText> {
    String::from_utf8(bytes).map_err(|error| {
        // The byte order marks of UTF-16, which PowerShell writes by default.
        if error.as_bytes().starts_with(b"\xFF\xFE") || error.as_bytes().starts_with(b"\xFE\xFF") {
            return NotText::Utf16;
        }
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(valid);
        NotText::NotUtf8 {
            line: before.filter(|byte| **byte == b'\n').count() + 1,
        }
    })
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16 => f.write_str("it is UTF-16; save it as UTF-8"),
            Self::NotUtf8 { line } => write!(f, "line {line} is not UTF-8; save it as UTF-8"),
        }
    }
}

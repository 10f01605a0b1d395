//! Reading a text that a command line names, with a limit.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The path that means stdin.
pub const STDIN: &str = "-";
/// The longest text, in bytes: a list of all Pods of a large cluster is tens of megabytes.
const MOST: u64 = 256 << 20;

/// Why something could not be done: one line for people.
#[derive(Debug)]
pub struct Failed(pub(crate) String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

/// What messages call a file.
#[must_use]
pub fn name_of(file: &Path) -> String {
    if file.as_os_str() == STDIN {
        "stdin".to_owned()
    } else {
        file.display().to_string()
    }
}

/// Reads a file or stdin.
///
/// # Errors
///
/// Where it can't be read, is too long or no UTF-8.
pub fn read(file: &Path) -> Result<String, Failed> {
    let name = name_of(file);
    let fail = |error: io::Error| Failed(format!("cannot read {name}: {error}"));
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == STDIN {
        io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|opened| opened.take(MOST + 1).read_to_end(&mut bytes))
    };
    if u64::try_from(read.map_err(fail)?).is_ok_and(|read| read > MOST) {
        return Err(Failed(format!("{name} is longer than {} MiB", MOST >> 20)));
    }
    text(bytes).map_err(|error| Failed(format!("cannot read {name}: {error}")))
}

/// Why bytes are no text.
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

/// Takes bytes for a text.
///
/// # Errors
///
/// Where they are not UTF-8.
pub fn text(bytes: Vec<u8>) -> Result<String, NotText> {
    String::from_utf8(bytes).map_err(|error| {
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

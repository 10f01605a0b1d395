//! Texts that should be PEM, and what they are instead.

use std::fmt;

use rustls::pki_types::pem;

/// The marks that begin and end the first line of a section.
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const BYTE_ORDER_MARK: char = '\u{feff}';
/// The base64 of `-----BEGIN`, whose last character depends on what follows.
const BASE64_OF_BEGIN: &str = "LS0tLS1CRUdJT";
/// The header of an encrypted key in the older form, and the name of the newer one.
const ENCRYPTED: [&str; 2] = ["Proc-Type: 4,ENCRYPTED", "BEGIN ENCRYPTED PRIVATE KEY"];

/// An item that a file of a pair must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PemItem {
    /// Certificates.
    Certificate,
    /// A private key.
    PrivateKey,
}

/// The reason why a text has no such item.
#[derive(Debug)]
pub(crate) enum PemProblem {
    /// It is empty.
    Empty,
    /// It begins with a byte order mark.
    ByteOrderMark,
    /// Its lines begin with white space.
    Indented,
    /// It is the base64 of PEM.
    Base64,
    /// Its key is encrypted.
    Encrypted,
    /// It ends within a section.
    CutOff,
    /// It has other sections, or none.
    Missing,
    /// A section is not valid.
    Syntax(pem::Error),
}

impl PemItem {
    /// Returns the name in messages.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::PrivateKey => "private key",
        }
    }

    /// Returns true if a text has a section of this item.
    pub(super) fn is_in(self, text: &str) -> bool {
        let of_section = |line: &str| match self {
            Self::Certificate => line.starts_with("-----BEGIN CERTIFICATE-----"),
            Self::PrivateKey => line.starts_with(BEGIN) && line.trim_end().ends_with("PRIVATE KEY-----"),
        };
        text.lines().any(of_section)
    }
}

impl PemProblem {
    /// Returns the reason why `error` came from a text.
    pub(super) fn of(text: &str, error: pem::Error) -> Self {
        let trimmed = text.trim_start_matches(BYTE_ORDER_MARK).trim();
        let has_line = |start: &str| text.lines().any(|line| line.starts_with(start));
        if trimmed.is_empty() {
            Self::Empty
        } else if is_encrypted(text) {
            Self::Encrypted
        } else if text.starts_with(BYTE_ORDER_MARK) && trimmed.starts_with(BEGIN) {
            Self::ByteOrderMark
        } else if text.lines().any(|line| {
            let inner = line.trim_start();
            inner.len() < line.len() && (inner.starts_with(BEGIN) || inner.starts_with(END))
        }) {
            Self::Indented
        } else if trimmed.starts_with(BASE64_OF_BEGIN) {
            Self::Base64
        } else if matches!(error, pem::Error::MissingSectionEnd { .. }) || (has_line(BEGIN) && !has_line(END))
        {
            Self::CutOff
        } else if matches!(error, pem::Error::NoItemsFound) {
            Self::Missing
        } else {
            Self::Syntax(error)
        }
    }

    /// Returns the message about a file that should have an item.
    pub(super) fn message(&self, file: &str, item: PemItem) -> String {
        let wanted = item.as_str();
        match self {
            Self::Empty => format!("{file} is empty; it needs the {wanted} in PEM format"),
            Self::ByteOrderMark => {
                format!("{file} begins with a byte order mark; save it as UTF-8 without one")
            }
            Self::Indented => format!(
                "the lines of {file} begin with white space, so they are not PEM; remove the white space"
            ),
            Self::Base64 => format!(
                "{file} is base64 of PEM; decode it once more (`data` of a Secret is base64, `stringData` is not)"
            ),
            Self::Encrypted => format!(
                "the key in {file} is encrypted, and the webhook has no password; decrypt it: \
                 openssl pkey -in {file} -out decrypted.pem"
            ),
            Self::CutOff => format!("{file} is cut off: a section has no line `-----END`"),
            Self::Missing => format!("{file} has no {wanted} in PEM format"),
            Self::Syntax(error) => format!("{file} is not valid PEM: {}", Reason(error)),
        }
    }
}

/// The printed form of a syntax error, without the line that has it.
struct Reason<'a>(&'a pem::Error);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            pem::Error::IllegalSectionStart { .. } => {
                f.write_str("a line `-----BEGIN` does not end in `-----`")
            }
            pem::Error::Base64Decode(reason) => write!(f, "a line is not base64: {reason}"),
            error => error.fmt(f),
        }
    }
}

/// Returns true if a text has an encrypted key.
pub(super) fn is_encrypted(text: &str) -> bool {
    ENCRYPTED.iter().any(|mark| text.contains(mark))
}

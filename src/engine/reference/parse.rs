//! The parser of image references: one pass, without regular expressions and without copies.

use std::fmt;

use super::path::RepositoryPath;
use super::registry::{DOCKER_HUB, DOCKER_HUB_ALIAS, is_domain, split_registry};

/// Maximum length of a path, in bytes, `library/` included.
const MAX_PATH: usize = 255;
/// Maximum length of a tag, in bytes.
const MAX_TAG: usize = 128;

/// A valid image reference, in slices of its text.
///
/// ```
/// use imageswap_engine::reference::Reference;
///
/// let image = Reference::parse("nginx:1.25").unwrap();
/// assert_eq!(image.domain, Some("docker.io"));
/// assert_eq!(image.path, "library/nginx");
/// assert_eq!(image.tag, Some("1.25"));
/// assert_eq!(image.to_string(), "docker.io/library/nginx:1.25");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The registry in the original image, with its port. `None` if the first segment looks like a domain but is not
    /// valid as one (`a_b.example.com/x`): the reference grammar then reads the whole name as a path.
    pub domain: Option<&'a str>,
    /// The repository below the registry.
    pub path: RepositoryPath<'a>,
    /// The tag of the original image; none is added.
    pub tag: Option<&'a str>,
    /// The digest with its algorithm, such as `sha256:...`.
    pub digest: Option<&'a str>,
}

/// The reason why a text is not an image reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// There is no name.
    Empty,
    /// The name is 64 hexadecimal digits: the container runtimes read it as the id of an image.
    Identifier,
    /// The repository has an upper-case letter.
    Uppercase,
    /// The repository is longer than 255 bytes.
    TooLong,
    /// The registry or the repository has characters that are not allowed.
    Name,
    /// The tag is empty, longer than 128 bytes, or has other characters than letters, digits, `_`, `.`, `-`.
    Tag,
    /// The digest is not `ALGORITHM:HEX`, is of an unknown algorithm, or has the wrong length for its algorithm.
    Digest,
}

impl<'a> Reference<'a> {
    /// Parses an image reference.
    ///
    /// # Errors
    ///
    /// Returns an error that names the invalid part.
    pub fn parse(text: &'a str) -> Result<Self, ReferenceError> {
        if is_identifier(text) {
            return Err(ReferenceError::Identifier);
        }
        let (domain, remainder) = split_domain(text);
        // The reference implementation looks for upper-case letters in everything before the first colon, so it also
        // rejects the algorithm of a digest that is written `SHA256`.
        let before_colon = remainder.split_once(':').map_or(remainder, |(before, _)| before);
        if before_colon.chars().any(char::is_uppercase) {
            return Err(ReferenceError::Uppercase);
        }
        let (rest, digest) = match remainder.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (remainder, None),
        };
        let (written, tag) = match rest.split_once(':') {
            Some((written, tag)) => (written, Some(tag)),
            None => (rest, None),
        };
        if text.is_empty() || written.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if !written.split('/').all(is_path_component) {
            return Err(ReferenceError::Name);
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag);
        }
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(ReferenceError::Digest);
        }
        let (domain, path) = match domain {
            Domain::Named(domain) if is_domain(domain) => (Some(domain), RepositoryPath::new(false, written)),
            // A first segment that is not a domain can still be the first segment of a path.
            Domain::Named(domain) if is_path_component(domain) => {
                let name = text.get(..domain.len() + 1 + written.len()).unwrap_or(text);
                (None, RepositoryPath::new(false, name))
            }
            Domain::Named(_) => return Err(ReferenceError::Name),
            Domain::Hub => (
                Some(DOCKER_HUB),
                RepositoryPath::new(!written.contains('/'), written),
            ),
        };
        if path.len() > MAX_PATH {
            return Err(ReferenceError::TooLong);
        }
        Ok(Self {
            domain,
            path,
            tag,
            digest,
        })
    }
}

/// Writes the canonical form: `docker.io/library/nginx:1.25`.
impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(domain) = self.domain {
            write!(f, "{domain}/")?;
        }
        write!(f, "{}", self.path)?;
        if let Some(tag) = self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it has no name",
            Self::Identifier => "64 hexadecimal digits are the id of an image, not a name",
            Self::Uppercase => "the repository must be in lower case",
            Self::TooLong => "the repository is longer than 255 bytes",
            Self::Name => "the registry or the repository has characters that are not allowed there",
            Self::Tag => {
                "a tag has 1 to 128 letters, digits, `_`, `.` or `-`, and does not begin with `.` or `-`"
            }
            Self::Digest => "a digest is `sha256:` or `sha512:` with 64 or 128 lower-case hexadecimal digits",
        })
    }
}

impl std::error::Error for ReferenceError {}

enum Domain<'a> {
    Hub,
    Named(&'a str),
}

fn split_domain(text: &str) -> (Domain<'_>, &str) {
    match split_registry(text) {
        (None | Some(DOCKER_HUB | DOCKER_HUB_ALIAS), rest) => (Domain::Hub, rest),
        (Some(first), rest) => (Domain::Named(first), rest),
    }
}

/// Returns true if the text is one segment of a repository: runs of lower-case letters and digits, separated by `.`,
/// `_`, `__` or any number of `-`.
pub(crate) fn is_path_component(text: &str) -> bool {
    let mut run = Separator::Start;
    for byte in text.bytes() {
        run = match (byte, run) {
            (b'a'..=b'z' | b'0'..=b'9', _) => Separator::None,
            (b'.', Separator::None) => Separator::Closed,
            (b'_', Separator::None) => Separator::Underscore,
            (b'_', Separator::Underscore) => Separator::Closed,
            (b'-', Separator::None | Separator::Hyphens) => Separator::Hyphens,
            _ => return false,
        };
    }
    matches!(run, Separator::None)
}

/// The separator before the next byte of a path component, as read so far.
#[derive(Clone, Copy)]
enum Separator {
    /// No byte was read yet.
    Start,
    /// The last byte was a letter or a digit.
    None,
    /// One `_`, which may become two.
    Underscore,
    /// Hyphens, of which there may be any number.
    Hyphens,
    /// A `.` or `__`, after which a letter or a digit must follow.
    Closed,
}

/// Returns true if the text is a tag.
pub(crate) fn is_tag(text: &str) -> bool {
    (1..=MAX_TAG).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && !text.starts_with(['.', '-'])
}

/// Returns true if the text is a digest of an algorithm that the reference implementation links, in lower case and of
/// the right length. (`sha384` is registered too, but none of its users links it.)
pub(crate) fn is_digest(text: &str) -> bool {
    match text.split_once(':') {
        Some(("sha256", hex)) => hex.len() == 64 && is_lower_hex(hex),
        Some(("sha512", hex)) => hex.len() == 128 && is_lower_hex(hex),
        _ => false,
    }
}

fn is_identifier(text: &str) -> bool {
    text.len() == 64 && is_lower_hex(text)
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

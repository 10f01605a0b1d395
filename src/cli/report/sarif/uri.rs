//! Names of files in a log. A file below the working directory has its relative path, so that a code host finds it
//! in the repository; any other file has its absolute path.

use std::path::{Component, Path, PathBuf};

/// Name of stdin.
pub(super) const STDIN: &str = "stdin";

/// Returns the URI reference of a file, and the base that it is relative to.
pub(super) fn from_file(name: &str, directory: &Path) -> (String, Option<&'static str>) {
    if name == STDIN {
        return (STDIN.to_owned(), None);
    }
    let path = normal(&directory.join(name));
    match path.strip_prefix(directory) {
        Ok(below) => (encoded(below), Some("%SRCROOT%")),
        Err(_) => (format!("file://{}", encoded(&path)), None),
    }
}

/// Returns the path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match normal.components().next_back() {
                Some(Component::Normal(_)) => {
                    normal.pop();
                }
                Some(Component::RootDir) => {}
                _ => normal.push(part),
            },
            part => normal.push(part),
        }
    }
    normal
}

/// Returns the path with percent-encoding of all bytes that are not unreserved (RFC 3986, section 2.3).
fn encoded(path: &Path) -> String {
    let mut encoded = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(*byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_uri(name: &str, uri: &str, base: Option<&str>) {
        let named = from_file(name, Path::new("/srv/rules of ours"));
        assert_eq!(named, (uri.to_owned(), base.map(|_| "%SRCROOT%")), "{name}");
    }

    #[test]
    fn file_below_the_working_directory_has_a_relative_path() {
        let base = Some("%SRCROOT%");
        assert_uri("rules/10-mirror.rules", "rules/10-mirror.rules", base);
        assert_uri("./rules//a.rules", "rules/a.rules", base);
        assert_uri("rules/../b.rules", "b.rules", base);
        assert_uri("/srv/rules of ours/b.rules", "b.rules", base);
        assert_uri("../rules of ours/b.rules", "b.rules", base);
    }

    #[test]
    fn file_elsewhere_has_an_absolute_path() {
        assert_uri("../a.rules", "file:///srv/a.rules", None);
        assert_uri("/../etc/a b.rules", "file:///etc/a%20b.rules", None);
    }

    #[test]
    fn reserved_characters_are_encoded() {
        let base = Some("%SRCROOT%");
        assert_uri(
            "a:b?c#d%20[ä].rules",
            "a%3Ab%3Fc%23d%2520%5B%C3%A4%5D.rules",
            base,
        );
    }

    #[test]
    fn stdin_is_not_a_file() {
        assert_uri("stdin", "stdin", None);
    }
}

//! The break-glass label: an option of each command that reads objects.

use clap::Args;

/// Key of the break-glass label if no other is named.
const DISABLE_LABEL: &str = "k8s.twr.io/imageswap";
/// Maximum length of the prefix of a key, which is a DNS name.
const MAX_PREFIX: usize = 253;
/// Maximum length of the name in a key.
const MAX_NAME: usize = 63;

#[derive(Args, Debug)]
pub(crate) struct LabelOption {
    /// Key of the break-glass label; objects that have it with the value `disabled` are skipped
    #[arg(
        long,
        env = "IMAGESWAP_DISABLE_LABEL",
        value_name = "KEY",
        default_value = DISABLE_LABEL,
        value_parser = label_key
    )]
    pub(crate) disable_label: String,
}

/// Parses the key of a label. An object cannot have any other, so break glass would never work.
fn label_key(text: &str) -> Result<String, String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let reason = if prefix.is_some_and(|prefix| !is_dns_name(prefix)) {
        "the part before `/` is not a DNS name in lower case"
    } else if name.is_empty() || name.len() > MAX_NAME {
        "a name has 1 to 63 characters"
    } else if !is_name(name, u8::is_ascii_alphanumeric, b"-_.") {
        "a name has letters, digits, `-`, `_` and `.`, and a letter or a digit at both ends"
    } else {
        return Ok(text.to_owned());
    };
    Err(format!(
        "expected the key of a label, NAME or PREFIX/NAME: {reason}"
    ))
}

fn is_dns_name(text: &str) -> bool {
    let is_alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= MAX_PREFIX && text.split('.').all(|part| is_name(part, is_alphanumeric, b"-"))
}

/// Returns true if a text has characters of a kind at both ends, and between them others too.
fn is_name(text: &str, is_end: impl Fn(&u8) -> bool, others: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let ends = bytes.first().into_iter().chain(bytes.last());
    !text.is_empty()
        && ends.clone().all(&is_end)
        && bytes.iter().all(|byte| is_end(byte) || others.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_one_that_kubernetes_accepts() {
        let longest = format!("{}/{}", "a".repeat(MAX_PREFIX), "a".repeat(MAX_NAME));
        for key in [DISABLE_LABEL, "imageswap", "a.example.com/B_c-d.e", "1", &longest] {
            assert_eq!(label_key(key), Ok(key.to_owned()));
        }
        let too_long = "a".repeat(MAX_NAME + 1);
        for key in [
            "",
            "bad key",
            "a/b/c",
            "/a",
            "a/",
            "A.example.com/a",
            "a..b/c",
            "-a",
            "a-",
            "a/ä",
            "a=b",
            &too_long,
        ] {
            assert!(label_key(key).is_err(), "{key}");
        }
    }
}

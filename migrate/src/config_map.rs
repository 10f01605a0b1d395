//! A ConfigMap that holds the rules.

/// The ConfigMap of the old map, whose content can be replaced in place.
const OF_MAPS: (&str, &str) = ("imageswap-maps", "maps");
/// The key in any other one.
const KEY: &str = "10-migrated.rules";
/// Where the webhook lives.
const NAMESPACE: &str = "imageswap-system";
/// What an object of Kubernetes may have, in bytes, with something left for the rest of it.
const MOST: usize = (1 << 20) - 1024;

/// Reads the name of a ConfigMap, as the API server would: a subdomain of RFC 1123.
///
/// # Errors
///
/// Where it can be none.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    if text.len() > 253 || !text.split('.').all(is_part) {
        return Err(
            "a subdomain of RFC 1123 is expected: lower-case letters, digits, `-` and `.`, as in `imageswap-rules`"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

/// A ConfigMap to apply.
///
/// # Errors
///
/// Where the rules are too long for one.
pub(crate) fn config_map(name: &str, namespace: Option<&str>, rules: &str) -> Result<String, String> {
    if rules.len() > MOST {
        return Err(format!(
            "the rules have {} KiB, and a ConfigMap holds 1 MiB: write them to a file by --output, and mount that by other \
             means",
            rules.len() >> 10
        ));
    }
    let key = if name == OF_MAPS.0 { OF_MAPS.1 } else { KEY };
    let namespace = namespace.unwrap_or(NAMESPACE);
    let mut text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\ndata:\n  {key}: |\n"
    );
    for line in rules.lines() {
        if !line.is_empty() {
            text.push_str(&format!("    {line}"));
        }
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_as_it_was() {
        let rules = "# Made.\nrules v1\n\nswap  a/  -> h.io/  # \u{e9}: x\n      when unqualified\n";
        for (name, key) in [
            ("imageswap-maps", "maps"),
            ("imageswap-rules", "10-migrated.rules"),
        ] {
            let text = config_map(name, None, rules).unwrap();
            let maps = imageswap_yaml::config_maps(&text).unwrap();
            assert_eq!(maps[0].name.as_deref(), Some(name));
            assert_eq!(maps[0].namespace.as_deref(), Some("imageswap-system"));
            assert_eq!(
                (maps[0].data[0].key.as_str(), maps[0].data[0].text.as_str()),
                (key, rules)
            );
        }
        assert!(
            config_map("a", None, &"#\n".repeat(1 << 19))
                .unwrap_err()
                .contains("1 MiB")
        );
    }

    #[test]
    fn a_name_is_a_subdomain() {
        for text in ["a", "imageswap-maps", "rules.v1", "0"] {
            assert_eq!(name(text).as_deref(), Ok(text));
        }
        for text in [
            "",
            "Rules",
            "no_name",
            "-a",
            "a-",
            "a..b",
            "a.",
            "a b",
            &"a".repeat(254),
        ] {
            assert!(name(text).is_err(), "{text}");
        }
    }
}

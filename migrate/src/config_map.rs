//! The ConfigMap with the migrated rules.

use imageswap_files::ConfigMap;

/// Name and key of the ConfigMap that imageswap-webhook v1.5.3 ships. The rules can replace its map.
const MAPS_CONFIG_MAP: (&str, &str) = ("imageswap-maps", "maps");
/// Key in any other ConfigMap.
const KEY: &str = "10-migrated.rules";
/// Namespace of the webhook.
const NAMESPACE: &str = "imageswap-system";
/// Annotation in which `kubectl apply` stores the last applied object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Maximum size of the rules, in bytes: the API server limits the data of a ConfigMap to 1 MiB, and the object has some
/// more.
const MAX_BYTES: usize = (1 << 20) - 1024;

/// Parses the name of a ConfigMap as the API server does: a subdomain of RFC 1123.
///
/// # Errors
///
/// Returns an error if `text` is not a valid name.
pub fn parse_name(text: &str) -> Result<String, String> {
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
            "expected a subdomain of RFC 1123: lower-case letters, digits, `-` and `.`, as in `imageswap-rules`"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

/// The ConfigMap of a map, without the map.
#[derive(Clone, Debug, Default)]
pub struct OldConfigMap {
    name: Option<String>,
    namespace: Option<String>,
    labels: Pairs,
    annotations: Pairs,
    data: Pairs,
    binary: Pairs,
}

type Pairs = Vec<(String, String)>;

impl OldConfigMap {
    /// Copies a ConfigMap.
    pub(crate) fn new(map: &ConfigMap) -> Self {
        // kubectl writes this annotation itself, and the old value would describe the map.
        let annotations = map.annotations.iter().filter(|(key, _)| key != LAST_APPLIED);
        let data = map.data.iter();
        let binary = map.binary.iter();
        Self {
            name: map.name.clone(),
            namespace: map.namespace.clone(),
            labels: map.labels.clone(),
            annotations: annotations.cloned().collect(),
            data: data
                .map(|entry| (entry.key.clone(), entry.text.clone()))
                .collect(),
            binary: binary.map(|entry| (entry.key.clone(), entry.base64())).collect(),
        }
    }

    /// Returns a copy without one key.
    pub(crate) fn without(&self, key: &str) -> Self {
        let mut beside = self.clone();
        beside.data.retain(|(other, _)| other != key);
        beside.binary.retain(|(other, _)| other != key);
        beside
    }
}

/// Returns the YAML of a ConfigMap with the rules.
///
/// If it replaces the ConfigMap of the map, it keeps the other keys, labels and annotations of that ConfigMap, because
/// `kubectl apply` would remove them.
///
/// # Errors
///
/// Returns an error if the rules are too long for a ConfigMap.
pub fn config_map(name: &str, of_map: Option<&OldConfigMap>, rules: &str) -> Result<String, String> {
    if rules.len() > MAX_BYTES {
        return Err(format!(
            "the rules have {} KiB, and a ConfigMap has at most 1 MiB; write them to a file with --output, and mount the \
             file in another way",
            rules.len() >> 10
        ));
    }
    let key = if name == MAPS_CONFIG_MAP.0 {
        MAPS_CONFIG_MAP.1
    } else {
        KEY
    };
    let namespace = of_map
        .and_then(|map| map.namespace.as_deref())
        .unwrap_or(NAMESPACE);
    let none = OldConfigMap::default();
    let beside = of_map
        .filter(|map| map.name.as_deref() == Some(name))
        .unwrap_or(&none);
    let mut text =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\n");
    mapping(&mut text, "  ", "labels", &beside.labels);
    mapping(&mut text, "  ", "annotations", &beside.annotations);
    mapping(&mut text, "", "binaryData", &beside.binary);
    text.push_str(&format!("data:\n  {key}: |\n"));
    for line in rules.lines() {
        if !line.is_empty() {
            text.push_str(&format!("    {line}"));
        }
        text.push('\n');
    }
    for (other, value) in beside.data.iter().filter(|(other, _)| other != key) {
        pair(&mut text, "  ", other, value);
    }
    Ok(text)
}

fn mapping(text: &mut String, indent: &str, name: &str, pairs: &Pairs) {
    if pairs.is_empty() {
        return;
    }
    text.push_str(&format!("{indent}{name}:\n"));
    for (key, value) in pairs {
        pair(text, &format!("{indent}  "), key, value);
    }
}

/// Writes the value as a JSON string, which YAML reads as the same string.
fn pair(text: &mut String, indent: &str, key: &str, value: &str) {
    let value = serde_json::Value::from(value);
    text.push_str(&format!("{indent}{key}: {value}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_rules_are_read_back_unchanged() {
        let rules = "# Made.\nrules v1\n\nswap  a/  -> h.io/  # \u{e9}: x\n      when unqualified\n";
        for (name, key) in [
            ("imageswap-maps", "maps"),
            ("imageswap-rules", "10-migrated.rules"),
        ] {
            let text = config_map(name, None, rules).unwrap();
            let maps = imageswap_files::config_maps(&text).unwrap();
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
    fn replacement_keeps_everything_but_the_map() {
        let yaml = "kind: ConfigMap\nmetadata:\n  name: imageswap-maps\n  namespace: a\n  labels: {app: imageswap}\n  \
                    annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{}'\n    who: 'the \"team\": us'\n\
                    data:\n  maps: 'default::'\n  README: |\n    ask us\n    # not them\nbinaryData: {logo: AAEC}\n";
        let map = &imageswap_files::config_maps(yaml).unwrap()[0];
        let beside = OldConfigMap::new(map).without("maps");
        let text = config_map("imageswap-maps", Some(&beside), "rules v1\n").unwrap();
        let again = &imageswap_files::config_maps(&text).unwrap()[0];
        assert_eq!(again.namespace.as_deref(), Some("a"));
        assert_eq!(again.labels, map.labels);
        assert_eq!(again.annotations, map.annotations[1..]);
        let data: Vec<_> = again
            .data
            .iter()
            .map(|entry| (entry.key.as_str(), entry.text.as_str()))
            .collect();
        assert_eq!(data, [("maps", "rules v1\n"), ("README", "ask us\n# not them\n")]);
        assert_eq!(again.binary[0].bytes, [0, 1, 2]);
        // A ConfigMap of another name takes only the namespace.
        let text = config_map("imageswap-rules", Some(&beside), "rules v1\n").unwrap();
        assert!(
            text.contains("namespace: a\n") && !text.contains("README") && !text.contains("labels"),
            "{text}"
        );
    }

    #[test]
    fn name_is_a_subdomain() {
        for text in ["a", "imageswap-maps", "rules.v1", "0"] {
            assert_eq!(parse_name(text).as_deref(), Ok(text));
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
            assert!(parse_name(text).is_err(), "{text}");
        }
    }
}

//! Detection of Kubernetes YAML and JSON.

use std::path::Path;

/// The endings of files of YAML and JSON.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Returns true if the name of a file is that of YAML or JSON.
pub(crate) fn is_named_kubernetes(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

/// Returns true if a text is YAML or JSON of Kubernetes: by the name of its file, or else because its first line or a
/// line with the kind says so. A file `*.rules` never is.
#[must_use]
pub fn is_kubernetes(path: &Path, text: &str) -> bool {
    if is_named_kubernetes(path) {
        return true;
    }
    if path.extension().is_some_and(|ending| ending == "rules") {
        return false;
    }
    let body = text.trim_start_matches('\u{feff}').trim_start();
    let mut lines = body
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    // In a map, no white space follows the first colon of a line, and no line of rules begins with such a word.
    let has_key = |line: &str, keys: &[&str]| {
        let key = line.split_once(':');
        key.is_some_and(|(key, rest)| {
            keys.contains(&key) && (rest.is_empty() || rest.starts_with([' ', '\t']))
        })
    };
    let Some(first) = lines.next() else { return false };
    first.starts_with('{')
        || first.trim_end() == "---"
        || has_key(first, &["apiVersion", "kind", "metadata", "data"])
        || lines.any(|line| has_key(line, &["apiVersion", "kind"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_decides_before_text() {
        for (name, text, expected) in [
            ("a.yaml", "", true),
            ("a.yml", "rules v1\n", true),
            ("a.json", "", true),
            ("a.rules", "kind: Pod\n", false),
            ("stdin", "", false),
        ] {
            assert_eq!(is_kubernetes(Path::new(name), text), expected, "{name}");
        }
    }

    #[test]
    fn text_without_such_name_decides_by_its_lines() {
        for (text, expected) in [
            ("\u{feff}\n# one\napiVersion: v1\nkind: ConfigMap\n", true),
            ("---\nkind: ConfigMap\n", true),
            ("data:\n  a.rules: |\n", true),
            ("spec: {}\nkind: Pod\n", true),
            (" {\"kind\": \"List\"}", true),
            ("rules v1\nkeep a.io/\n", false),
            ("docker.io::harbor.example.com\nkind::harbor.example.com\n", false),
            ("kind:harbor.example.com\n", false),
            ("  kind: Pod\n", true),
            ("default::\n  kind: Pod\n", false),
            ("FROM nginx\n", false),
            ("# kind: Pod\n", false),
        ] {
            assert_eq!(is_kubernetes(Path::new("stdin"), text), expected, "{text}");
            assert_eq!(is_kubernetes(Path::new("/dev/fd/63"), text), expected, "{text}");
        }
    }
}

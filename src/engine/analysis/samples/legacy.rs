//! Sample images of an old configuration: of the keys and values of a map, or of a prefix.

use super::pattern::{of_pattern, spellings};
use crate::legacy::{Entry, EntryKey, LegacyConfig};
use crate::reference::OFFICIAL_IMAGES;
use crate::rules::pattern::{Pattern, PatternParts};
use crate::syntax::map::Key;

/// Returns images that no line of a map names.
fn any() -> Vec<String> {
    let official = format!("{OFFICIAL_IMAGES}/nginx:1.25");
    let any = [
        "nginx",
        "nginx:1.25",
        "bitnami/redis:7",
        &official,
        "quay.io/team/app:1.25",
        "registry.example.org/app:1.25",
        "registry.example.org:5000/team/app:1.25",
        "localhost/app",
    ];
    any.map(str::to_owned).to_vec()
}

/// Returns images of each line, and images that no line names.
pub(crate) fn of_legacy(legacy: &LegacyConfig) -> Box<dyn Iterator<Item = Vec<String>> + '_> {
    let any = any();
    match legacy {
        LegacyConfig::Prefix(prefix) => {
            let at = prefix.as_str().trim_end_matches(['/', '-']);
            let at = format!("{at}/app:1.25");
            Box::new([any, vec![at]].into_iter())
        }
        LegacyConfig::Maps(map) => {
            let kept = map
                .noswap()
                .flat_map(|part| {
                    let part = part.trim_matches('/');
                    [
                        format!("registry.example.org/{part}/app"),
                        format!("{part}/app:1.25"),
                    ]
                })
                .collect();
            let entries = map.entries().into_iter().map(|entry| of_entry(&entry));
            Box::new([any, kept].into_iter().chain(entries))
        }
    }
}

fn of_entry(entry: &Entry<'_>) -> Vec<String> {
    let mut made = match entry.key {
        EntryKey::Image(image) => {
            let (name, _) = image.rsplit_once([':', '@']).unwrap_or((image, ""));
            let mut made = vec![image.to_owned(), format!("{name}:other")];
            made.extend(spellings(image));
            made
        }
        EntryKey::Glob(glob) => ["nginx", "", "a/b", "quay.io/a/b:1", "1"]
            .iter()
            .map(|text| glob.filled(text))
            .collect(),
        EntryKey::Registry(registry) => below(registry),
        EntryKey::Default => Vec::new(),
    };
    // Images that are at the target of the line already.
    match (&entry.key, entry.value) {
        (_, "") => {}
        (EntryKey::Image(_), value) => made.push(value.to_owned()),
        (_, value) => {
            let between = if value.ends_with('-') { "" } else { "/" };
            let value = value.trim_end_matches('/');
            made.extend(["app:1.25", "team/app:1.25"].map(|rest| format!("{value}{between}{rest}")));
        }
    }
    made
}

/// Returns images below a registry, and images that look similar.
fn below(registry: &str) -> Vec<String> {
    let parts = PatternParts {
        name: registry.into(),
        below: true,
        is_literal: true,
        tag: None,
        digest: None,
    };
    let mut made = of_pattern(&Pattern::Parts(parts));
    made.push(format!("{registry}:5000/app:1.25"));
    made
}

/// Returns an image that a key of a map matches; `None` if it matches none, or if it is a glob with sets.
pub(crate) fn of_key(key: &str) -> Option<String> {
    match Key::parse(key) {
        Key::Exact(image) => Some(image.to_owned()),
        Key::Replace(glob) => {
            let is_plain = !glob.contains(['?', '[']);
            is_plain.then(|| glob.replace('*', "sample"))
        }
        Key::NoswapWildcards | Key::Registry("") => None,
        Key::Default => Some("registry.example.org/sample".to_owned()),
        Key::Registry(registry) => Some(format!("{registry}/sample")),
    }
}

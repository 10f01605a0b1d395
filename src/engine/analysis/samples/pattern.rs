//! Sample images of a pattern: some that it matches, in all spellings, and some that look similar and that it must
//! not match.

use std::collections::HashSet;

use super::fill::{FILLINGS, TEXTS};
use crate::reference::{
    DEFAULT_PORT, DOCKER_HUB, DOCKER_HUB_ALIAS, OFFICIAL, OFFICIAL_IMAGES, split_port, split_registry,
};
use crate::rules::image::Image;
use crate::rules::pattern::{Pattern, PatternParts};

const HEX: &str = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
/// Number of hexadecimal digits of a SHA-256 digest.
const DIGITS: usize = 64;

/// Returns images for a pattern, the plainest first. All of them are valid images; the pattern does not match all of
/// them.
pub(crate) fn of_pattern(pattern: &Pattern) -> Vec<String> {
    let mut images = Vec::new();
    match pattern {
        Pattern::Parts(parts) => {
            let endings = endings(parts);
            let names: Vec<String> = FILLINGS.iter().map(|filling| filling.name(parts)).collect();
            let first = names.first().map(String::as_str).unwrap_or_default();
            images.extend(endings.iter().map(|ending| format!("{first}{ending}")));
            let plain = endings.first().map(String::as_str).unwrap_or_default();
            for name in names.iter().skip(1) {
                images.push(format!("{name}{plain}"));
                images.push(name.clone());
            }
            for name in names.iter().take(3) {
                images.extend(spellings(name).map(|name| format!("{name}{plain}")));
            }
            images.extend(spellings(first));
            images.extend(look_alikes(parts).map(|name| format!("{name}{plain}")));
        }
        Pattern::Written(written) => {
            let official = format!("{OFFICIAL_IMAGES}/nginx");
            let fillings = [
                "nginx",
                "",
                "a/b",
                "quay.io/a/b:1",
                &official,
                "localhost:5000/a/b",
                "h",
                "1",
                "a-b",
            ];
            images.extend(fillings.iter().map(|text| written.glob.filled(text)));
            images.extend(
                fillings
                    .iter()
                    .map(|text| format!("{}:1", written.glob.filled(text))),
            );
        }
    }
    images.retain(|image| Image::parse(image).is_ok());
    let mut known = HashSet::new();
    images.retain(|image| known.insert(image.clone()));
    images
}

/// Returns tags and digests for a pattern: required ones, matching ones, and others.
fn endings(parts: &PatternParts) -> Vec<String> {
    let any_digest = format!("@sha256:{HEX}");
    let digest = parts
        .digest
        .as_deref()
        .map(|glob| format!("@{}", digest_of(glob)));
    let mut endings = Vec::new();
    match (parts.tag.as_deref(), digest) {
        (None, None) => endings.extend([":1.25".to_owned()]),
        (None, Some(digest)) => endings.extend([format!(":1.25{digest}"), digest]),
        (Some(tag), digest) => {
            for text in TEXTS.iter().chain(&["1.25"]) {
                let tag = tag.replace('*', text);
                endings.push(format!(":{tag}{}", digest.as_deref().unwrap_or_default()));
            }
            // A tag that begins as the pattern's does, and one that a digest follows.
            let tag = tag.replace('*', "1");
            endings.extend([
                format!(":{tag}-x"),
                format!(":{tag}{any_digest}"),
                format!(":{tag}"),
            ]);
        }
    }
    endings.extend([
        String::new(),
        any_digest.clone(),
        format!(":1.25{any_digest}"),
        ":latest".to_owned(),
        ":1.25".to_owned(),
    ]);
    endings
}

/// Returns the first two images, which have the same name, and one of each other name: rules that match one image of
/// a name often match all of them.
pub(crate) fn of_several_names(made: &[String]) -> impl Iterator<Item = &String> {
    let (first, others) = made.split_at_checked(2).unwrap_or((made, &[]));
    let mut names: HashSet<&str> = first.iter().map(|image| without_ending(image)).collect();
    let others = others
        .iter()
        .filter(move |image| names.insert(without_ending(image)));
    first.iter().chain(others)
}

/// Returns an image without its tag and digest.
fn without_ending(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    }
}

/// Returns a digest that a glob matches.
pub(crate) fn digest_of(glob: &str) -> String {
    let (algorithm, hex) = glob
        .split_once(':')
        .unwrap_or(("sha256", glob.trim_start_matches("sha256")));
    let literal: usize = hex.bytes().filter(|byte| *byte != b'*').count();
    let missing = HEX.get(..DIGITS.saturating_sub(literal)).unwrap_or_default();
    let hex = hex.replacen('*', missing, 1).replace('*', "");
    format!("{}:{hex}", algorithm.replace('*', "sha256"))
}

/// Returns the other spellings of a canonical name.
pub(super) fn spellings(name: &str) -> impl Iterator<Item = String> {
    let mut spellings = Vec::new();
    let of_hub = name
        .strip_prefix(DOCKER_HUB)
        .and_then(|path| path.strip_prefix('/'));
    if let Some(path) = of_hub {
        spellings.push(path.to_owned());
        if let Some(short) = path.strip_prefix(OFFICIAL) {
            spellings.extend([short.to_owned(), format!("{DOCKER_HUB}/{short}")]);
        }
        spellings.push(format!("{DOCKER_HUB_ALIAS}/{path}"));
    }
    if let (Some(registry), path) = split_registry(name) {
        let mut other = registry.to_owned();
        if let Some(first) = other.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        spellings.push(format!("{other}/{path}"));
        if split_port(registry).1.is_none() {
            spellings.push(format!("{registry}{DEFAULT_PORT}/{path}"));
        }
    }
    spellings.into_iter()
}

/// Returns names that look similar to those of the pattern.
fn look_alikes(parts: &PatternParts) -> impl Iterator<Item = String> {
    let name = FILLINGS
        .first()
        .map(|filling| filling.name(parts))
        .unwrap_or_default();
    let (registry, path) = name.split_once('/').unwrap_or((&name, ""));
    let (above, last) = match name.rsplit_once('/') {
        Some((above, last)) => (above, last),
        None => ("", name.as_str()),
    };
    let mut names = vec![
        format!("not-{name}"),
        format!("{registry}.example.org/{path}"),
        format!("mirror.example.org/{name}"),
        format!("{above}/other-{last}"),
    ];
    if split_port(registry).1.is_none() {
        names.push(format!("{registry}:8443/{path}"));
    }
    if above.contains('/') {
        // The name above a trailing `/`, and one that continues with the same letters.
        names.extend([above.to_owned(), format!("{above}-x/{last}")]);
    }
    if !parts.below {
        names.extend([format!("{name}/app"), format!("{name}-x")]);
    }
    names.into_iter()
}

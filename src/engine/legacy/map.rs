//! MAPS mode: a map file, and what it makes of an image.

use std::collections::HashMap;

use super::answer::{Answer, join, last_segment};
use super::findings;
use super::targets::{TargetPlace, Targets};
use super::text::{MapText, Table, TextPiece};
use crate::diagnostic::{Diagnostic, SourceId, SourceMap, Span};
use crate::glob::Glob;
use crate::pieces::ByPiece;
use crate::reference::{DOCKER_HUB, OFFICIAL_IMAGES, Reference, split_port, split_registry};
use crate::syntax::map::{Key, Statement, lines};

/// A map file, ready to be asked.
#[derive(Debug, Default)]
pub struct Map {
    /// The keys and values of the lines.
    text: MapText,
    /// Images as manifests spell them.
    exact: Table<MapLine>,
    /// Globs over images as manifests spell them, in the order of the file.
    replace: Vec<(Glob, MapLine)>,
    /// The same globs by what is literal in them.
    pieces: ByPiece,
    /// Registries, `docker.io/library` and `default`.
    registries: Table<MapLine>,
    /// The line `default`, without which no registry is swapped.
    default: Option<MapLine>,
    /// An image that holds one of these, and whose registry no line names, stays.
    noswap: Option<Noswap>,
    targets: Targets,
}

/// The value of a line, and where the line stands.
#[derive(Clone, Copy, Debug)]
struct MapLine {
    value: TextPiece,
    span: Span,
}

/// The line `noswap_wildcards`.
#[derive(Debug)]
struct Noswap {
    parts: Vec<Box<str>>,
    span: Span,
}

/// A line that means something.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'m> {
    pub(crate) key: EntryKey<'m>,
    pub(crate) value: &'m str,
}

/// The compiled key of a line that an image can match.
#[derive(Clone, Debug)]
pub(crate) enum EntryKey<'m> {
    /// An image as it is written.
    Image(&'m str),
    /// Images as they are written.
    Glob(&'m Glob),
    /// A registry, or `docker.io/library`.
    Registry(&'m str),
    /// All other registries.
    Default,
}

impl Map {
    /// Reads a map file. Every line that is passed over, written in the older form or replaced by a later one,
    /// and every value that can make no valid image, is a finding; none is an error.
    #[must_use]
    pub fn compile(sources: &SourceMap, source: SourceId) -> (Self, Vec<Diagnostic>) {
        let text = sources
            .get(source)
            .map(crate::diagnostic::Source::text)
            .unwrap_or_default();
        let mut map = Self::default();
        let mut found = Vec::new();
        // Only while the file is read: where a glob's first line stands in the list.
        let mut globs: HashMap<Box<str>, usize> = HashMap::new();
        let mut noswap = None;
        for line in lines(source, text) {
            let (key, value, separator, single_colon) = match line.statement {
                Statement::Pair {
                    key,
                    value,
                    separator,
                    single_colon,
                } => (key, value, separator, single_colon),
                Statement::Other => {
                    found.push(findings::skipped(sources, line.span));
                    continue;
                }
            };
            if single_colon {
                found.push(findings::single_colon(line.span, separator));
            }
            let line = MapLine {
                value: map.text.add(&value),
                span: line.span,
            };
            let parsed = Key::parse(&key);
            found.extend(match parsed {
                Key::NoswapWildcards => None,
                Key::Exact(_) => findings::unusable_image(&value, line.span),
                Key::Replace(_) => findings::unusable_place(&value, line.span),
                Key::Default | Key::Registry(_) => findings::unusable_target(&value, line.span),
            });
            if parsed == Key::Default {
                map.default = Some(line);
            }
            let replaced = match parsed {
                Key::Exact(image) => {
                    let image = map.text.add(image);
                    map.exact.insert(&map.text, image, line)
                }
                Key::Replace(glob) => match globs.get(glob).and_then(|at| map.replace.get_mut(*at)) {
                    // The later value counts, in the place of the first.
                    Some((_, first)) => Some(std::mem::replace(first, line)),
                    None => {
                        globs.insert(glob.into(), map.replace.len());
                        map.replace.push((Glob::parse(glob), line));
                        None
                    }
                },
                Key::NoswapWildcards => noswap.replace(line),
                // The line `default` is also the one for a registry of that name.
                Key::Default | Key::Registry(_) => {
                    let key = map.text.add(&key);
                    map.registries.insert(&map.text, key, line)
                }
            };
            if let Some(replaced) = replaced {
                found.push(findings::replaced(&key, replaced.span, separator));
            }
        }
        map.finish(noswap);
        found.sort_by_key(Diagnostic::span);
        (map, found)
    }

    /// Draws out of the lines what is asked of all of them at once.
    fn finish(&mut self, noswap: Option<MapLine>) {
        let text = &self.text;
        // No value is no entry; beside others an empty entry occurs in everything.
        self.noswap = noswap.and_then(|line| {
            let value = text.get(line.value);
            (!value.is_empty()).then(|| Noswap {
                parts: value.split(',').map(Box::from).collect(),
                span: line.span,
            })
        });
        self.pieces = ByPiece::new(self.replace.iter().map(|(glob, _)| glob));
        for (_, line) in &self.replace {
            // Nothing is put behind a `-` here but a `/`, and no image comes of that, so that none has arrived there.
            if !text.get(line.value).ends_with('-') {
                self.targets.add(text, line.value);
            }
        }
        // What a `-` is put before is known, but for the line `default`.
        let mut dashed = Vec::new();
        for (key, line) in self.registries.iter() {
            let (key, value) = (text.get(*key), text.get(line.value));
            if value.ends_with('-') && Key::parse(key) != Key::Default {
                let (host, _) = split_port(key.split('/').next().unwrap_or_default());
                // Without a host the line is for no image, so that none stands behind the `-`.
                if !host.is_empty() {
                    dashed.push(format!("{value}{host}"));
                }
            } else {
                self.targets.add(text, line.value);
            }
        }
        for line in self.exact.values() {
            self.targets.add_image(text, line.value);
        }
        for target in dashed {
            let target = self.text.add(&target);
            self.targets.add(&self.text, target);
        }
        self.text.shrink();
    }

    /// What the lines say, in the order of the file; a value of `noswap_wildcards` is none of them.
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        let text = &self.text;
        let exact = self
            .exact
            .iter()
            .map(|(key, line)| (EntryKey::Image(text.get(*key)), line));
        let globs = self
            .replace
            .iter()
            .map(|(glob, line)| (EntryKey::Glob(glob), line));
        let registries = self.registries.iter().map(|(key, line)| {
            let key = text.get(*key);
            match Key::parse(key) {
                Key::Default => (EntryKey::Default, line),
                _ => (EntryKey::Registry(key), line),
            }
        });
        let mut entries: Vec<(Span, Entry<'_>)> = exact
            .chain(globs)
            .chain(registries)
            .map(|(key, line)| {
                let value = text.get(line.value);
                (line.span, Entry { key, value })
            })
            .collect();
        entries.sort_by_key(|(span, _)| *span);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    /// What keeps an image that holds it and whose registry no line names.
    pub(crate) fn noswap(&self) -> impl Iterator<Item = &str> {
        let parts = self.noswap.iter().flat_map(|noswap| &noswap.parts);
        parts.map(AsRef::as_ref)
    }

    /// What the image becomes, and the line that says so.
    pub(super) fn decide(&self, image: &str, reference: &Reference<'_>) -> Answer {
        let answer = |line: &MapLine, result| Answer {
            result,
            line: Some(line.span),
        };
        if let Some(line) = self.exact.get(&self.text, image) {
            let value = self.text.get(line.value);
            return answer(line, (!value.is_empty()).then(|| value.to_owned()));
        }
        let matches = |at: usize| self.replace.get(at).is_some_and(|(glob, _)| glob.matches(image));
        let glob = self.pieces.first(image, matches);
        if let Some((_, line)) = glob.and_then(|at| self.replace.get(at)) {
            let result = join(self.text.get(line.value), last_segment(image));
            return answer(line, Some(result));
        }
        let Some(default) = self.default.as_ref() else {
            return Answer::default();
        };
        let (spelled, rest) = split_registry(image);
        let registry = spelled.unwrap_or(DOCKER_HUB);
        let (host, port) = split_port(registry);
        let key = self.key(image, registry, host, port.is_some());
        if key.is_none()
            && let Some(noswap) = &self.noswap
            && noswap.parts.iter().any(|part| image.contains(part.as_ref()))
        {
            return Answer {
                result: None,
                line: Some(noswap.span),
            };
        }
        let line = key.map_or(default, |(_, line)| line);
        let value = self.text.get(line.value);
        let place = key.map(|(key, _)| TargetPlace::from_text(key));
        if value.is_empty() || self.targets.hold(&self.text, image, reference, place) {
            return answer(line, None);
        }
        let result = match (key, value.strip_suffix('-')) {
            (Some(_), Some(_)) => format!("{value}{host}/{rest}"),
            // Here the image follows as it is written, so that its registry stands twice. Its port, which can
            // stand in no path, is dropped.
            (None, Some(_)) if spelled.is_some() => format!("{value}{host}/{host}/{rest}"),
            (None, Some(_)) => format!("{value}{host}/{rest}"),
            (Some((key, _)), None) => match port {
                // The key speaks of every port of its host, and the target of a host: so the port is kept.
                // Where that makes no image, the port is dropped.
                Some(port) if key == host && !value.contains(['/', ':']) => {
                    let result = format!("{value}:{port}/{rest}");
                    match Reference::parse(&result) {
                        Ok(_) => result,
                        Err(_) => join(value, rest),
                    }
                }
                _ => join(value, rest),
            },
            (None, None) => join(value, rest),
        };
        answer(line, Some(result))
    }

    /// The key that matches, and its line.
    fn key<'k>(
        &self,
        image: &str,
        registry: &'k str,
        host: &'k str,
        has_port: bool,
    ) -> Option<(&'k str, &MapLine)> {
        let official = (!image.contains('/')).then_some(OFFICIAL_IMAGES);
        let keys = [official, Some(registry), has_port.then_some(host)];
        keys.into_iter()
            .flatten()
            .find_map(|key| Some((key, self.registries.get(&self.text, key)?)))
    }
}

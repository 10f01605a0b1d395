//! MAPS mode: a map file, and its result for an image.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::answer::{Answer, join, last_segment};
use super::findings;
use super::targets::{TargetPlace, Targets};
use super::text::{MapText, Table, TextPiece};
use crate::diagnostic::{Diagnostic, Findings, SourceId, SourceMap, Span};
use crate::glob::Glob;
use crate::pieces::ByPiece;
use crate::positions::SearchedText;
use crate::reference::{DOCKER_HUB, OFFICIAL_IMAGES, Reference, split_port, split_registry};
use crate::syntax::map::{Key, Statement, lines};

/// A map file, in the form that evaluates images.
#[derive(Debug, Default)]
pub struct Map {
    /// Keys and values of the lines.
    text: MapText,
    /// Lines for one original image.
    exact: Table<MapLine>,
    /// Globs over original images, in the order of the file.
    replace: Vec<(Glob, MapLine)>,
    /// The same globs, by their literal parts.
    pieces: ByPiece,
    /// Lines for registries, `docker.io/library` and `default`.
    registries: Table<MapLine>,
    /// The line `default`, without which no line for a registry has an effect.
    default: Option<MapLine>,
    /// Entries that keep an image that contains one of them, if no line names its registry.
    noswap: Option<Noswap>,
    targets: Targets,
}

/// Value of a line, and the place of the line.
#[derive(Clone, Copy, Debug)]
struct MapLine {
    value: TextPiece,
    span: Span,
}

/// The line `noswap_wildcards`.
#[derive(Debug)]
struct Noswap {
    /// The entries, with commas between them.
    parts: TextPiece,
    span: Span,
}

/// A line with a meaning.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'m> {
    pub(crate) key: EntryKey<'m>,
    pub(crate) value: &'m str,
}

/// Compiled key of a line that an image can match.
#[derive(Clone, Debug)]
pub(crate) enum EntryKey<'m> {
    /// One original image.
    Image(&'m str),
    /// Original images.
    Glob(&'m Glob),
    /// A registry, or `docker.io/library`.
    Registry(&'m str),
    /// Every other registry.
    Default,
}

impl Map {
    /// Reads a map file. It reports each line that is ignored, in the older form, or replaced by a later one, and
    /// each value that never produces a valid image. No finding is an error.
    #[must_use]
    pub fn compile(sources: &SourceMap, source: SourceId) -> (Self, Findings) {
        let mut findings = Findings::default();
        let map = Self::compile_with(sources, source, &mut |finding| findings.push(finding));
        findings.sort();
        (map, findings)
    }

    /// Reads a map file as [`Self::compile`] does, and reports each finding, not in the order of the lines: a replaced
    /// line is reported when the later one is read.
    #[must_use]
    pub fn compile_with(sources: &SourceMap, source: SourceId, report: &mut dyn FnMut(Diagnostic)) -> Self {
        let text = sources
            .get(source)
            .map(crate::diagnostic::Source::text)
            .unwrap_or_default();
        let mut map = Self::default();
        // Index in the list of the first line of each glob; needed only while the file is read.
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
                    report(findings::skipped(sources, line.span));
                    continue;
                }
            };
            if single_colon {
                report(findings::single_colon(line.span, separator));
            }
            let line = MapLine {
                value: map.text.add(&value),
                span: line.span,
            };
            let parsed = Key::parse(&key);
            let unusable = match parsed {
                Key::NoswapWildcards => None,
                Key::Exact(_) => findings::unusable_image(&value, line.span),
                Key::Replace(_) => findings::unusable_place(&value, line.span),
                Key::Default | Key::Registry(_) => findings::unusable_target(&value, line.span),
            };
            if let Some(finding) = unusable {
                report(finding);
            }
            // Also kept under its key below, because `default` is a possible name of a registry.
            if parsed == Key::Default {
                map.default = Some(line);
            }
            let replaced = match parsed {
                Key::Exact(image) => {
                    let image = map.text.add(image);
                    map.exact.insert(&map.text, image, line)
                }
                Key::Replace(glob) => match globs.get(glob).and_then(|at| map.replace.get_mut(*at)) {
                    // The later value replaces the first, in its position.
                    Some((_, first)) => Some(std::mem::replace(first, line)),
                    None => {
                        globs.insert(glob.into(), map.replace.len());
                        map.replace.push((Glob::parse(glob), line));
                        None
                    }
                },
                Key::NoswapWildcards => noswap.replace(line),
                // The line `default` is also the line of a registry of that name.
                Key::Default | Key::Registry(_) => {
                    let key = map.text.add(&key);
                    map.registries.insert(&map.text, key, line)
                }
            };
            if let Some(replaced) = replaced {
                report(findings::replaced(&key, replaced.span, separator));
            }
        }
        map.finish(noswap);
        map
    }

    /// Prepares what depends on all lines together.
    fn finish(&mut self, noswap: Option<MapLine>) {
        let text = &self.text;
        // An empty value has no entries. Among others, an empty entry occurs in every image.
        self.noswap = noswap.and_then(|line| {
            let value = text.get(line.value);
            (!value.is_empty()).then_some(Noswap {
                parts: line.value,
                span: line.span,
            })
        });
        self.pieces = ByPiece::new(self.replace.iter().map(|(glob, _)| glob));
        for (_, line) in &self.replace {
            // A value that ends in `-` is followed by a `/` only, so every result is invalid and no image is at this
            // target.
            if !text.get(line.value).ends_with('-') {
                self.targets.add(text, line.value);
            }
        }
        // The text before which a `-` is written is known for every line but `default`.
        let mut dashed = String::new();
        for (key, line) in self.registries.iter() {
            let (key, value) = (self.text.get(*key), self.text.get(line.value));
            if value.ends_with('-') && Key::parse(key) != Key::Default {
                let (host, _) = split_port(key.split('/').next().unwrap_or_default());
                // Without a host the line matches no image, so nothing follows the `-`.
                if !host.is_empty() {
                    dashed.clear();
                    dashed.extend([value, host]);
                    let target = self.text.add(&dashed);
                    self.targets.add(&self.text, target);
                }
            } else {
                self.targets.add(&self.text, line.value);
            }
        }
        for line in self.exact.values() {
            self.targets.add_image(&self.text, line.value);
        }
        // The map lives until the next reload.
        self.text.shrink();
        self.exact.shrink();
        self.registries.shrink();
        self.replace.shrink_to_fit();
    }

    /// Returns true if no image can match a line. Without the line `default`, lines for registries match none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.replace.is_empty() && self.default.is_none()
    }

    /// Returns the number of lines that an image can match.
    pub(super) fn line_count(&self) -> usize {
        match self.default {
            // Without it, lines for registries match no image.
            None => self.exact.len() + self.replace.len(),
            Some(_) => self.exact.len() + self.replace.len() + self.registries.len(),
        }
    }

    /// Returns the lines in the order of the file, without the values of `noswap_wildcards`.
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

    /// Returns the entries that keep an image that contains one of them and whose registry no line names.
    pub(crate) fn noswap(&self) -> impl Iterator<Item = &str> {
        let parts = |noswap: &Noswap| self.text.get(noswap.parts).split(',');
        self.noswap.iter().flat_map(parts)
    }

    /// Returns the result for an image, and the line that decides it.
    pub(super) fn decide(&self, image: &str, reference: &Reference<'_>) -> Answer {
        let answer = |line: &MapLine, result| Answer {
            result,
            line: Some(line.span),
        };
        // The order of v1.5.3: exact images, globs, registries, wildcards, default.
        if let Some(line) = self.exact.get(&self.text, image) {
            let value = self.text.get(line.value);
            return answer(line, (!value.is_empty()).then(|| value.to_owned()));
        }
        let positions = OnceCell::new();
        let searched = SearchedText::new(image, &positions);
        let matches = |at: usize| {
            let line = self.replace.get(at);
            line.is_some_and(|(glob, _)| glob.matches_searched(searched))
        };
        let glob = self.pieces.first(image, matches);
        if let Some((_, line)) = glob.and_then(|at| self.replace.get(at)) {
            let result = join(self.text.get(line.value), last_segment(image));
            return answer(line, Some(result));
        }
        // As in v1.5.3: without `default`, no line for a registry applies.
        let Some(default) = self.default.as_ref() else {
            return Answer::default();
        };
        let (spelled, rest) = split_registry(image);
        let registry = spelled.unwrap_or(DOCKER_HUB);
        let (host, port) = split_port(registry);
        let key = self.key(image, registry, host, port.is_some());
        if key.is_none()
            && let Some(noswap) = &self.noswap
            && self.noswap().any(|part| image.contains(part))
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
            // Here the original image follows, so the result has its registry twice. Its port, which no path can
            // contain, is dropped.
            (None, Some(_)) if spelled.is_some() => format!("{value}{host}/{host}/{rest}"),
            (None, Some(_)) => format!("{value}{host}/{rest}"),
            (Some((key, _)), None) => match port {
                // The key is for every port of its host, and the target is a host, so the port is kept. If the result
                // is not a valid image, the port is dropped.
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

    /// Returns the key that matches, and its line.
    fn key<'k>(
        &self,
        image: &str,
        registry: &'k str,
        host: &'k str,
        has_port: bool,
    ) -> Option<(&'k str, &MapLine)> {
        // Only an image without any `/` has the key `docker.io/library`, as in v1.5.3.
        let official = (!image.contains('/')).then_some(OFFICIAL_IMAGES);
        let keys = [official, Some(registry), has_port.then_some(host)];
        keys.into_iter()
            .flatten()
            .find_map(|key| Some((key, self.registries.get(&self.text, key)?)))
    }
}

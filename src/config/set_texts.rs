//! Texts of a set that stay in memory while it is active.

use std::sync::Arc;

use imageswap_engine::diagnostic::{SourceId, SourceMap};
use imageswap_engine::legacy::Prefix;

use super::texts::TextFile;

/// Texts of a set, from which it can be made again: with other files, or by another replica.
#[derive(Clone, Debug)]
pub(crate) enum SetTexts {
    /// Prefix of the mode `legacy`.
    Prefix(Prefix),
    /// Texts in their order, and the sources that have them.
    Files(Vec<TextFile>, Arc<SourceMap>),
}

/// A text of a set, with its names.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamedText<'s> {
    /// Name in findings: a path, or the key of a ConfigMap.
    pub(super) name: &'s str,
    /// Label that its rules are named by.
    pub(super) label: &'s str,
    pub(super) is_map: bool,
    pub(super) text: &'s str,
}

impl SetTexts {
    /// Returns the place of each text in the sources, in their order, and true for the map.
    pub(crate) fn places(&self) -> impl Iterator<Item = (SourceId, bool)> {
        let files = match self {
            Self::Prefix(_) => &[][..],
            Self::Files(files, _) => files.as_slice(),
        };
        files.iter().map(|file| (file.source, file.is_map))
    }

    /// Returns the texts, in their order; none if the set is a prefix.
    pub(super) fn files(&self) -> impl Iterator<Item = NamedText<'_>> {
        let (files, sources) = match self {
            Self::Prefix(_) => (&[][..], None),
            Self::Files(files, sources) => (files.as_slice(), Some(sources)),
        };
        files.iter().filter_map(move |file| {
            let source = sources?.get(file.source)?;
            Some(NamedText {
                name: source.name(),
                label: &file.label,
                is_map: file.is_map,
                text: source.text(),
            })
        })
    }
}

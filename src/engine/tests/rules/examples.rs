//! The examples of a page of the documentation: its blocks of rules.

use imageswap_engine::diagnostic::SourceId;
use imageswap_engine::syntax::format::format;
use imageswap_tests_support::loaded::{Loaded, load, load_text};
use imageswap_tests_support::pages::all_blocks;

/// A block of rules in a page.
pub(crate) struct Example<'p> {
    /// The text of the fence after `rules`: empty, or the finding that the block shows.
    pub(crate) shows: &'p str,
    /// A file, or several files below lines with their names.
    pub(crate) text: &'p str,
    /// Line of the fence in the page.
    pub(crate) line: usize,
}

impl Example<'_> {
    /// Loads the files of the block.
    pub(crate) fn load(&self) -> Loaded {
        match self.files().as_slice() {
            [] => load_text(self.text),
            files => load(files.iter().copied()),
        }
    }

    /// Returns true if each text of the block is formatted. A text with a syntax error counts as formatted.
    pub(crate) fn is_formatted(&self) -> bool {
        let is_so = |text: &str| {
            let formatted = format(SourceId::default(), text).ok();
            // An empty line before the name of the next file is not part of the file.
            formatted.is_none_or(|formatted| formatted.trim_end() == text.trim_end())
        };
        match self.files().as_slice() {
            [] => is_so(self.text),
            files => files.iter().all(|(_, text)| is_so(text)),
        }
    }

    /// Returns the files of a block of several, with their names.
    fn files(&self) -> Vec<(&str, &str)> {
        let files = self.text.split("# FILE: ");
        let files = files.skip(1).map(|file| file.split_once('\n').unwrap());
        files.collect()
    }
}

/// Returns the blocks of rules in a page, or in a part of one.
pub(crate) fn examples(page: &str) -> Vec<Example<'_>> {
    let blocks = all_blocks(page).into_iter();
    blocks
        .filter_map(|block| {
            Some(Example {
                shows: block.info.strip_prefix("rules")?.trim(),
                text: block.text,
                line: block.line,
            })
        })
        .collect()
}

//! The examples of a page of the documentation: its blocks of rules.

use super::support::{Loaded, load, load_text};

/// A block of rules in a page.
pub(crate) struct Example<'p> {
    /// What the fence says behind `rules`: nothing, or the finding that the block shows.
    pub(crate) shows: &'p str,
    /// A file, or several below lines with their names.
    pub(crate) text: &'p str,
    /// The line of the page that the fence is in.
    pub(crate) line: usize,
}

impl Example<'_> {
    /// Loads the files of the block.
    pub(crate) fn load(&self) -> Loaded {
        const NAME: &str = "# FILE: ";
        if !self.text.starts_with(NAME) {
            return load_text(self.text);
        }
        load(
            self.text
                .split(NAME)
                .skip(1)
                .map(|file| file.split_once('\n').unwrap()),
        )
    }
}

/// The blocks of rules in a page, or in a part of one.
pub(crate) fn examples(page: &str) -> Vec<Example<'_>> {
    const FENCE: &str = "```rules";
    page.match_indices(FENCE)
        .map(|(start, _)| {
            let (shows, rest) = page[start + FENCE.len()..].split_once('\n').unwrap();
            Example {
                shows: shows.trim(),
                text: rest.split("```").next().unwrap(),
                line: page[..start].lines().count() + 1,
            }
        })
        .collect()
}

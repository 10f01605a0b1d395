//! Links and blocks of code of the documentation.

use std::fs;

use crate::repository;

/// Returns true if the target of a link of a page exists: an address elsewhere, a file, a heading, or both.
pub fn is_there(page: &str, link: &str) -> bool {
    if link.starts_with("https://") {
        return true;
    }
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let directory = page.rsplit_once('/').map_or("", |(directory, _)| directory);
    let target = match file {
        "" => repository::path(page),
        file => repository::path(directory).join(file),
    };
    match heading {
        "" => target.exists(),
        heading => fs::read_to_string(target).is_ok_and(|text| has_heading(&text, heading)),
    }
}

/// Returns the links of a page.
pub fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// A block of code of a page.
#[derive(Clone, Copy, Debug)]
pub struct Block<'p> {
    /// The text after the fence that begins it: the language, and what a page adds to it.
    pub info: &'p str,
    /// The lines between the fences.
    pub text: &'p str,
    /// Line of the fence that begins it, from 1.
    pub line: usize,
}

/// Returns the blocks of code of a page, or of a part of one, in order.
pub fn all_blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open = None;
    let mut end = 0;
    for (index, line) in page.split_inclusive('\n').enumerate() {
        let start = end;
        end += line.len();
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        open = match open {
            None => Some((info.trim(), index + 1, end)),
            Some((info, line, begin)) => {
                let text = &page[begin..start];
                blocks.push(Block { info, text, line });
                None
            }
        };
    }
    blocks
}

/// Returns the texts of the blocks of a language, in order.
pub fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let blocks = all_blocks(page).into_iter();
    blocks
        .filter(|block| block.info == language)
        .map(|block| block.text)
        .collect()
}

fn has_heading(text: &str, wanted: &str) -> bool {
    let mut is_code = false;
    let mut headings = text.lines().filter(|line| {
        is_code ^= line.starts_with("```");
        !is_code && line.starts_with('#')
    });
    headings.any(|line| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        // A code host removes punctuation.
        let is_kept = |character: &char| character.is_alphanumeric() || [' ', '-', '_'].contains(character);
        let heading: String = heading.chars().filter(is_kept).collect();
        heading.replace(' ', "-") == wanted
    })
}

//! Links of the documentation.

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

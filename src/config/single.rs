//! Rules files that are read one by one and not as a set, because `fmt` rewrites each of them.

use std::path::{Path, PathBuf};

use imageswap_engine::syntax::rules::is_rules_file;
use imageswap_files::{self as files, STDIN, is_kubernetes, list_directory};

use super::error::ReadError;
use super::set::{self, Limits};

/// Kind of content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Rules, or a text that has no statement yet.
    Rules,
    /// Map of the old format.
    Map,
    /// Kubernetes YAML or JSON.
    Kubernetes,
}

/// Returns the rules files of a directory (`*.rules`), in the order in which a set is read.
///
/// # Errors
///
/// Returns an error if the directory cannot be read, or has directories but no file of a set.
pub(crate) fn rules_files_of(directory: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let files = list_directory(directory).map_err(|error| ReadError::io(directory, error))?;
    if let Some(error) = set::only_directories_error(directory, &files) {
        return Err(error);
    }
    let is_of_rules = |(name, path): &(std::ffi::OsString, PathBuf)| {
        let name = name.to_string_lossy();
        name.ends_with(".rules") && !name.starts_with('.') && !path.is_dir()
    };
    Ok(files
        .into_iter()
        .filter(is_of_rules)
        .map(|(name, _)| directory.join(name))
        .collect())
}

/// Reads a file or stdin, and returns its text and kind.
///
/// # Errors
///
/// Returns an error if the file cannot be read, is too long for rules or not UTF-8.
pub(crate) fn read_single(path: &Path, limits: Limits) -> Result<(String, Content), ReadError> {
    let is_stdin = path.as_os_str() == STDIN;
    let text = if is_stdin {
        files::read_once(path, limits.any_file())?
    } else {
        files::read(path, limits.any_file())?
    };
    let path = if is_stdin { Path::new("stdin") } else { path };
    if is_kubernetes(path, &text) {
        return Ok((text, Content::Kubernetes));
    }
    let has_rules_ending = path.extension().is_some_and(|ending| ending == "rules");
    // A text without statements may become rules or a map, so it counts as rules.
    if !has_rules_ending && !says_nothing(&text) && is_rules_file(&text).is_none() {
        return Ok((text, Content::Map));
    }
    if !fits(&text, limits) {
        return Err(ReadError::too_long(path, limits.rules_file()));
    }
    Ok((text, Content::Rules))
}

/// Returns true if a text is not longer than a rules file may be.
pub(crate) fn fits(text: &str, limits: Limits) -> bool {
    u64::try_from(text.len()).is_ok_and(|length| length <= limits.rules_file())
}

fn says_nothing(text: &str) -> bool {
    text.lines()
        .map(|line| line.trim_start_matches('\u{feff}').trim())
        .all(|line| line.is_empty() || line.starts_with('#'))
}

//! Files of rules, each by itself and not as a part of a set: what is rewritten is one file after the other.

use std::path::{Path, PathBuf};

use imageswap_engine::syntax::rules::is_rules_file;
use imageswap_files::{self as files, STDIN, is_kubernetes, list_directory};

use super::error::ReadError;
use super::set::{self, Limits};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Rules, or something that is to be rules.
    Rules,
    /// A map of the old format.
    Map,
    /// YAML or JSON of Kubernetes.
    Kubernetes,
}

/// The files of rules of a directory, in the order in which a set is read: those named `*.rules`.
///
/// # Errors
///
/// Where the directory can't be read, or holds directories and no file of a set.
pub(crate) fn rules_files_of(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let files = list_directory(folder).map_err(|error| ReadError::io(folder, error))?;
    if let Some(error) = set::only_folders(folder, &files) {
        return Err(error);
    }
    let is_of_rules = |(name, path): &(std::ffi::OsString, PathBuf)| {
        let name = name.to_string_lossy();
        name.ends_with(".rules") && !name.starts_with('.') && !path.is_dir()
    };
    Ok(files
        .into_iter()
        .filter(is_of_rules)
        .map(|(name, _)| folder.join(name))
        .collect())
}

/// Reads a file, or stdin, and says what it holds.
///
/// # Errors
///
/// Where it can't be read, is too long for rules or no UTF-8.
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
    let is_named_so = path.extension().is_some_and(|ending| ending == "rules");
    // What says nothing may become either.
    if !is_named_so && !says_nothing(&text) && is_rules_file(&text).is_none() {
        return Ok((text, Content::Map));
    }
    if !fits(&text, limits) {
        return Err(ReadError::too_long(path, limits.rules_file()));
    }
    Ok((text, Content::Rules))
}

/// Whether a text is no longer than a file of rules may be.
pub(crate) fn fits(text: &str, limits: Limits) -> bool {
    u64::try_from(text.len()).is_ok_and(|length| length <= limits.rules_file())
}

fn says_nothing(text: &str) -> bool {
    text.lines()
        .map(|line| line.trim_start_matches('\u{feff}').trim())
        .all(|line| line.is_empty() || line.starts_with('#'))
}

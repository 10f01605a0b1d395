//! Files and directories whose paths begin with a text.

use std::env;
use std::fs;
use std::path::PathBuf;

use super::candidate::Candidate;

/// Kind of files. Directories are candidates for each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    /// Rules, maps and Kubernetes YAML by their names; any file if there are none of these.
    Rules,
    /// No files.
    Directories,
    Any,
}

/// Limit of the entries of a directory.
const MAX_ENTRIES: usize = 10_000;

/// Returns the paths that begin with `current`: directories first, which end in `/`.
pub(super) fn paths(current: &str, wanted: Files) -> Vec<Candidate> {
    let (directory, start) = match current.rfind('/') {
        Some(at) => current.split_at(at + 1),
        None => ("", current),
    };
    let (mut directories, mut files, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let read_from = match directory {
        "" => PathBuf::from("."),
        directory => expanded(directory),
    };
    let entries = fs::read_dir(read_from).ok();
    for entry in entries.into_iter().flatten().flatten().take(MAX_ENTRIES) {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.starts_with(start) || (name.starts_with('.') && start.is_empty()) {
            continue;
        }
        let value = format!("{directory}{name}");
        // `is_dir` follows a link; the type of the entry would not.
        if entry.path().is_dir() {
            directories.push(value + "/");
        } else if wanted == Files::Any || (wanted == Files::Rules && is_of_rules(&name)) {
            files.push(value);
        } else {
            others.push(value);
        }
    }
    if wanted == Files::Rules && directories.is_empty() && files.is_empty() {
        files = others;
    }
    directories.sort_unstable();
    files.sort_unstable();
    let all = directories.into_iter().chain(files);
    all.map(|value| Candidate {
        value,
        help: String::new(),
    })
    .collect()
}

/// Returns a path with `~/` expanded, which a shell passes as it is typed.
pub(super) fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), env::var_os("HOME")) {
        (Some(below), Some(home)) => PathBuf::from(home).join(below),
        _ => PathBuf::from(path),
    }
}

fn is_of_rules(name: &str) -> bool {
    let endings = [".rules", ".conf", ".yaml", ".yml", ".json"];
    name == "maps" || endings.iter().any(|ending| name.ends_with(ending))
}

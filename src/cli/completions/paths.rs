//! Files and directories that begin as a path does.

use std::env;
use std::fs;
use std::path::PathBuf;

use super::candidate::Candidate;

/// Which files are wanted; directories lead to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    /// Rules, maps and Kubernetes YAML by their names; any file where there is none of these.
    Rules,
    /// None.
    Folders,
    Any,
}

/// So many entries of a directory are looked at.
const MAX_ENTRIES: usize = 10_000;

/// The paths that begin so: directories first, which end in `/`.
pub(super) fn paths(current: &str, wanted: Files) -> Vec<Candidate> {
    let (folder, start) = match current.rfind('/') {
        Some(at) => current.split_at(at + 1),
        None => ("", current),
    };
    let (mut folders, mut files, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let place = match folder {
        "" => PathBuf::from("."),
        folder => expanded(folder),
    };
    let entries = fs::read_dir(place).ok();
    for entry in entries.into_iter().flatten().flatten().take(MAX_ENTRIES) {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.starts_with(start) || (name.starts_with('.') && start.is_empty()) {
            continue;
        }
        let value = format!("{folder}{name}");
        // The path is followed where it is a link.
        if entry.path().is_dir() {
            folders.push(value + "/");
        } else if wanted == Files::Any || (wanted == Files::Rules && is_of_rules(&name)) {
            files.push(value);
        } else {
            others.push(value);
        }
    }
    if wanted == Files::Rules && folders.is_empty() && files.is_empty() {
        files = others;
    }
    folders.sort_unstable();
    files.sort_unstable();
    let all = folders.into_iter().chain(files);
    all.map(|value| Candidate {
        value,
        help: String::new(),
    })
    .collect()
}

/// The place of a path: a shell hands over `~/` as it is typed.
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

//! Images that are given to be compared: in a list, or in manifests.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use imageswap_engine::admission::{Policy, cases};
use imageswap_engine::compare::Case;
use imageswap_engine::rules::{RuleSet, Setting};

use crate::cli::explain::{AsRequest, DISABLE_LABEL, name_of, name_of_field, review_of};
use crate::cli::input::{file_name, read as read_text};
use crate::cli::output::CommandError;

/// An image that is there, and is not made from a pattern.
pub(super) struct Given {
    pub(super) case: Case,
    /// What it is the image of: `Pod shop/web, container web`.
    pub(super) of: Option<String>,
}

/// Reads what is given. The rules have no part in which images there are.
pub(super) fn read(
    images: Option<&Path>,
    manifests: Option<&Path>,
    rules: &RuleSet,
) -> Result<Vec<Given>, CommandError> {
    let mut given = Vec::new();
    if let Some(file) = images {
        let text = read_text(file)?;
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let case = Case {
                image: line.to_owned(),
                setting: Setting::default(),
            };
            given.push(Given { case, of: None });
        }
    }
    if let Some(path) = manifests {
        for file in files(path)? {
            of_manifests(&file, rules, &mut given)?;
        }
    }
    let mut known = HashSet::new();
    given.retain(|given| known.insert((given.case.clone(), given.of.clone())));
    Ok(given)
}

/// A file itself, and of a directory all manifests in it and below it, in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, CommandError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| (entry.path(), entry.file_type())))
                .collect::<Result<Vec<_>, _>>()
        });
        let fail = |error| CommandError::new(format_args!("cannot read {}: {error}", folder.display()));
        for (path, kind) in entries.map_err(fail)? {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_manifest = [".yaml", ".yml", ".json"]
                .iter()
                .any(|ending| name.ends_with(ending));
            if name.starts_with('.') {
                continue;
            }
            // A link to a directory may lead back here.
            if kind.is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if is_manifest && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Each object as an API server would send it when it is created.
fn of_manifests(file: &Path, rules: &RuleSet, given: &mut Vec<Given>) -> Result<(), CommandError> {
    let fail =
        |error: &dyn std::fmt::Display| CommandError::new(format_args!("{}: {error}", file_name(file)));
    let text = read_text(file)?;
    let policy = Policy {
        rules,
        digest: "",
        disable_label: DISABLE_LABEL,
        hook: None,
        dry_run: false,
    };
    for object in imageswap_yaml::objects(&text).map_err(|error| fail(&error))? {
        let review = review_of(&object, &AsRequest::default()).to_string();
        let name = name_of(&object);
        for case in cases(review.as_bytes(), &policy).map_err(|error| fail(&error))? {
            let context = case.setting.context();
            let of = Some(name_of_field(&name, context.container, context.place));
            given.push(Given { case, of });
        }
    }
    Ok(())
}

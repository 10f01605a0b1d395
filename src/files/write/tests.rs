//! Files that are replaced, created, or keep their text.

use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::temporary::{NAMES, temporary_path};
use super::*;

fn names(directory: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// A directory with a file `a.rules` of this text.
fn with_file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.rules");
    fs::write(&file, text).unwrap();
    (directory, file)
}

fn replace(file: &Path, old: &str, new: &str) -> Result<(), WriteError> {
    write(file, new, Replace::Unchanged(old))
}

#[test]
fn replaced_file_keeps_its_permissions_and_link() {
    let (directory, file) = with_file("old");
    let link = directory.path().join("link");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a.rules", &link).unwrap();
    replace(&link, "old", "new").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("a.rules"));
    assert_eq!(names(directory.path()), ["a.rules", "link"]);
}

#[test]
fn changed_file_keeps_its_text() {
    let (directory, file) = with_file("theirs");
    let error = replace(&file, "old", "new").unwrap_err().to_string();
    assert!(
        error.ends_with("a.rules: it was changed meanwhile; run the command again"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
    assert_eq!(names(directory.path()), ["a.rules"]);
}

#[test]
fn read_only_file_keeps_its_text() {
    let (directory, file) = with_file("old");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    let error = replace(&file, "old", "new").unwrap_err().to_string();
    assert!(
        error.starts_with("cannot write ") && error.ends_with("a.rules: it is read-only"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(names(directory.path()), ["a.rules"]);
}

#[test]
fn file_keeps_its_text_if_its_directory_is_not_writable() {
    let (directory, file) = with_file("old");
    // Root may write everywhere, so the names are in use instead.
    let in_use: Vec<PathBuf> = (1..=NAMES).map(|number| temporary_path(&file, number)).collect();
    for path in &in_use {
        fs::write(path, "").unwrap();
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let error = replace(&file, "old", "new").unwrap_err().to_string();
    assert!(
        error.contains(": cannot create a temporary file in its directory: "),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(in_use.iter().all(|path| path.exists()));
}

#[test]
fn leftover_temporary_file_blocks_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(format!("{}.rules", "a".repeat(249)));
    let left = temporary_path(&file, 1);
    fs::write(&left, "half of").unwrap();
    for (text, over) in [
        ("one", Replace::Nothing),
        ("two", Replace::Anything),
        ("three", Replace::Unchanged("two")),
    ] {
        write(&file, text, over).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(fs::read_to_string(&left).unwrap(), "half of");
        assert_eq!(names(directory.path()).len(), 2);
    }
}

#[test]
fn existing_file_keeps_its_text_unless_anything_may_be_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("10-migrated.rules");
    write(&file, "one", Replace::Nothing).unwrap();
    let error = write(&file, "two", Replace::Nothing).unwrap_err();
    assert!(matches!(error.reason, WriteReason::Exists), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "one");
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&file, permissions).unwrap();
    write(&file, "two", Replace::Anything).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "two");
    assert!(fs::metadata(&file).unwrap().permissions().readonly());
    let error = write(directory.path(), "three", Replace::Anything).unwrap_err();
    assert!(error.to_string().ends_with("it is a directory"), "{error}");
    assert!(write(&directory.path().join("no/file"), "x", Replace::Nothing).is_err());
    assert_eq!(names(directory.path()), ["10-migrated.rules"]);
}

#[test]
fn new_file_has_the_permissions_of_any_other() {
    let (directory, theirs) = with_file("");
    let ours = directory.path().join("ours");
    write(&ours, "", Replace::Nothing).unwrap();
    let permissions = |file| fs::metadata(file).unwrap().permissions();
    assert_eq!(permissions(&ours), permissions(&theirs));
}

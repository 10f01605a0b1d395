//! A file that gets another text: whole, or not at all.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use imageswap_migrate::beside::Beside;

/// Why a file still has its old text: one line.
#[derive(Debug)]
pub(super) struct ReplaceError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    ReadOnly,
    Changed,
    Io(io::Error),
    Beside(io::Error),
}

/// Gives a file another text in the place of the one that was read. Its owner and its permissions stay, and where it is
/// a link, so does the link.
///
/// # Errors
///
/// Where that can't be, or somebody else has written meanwhile: the file has the text then that it had.
pub(super) fn replace(path: &Path, old: &str, text: &str) -> Result<(), ReplaceError> {
    let fail = |reason| ReplaceError {
        path: path.to_owned(),
        reason,
    };
    let file = fs::canonicalize(path).map_err(|error| fail(Reason::Io(error)))?;
    let metadata = fs::metadata(&file).map_err(|error| fail(Reason::Io(error)))?;
    // A rename would ask for the permission of the directory alone.
    if metadata.permissions().readonly() {
        return Err(fail(Reason::ReadOnly));
    }
    OpenOptions::new()
        .write(true)
        .open(&file)
        .map_err(|error| fail(Reason::Io(error)))?;
    // Nobody else may read it, since not everybody may read the file perhaps.
    let mut beside = Beside::make(&file, 0o600).map_err(|error| fail(Reason::Beside(error)))?;
    fill(beside.file(), text, &metadata).map_err(|error| fail(Reason::Io(error)))?;
    match fs::read(&file) {
        Ok(now) if now == old.as_bytes() => {}
        Ok(_) => return Err(fail(Reason::Changed)),
        Err(error) => return Err(fail(Reason::Io(error))),
    }
    beside.replace(&file).map_err(|error| fail(Reason::Io(error)))
}

fn fill(new: &mut File, text: &str, like: &Metadata) -> io::Result<()> {
    new.write_all(text.as_bytes())?;
    let made = new.metadata()?;
    if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
        fchown(&*new, Some(like.uid()), Some(like.gid()))?;
    }
    new.set_permissions(like.permissions())?;
    new.sync_all()
}

impl fmt::Display for ReplaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: ", self.path.display())?;
        match &self.reason {
            Reason::ReadOnly => f.write_str("it is read-only"),
            Reason::Changed => f.write_str("it was changed meanwhile; run it once more"),
            Reason::Io(error) => write!(f, "{error}"),
            Reason::Beside(error) => write!(f, "no file can be made beside it: {error}"),
        }
    }
}

impl std::error::Error for ReplaceError {}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use imageswap_migrate::beside::{NAMES, name_beside};

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn permissions_and_links_stay_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.rules"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a.rules", &link).unwrap();
        replace(&link, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("a.rules"));
        assert_eq!(names(folder.path()), ["a.rules", "link"]);
    }

    #[test]
    fn what_somebody_else_writes_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rules");
        fs::write(&file, "theirs").unwrap();
        let error = replace(&file, "old", "new").unwrap_err().to_string();
        assert!(
            error.ends_with("a.rules: it was changed meanwhile; run it once more"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(names(folder.path()), ["a.rules"]);
    }

    #[test]
    fn a_read_only_file_has_its_old_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rules");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        let error = replace(&file, "old", "new").unwrap_err().to_string();
        assert!(
            error.starts_with("cannot write ") && error.ends_with("a.rules: it is read-only"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(names(folder.path()), ["a.rules"]);
    }

    #[test]
    fn a_file_in_a_directory_that_takes_no_other_has_its_old_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rules");
        fs::write(&file, "old").unwrap();
        // For whoever may write everywhere, the names are in use instead.
        let in_use: Vec<PathBuf> = (1..=NAMES).map(|number| name_beside(&file, number)).collect();
        for path in &in_use {
            fs::write(path, "").unwrap();
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let error = replace(&file, "old", "new").unwrap_err().to_string();
        assert!(error.contains(": no file can be made beside it: "), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(in_use.iter().all(|path| path.exists()));
    }

    #[test]
    fn what_a_killed_process_left_behind_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("{}.rules", "a".repeat(249)));
        fs::write(&file, "old").unwrap();
        let left = name_beside(&file, 1);
        fs::write(&left, "half of").unwrap();
        replace(&file, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_to_string(&left).unwrap(), "half of");
        assert_eq!(names(folder.path()).len(), 2);
    }
}

//! A new file: whole, or not at all.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::beside::Beside;
use crate::read::Failed;

/// Writes a file; over another only where that is wanted.
///
/// # Errors
///
/// Where there is a file already, or it can't be written: then everything is as it was.
pub(crate) fn save(path: &Path, text: &str, force: bool) -> Result<(), Failed> {
    let name = path.display();
    let file = behind_links(path).map_err(|error| Failed(format!("cannot write {name}: {error}")))?;
    let name = match file == path {
        true => name.to_string(),
        false => format!("{name}, a link to {}", file.display()),
    };
    let fail = |why: &dyn fmt::Display| Failed(format!("cannot write {name}: {why}"));
    match fs::symlink_metadata(&file) {
        Ok(found) if found.is_dir() => return Err(fail(&"it is a directory")),
        // A rename would put a file in the place of `/dev/null`.
        Ok(found) if !found.is_file() => return Err(fail(&"it is no regular file")),
        _ => {}
    }
    // Who may read and write it is not for this to change.
    let like = fs::metadata(&file)
        .ok()
        .filter(|_| force)
        .map(|old| old.permissions());
    // Until it has the permissions of the other, nobody else may read it.
    let mode = if like.is_some() { 0o600 } else { 0o666 };
    let mut beside = Beside::make(&file, mode).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => fail(&error),
        _ => fail(&format!("no file can be made beside it: {error}")),
    })?;
    fill(beside.file(), text, like).map_err(|error| fail(&error))?;
    let saved = match force {
        true => beside.replace(&file),
        false => beside.appear(&file),
    };
    saved.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failed(format!(
            "{} is there already, and stays as it is; --force writes over it",
            path.display()
        )),
        _ => fail(&error),
    })
}

/// The file that a link leads to, whether it is there or not: a link stays one.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const MOST: usize = 40;
    let mut file = path.to_owned();
    for _ in 0..MOST {
        match fs::read_link(&file) {
            Ok(target) => file = file.parent().unwrap_or(Path::new("")).join(target),
            // It is no link, or not there.
            Err(_) => return Ok(file),
        }
    }
    // The links go round in a circle, which the system says in its own words.
    fs::metadata(path).map(|_| file)
}

fn fill(file: &mut File, text: &str, like: Option<Permissions>) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    if let Some(like) = like {
        file.set_permissions(like)?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beside::name_beside;

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_to_go() {
        let folder = std::env::temp_dir().join(format!("imageswap-migrate-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("10-migrated.rules");
        save(&file, "one", false).unwrap();
        let error = save(&file, "two", false).unwrap_err().to_string();
        assert!(
            error.ends_with("is there already, and stays as it is; --force writes over it"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "one");
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file, permissions).unwrap();
        save(&file, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert!(fs::metadata(&file).unwrap().permissions().readonly());
        assert!(
            save(&folder, "three", true)
                .unwrap_err()
                .to_string()
                .ends_with("it is a directory")
        );
        assert!(save(&folder.join("no/file"), "x", false).is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_killed_process_left_behind_stays_and_is_in_nobodys_way() {
        let folder = std::env::temp_dir().join(format!("imageswap-migrate-left-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{}.rules", "a".repeat(249)));
        let left = name_beside(&file, 1);
        fs::write(&left, "half of").unwrap();
        for (text, force) in [("one", false), ("two", true)] {
            save(&file, text, force).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
            assert_eq!(fs::read_to_string(&left).unwrap(), "half of");
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_new_file_may_be_read_by_whom_others_may() {
        let folder = std::env::temp_dir().join(format!("imageswap-migrate-mode-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (ours, theirs) = (folder.join("ours"), folder.join("theirs"));
        fs::write(&theirs, "").unwrap();
        save(&ours, "", false).unwrap();
        let permissions = |file| fs::metadata(file).unwrap().permissions();
        assert_eq!(permissions(&ours), permissions(&theirs));
        fs::remove_dir_all(&folder).unwrap();
    }
}

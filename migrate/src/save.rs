//! A new file: whole, or not at all.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

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
    let mut hidden = OsString::from(".");
    hidden.push(file.file_name().unwrap_or_default());
    hidden.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(hidden);
    let saved = fill(&beside, text).and_then(|()| match force {
        true => {
            // Who may read and write it is not for this to change.
            if let Ok(old) = fs::metadata(&file) {
                fs::set_permissions(&beside, old.permissions())?;
            }
            fs::rename(&beside, &file)
        }
        // Unlike a rename it never takes the place of a file, whoever made it meanwhile.
        false => fs::hard_link(&beside, &file),
    });
    // Whether it can be taken away or not, what there is to say is the first error.
    let _ = fs::remove_file(&beside);
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

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

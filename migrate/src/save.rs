//! A new file: whole, or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::read::Failed;

/// Writes a file; over another only where that is wanted.
///
/// # Errors
///
/// Where there is a file already, or it can't be written: then everything is as it was.
pub(crate) fn save(path: &Path, text: &str, force: bool) -> Result<(), Failed> {
    let fail = |error: io::Error| Failed(format!("cannot write {}: {error}", path.display()));
    // A link stays one.
    let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if file.is_dir() {
        return Err(Failed(format!(
            "cannot write {}: it is a directory",
            path.display()
        )));
    }
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(name);
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
        _ => fail(error),
    })
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

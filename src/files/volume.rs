//! Reading several files of a mounted ConfigMap or Secret, all of one generation.
//!
//! The kubelet writes a new generation into a new directory, changes the link `..data` to it, and removes the
//! previous one at once. A reader that opens files one by one through the links can get parts of both.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Maximum number of reads. Generations change rarely, so two changes in a row are unlikely, and so many never
/// happen.
const TRIES: usize = 16;
/// The link to the active generation.
const DATA: &str = "..data";

/// An error that a reader gets if the generation that it reads is removed meanwhile.
pub trait MayBeGone: From<io::Error> {
    /// Returns true if a file or directory was not there.
    fn is_gone(&self) -> bool;
}

impl MayBeGone for io::Error {
    fn is_gone(&self) -> bool {
        self.kind() == io::ErrorKind::NotFound
    }
}

/// Returns true if the kubelet has mounted a ConfigMap, a Secret or the like at a directory.
#[must_use]
pub fn is_volume(directory: &Path) -> bool {
    directory.join(DATA).is_symlink()
}

/// Calls `read` until it has read one generation of each of these directories, and returns its result.
///
/// # Errors
///
/// Returns the error of `read`, unless the generation was removed meanwhile and a later call succeeds.
pub fn read_consistently<T, E: MayBeGone>(
    directories: &[&Path],
    read: impl Fn() -> Result<T, E>,
) -> Result<T, E> {
    let mut failed = E::from(io::Error::from(io::ErrorKind::Interrupted));
    for _ in 0..TRIES {
        let before = generations(directories)?;
        match read() {
            // A switch during the read leaves files of two generations, so the read is repeated.
            // The result is consistent only if the generation is still the active one.
            Ok(value) if generations(directories)? == before => return Ok(value),
            Ok(_) => {}
            // The kubelet may have removed the generation during the read.
            Err(error) if error.is_gone() => {
                if generations(directories)? == before {
                    return Err(error);
                }
                failed = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(failed)
}

/// Returns the links to the active generations; `None` for a plain directory.
fn generations(directories: &[&Path]) -> io::Result<Vec<Option<PathBuf>>> {
    directories
        .iter()
        .map(|directory| match fs::read_link(directory.join(DATA)) {
            Ok(generation) => Ok(Some(generation)),
            // `EINVAL`: the path exists, but is not a link.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::InvalidInput | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        })
        .collect()
}

/// Lists a directory: the names in bytewise order, each with the path to read.
///
/// For a mounted ConfigMap, these are the files of the generation that `..data` leads to, and not the links next to
/// it: the kubelet adds links to new files, and removes links to removed files, only after it has changed `..data`.
///
/// # Errors
///
/// Returns an error if the directory cannot be read.
pub fn list_directory(directory: &Path) -> io::Result<BTreeMap<OsString, PathBuf>> {
    let mut files = BTreeMap::new();
    let data = directory.join(DATA);
    let has_data = data.is_dir();
    // Through `..data`, so that all files come from one generation even if it is switched meanwhile.
    if has_data {
        for entry in fs::read_dir(&data)? {
            let entry = entry?;
            files.insert(entry.file_name(), entry.path());
        }
    }
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        // The links of the volume point into `..data`; their targets are listed already.
        let is_into_data = fs::read_link(&path).is_ok_and(|target| target.starts_with(DATA));
        if let Some(name) = path.file_name()
            && !(has_data && is_into_data)
        {
            files.insert(name.to_owned(), path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Swaps in a generation as the kubelet does.
    fn swap(volume: &Path, generation: usize) {
        let name = format!("..{generation}");
        let directory = volume.join(&name);
        fs::create_dir(&directory).unwrap();
        for file in ["a", "b"] {
            fs::write(directory.join(file), generation.to_string()).unwrap();
        }
        let old = fs::read_link(volume.join("..data")).ok();
        symlink(&name, volume.join("..data_tmp")).unwrap();
        for file in ["a", "b"]
            .into_iter()
            .filter(|file| !volume.join(file).is_symlink())
        {
            symlink(Path::new("..data").join(file), volume.join(file)).unwrap();
        }
        fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
        if let Some(old) = old {
            fs::remove_dir_all(volume.join(old)).unwrap();
        }
    }

    #[test]
    fn two_files_are_always_of_one_generation() {
        let volume = tempfile::tempdir().unwrap();
        swap(volume.path(), 0);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for generation in 1..2_000 {
                    swap(volume.path(), generation);
                }
                done.store(true, Ordering::Relaxed);
            });
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                let root = volume.path();
                let read = || Ok::<_, io::Error>((fs::read(root.join("a"))?, fs::read(root.join("b"))?));
                // With a writer that never pauses, the reader may give up, but it never mixes generations.
                if let Ok((a, b)) = read_consistently(&[root], read) {
                    assert_eq!(a, b);
                    reads += 1;
                }
            }
            assert!(reads > 0);
        });
    }

    #[test]
    fn plain_directory_is_read_directly() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a"), "1").unwrap();
        assert_eq!(
            read_consistently(&[directory.path()], || fs::read(directory.path().join("a"))).unwrap(),
            b"1"
        );
        let missing = read_consistently(&[directory.path()], || fs::read(directory.path().join("b")));
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

//! Reading several files of a mounted ConfigMap or Secret, all of one generation.
//!
//! The kubelet writes a new generation into a folder of its own, turns the link `..data` to it, and removes the
//! old one at once. Who reads file by file through the links can get half of each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A reader meets a swap at most once in a while; so often in a row never.
const TRIES: usize = 16;
/// The link to the generation in force.
pub(super) const DATA: &str = "..data";

/// What can fail since a generation was removed meanwhile.
pub(crate) trait MayBeGone: From<io::Error> {
    /// Whether something was not there.
    fn is_gone(&self) -> bool;
}

impl MayBeGone for io::Error {
    fn is_gone(&self) -> bool {
        self.kind() == io::ErrorKind::NotFound
    }
}

/// Reads with `read` what lies in these folders, until one generation of each stood still for it.
pub(crate) fn read_consistently<T, E: MayBeGone>(
    folders: &[&Path],
    read: impl Fn() -> Result<T, E>,
) -> Result<T, E> {
    let mut failed = E::from(io::Error::from(io::ErrorKind::Interrupted));
    for _ in 0..TRIES {
        let before = generations(folders)?;
        match read() {
            // What was read can be trusted only if its generation is still the one in force.
            Ok(value) if generations(folders)? == before => return Ok(value),
            Ok(_) => {}
            // It may have been removed meanwhile.
            Err(error) if error.is_gone() => {
                if generations(folders)? == before {
                    return Err(error);
                }
                failed = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(failed)
}

/// The generations that folders stand at; none for a plain folder.
fn generations(folders: &[&Path]) -> io::Result<Vec<Option<PathBuf>>> {
    folders
        .iter()
        .map(|folder| match fs::read_link(folder.join(DATA)) {
            Ok(generation) => Ok(Some(generation)),
            // `EINVAL`: something else than a link has that name.
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Swaps in a generation as the kubelet does.
    fn swap(volume: &Path, generation: usize) {
        let name = format!("..{generation}");
        let folder = volume.join(&name);
        fs::create_dir(&folder).unwrap();
        for file in ["a", "b"] {
            fs::write(folder.join(file), generation.to_string()).unwrap();
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
                // Against a writer that never rests it may give up, but never mixes.
                if let Ok((a, b)) = read_consistently(&[root], read) {
                    assert_eq!(a, b);
                    reads += 1;
                }
            }
            assert!(reads > 0);
        });
    }

    #[test]
    fn a_plain_folder_is_read_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        assert_eq!(
            read_consistently(&[folder.path()], || fs::read(folder.path().join("a"))).unwrap(),
            b"1"
        );
        let missing = read_consistently(&[folder.path()], || fs::read(folder.path().join("b")));
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

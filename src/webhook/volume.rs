//! Reading several files of a mounted ConfigMap or Secret, all of one generation.
//!
//! The kubelet writes a new generation into a folder of its own, turns the link `..data` to it, and removes the
//! old one at once. Who reads file by file through the links can get half of each.

use std::fs;
use std::io;
use std::path::Path;

/// A reader meets a swap at most once in a while; so often in a row never.
const TRIES: usize = 16;

/// Reads with `read`, which is given the folder to read in, until one generation stood still for it.
pub(super) fn read_consistently<T>(folder: &Path, read: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
    let mut failed = io::Error::from(io::ErrorKind::Interrupted);
    for _ in 0..TRIES {
        let data = folder.join("..data");
        let generation = match fs::canonicalize(&data) {
            Ok(generation) => generation,
            // No mounted volume, but a plain folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return read(folder),
            Err(error) => return Err(error),
        };
        match read(&generation) {
            // What was read can be trusted only if its generation is still the one in force.
            Ok(value) if fs::canonicalize(&data).is_ok_and(|now| now == generation) => return Ok(value),
            Ok(_) => {}
            // It was removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => failed = error,
            Err(error) => return Err(error),
        }
    }
    Err(failed)
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
                let read = |root: &Path| Ok((fs::read(root.join("a"))?, fs::read(root.join("b"))?));
                // Against a writer that never rests it may give up, but never mixes.
                if let Ok((a, b)) = read_consistently(volume.path(), read) {
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
            read_consistently(folder.path(), |root| fs::read(root.join("a"))).unwrap(),
            b"1"
        );
        let missing = read_consistently(folder.path(), |root| fs::read(root.join("b")));
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

//! A mounted ConfigMap or Secret, changed in the steps of the kubelet.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A mounted volume.
#[derive(Debug)]
pub struct Volume {
    directory: TempDir,
    generation: usize,
}

impl Volume {
    /// Mounts a volume with these files.
    pub fn mount(files: &[(&str, &[u8])]) -> Self {
        let mut volume = Self {
            directory: tempfile::tempdir().unwrap(),
            generation: 0,
        };
        volume.update(files);
        volume
    }

    /// Returns the directory of the mount.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the path of a file.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes the new generation into a new directory, switches `..data` to it, adds the links of new files, removes
    /// those of removed files, and removes the old generation.
    pub fn update(&mut self, files: &[(&str, &[u8])]) {
        self.update_slowly(files, || {});
    }

    /// Updates the files as [`Self::update`] does, and calls `between` between the steps.
    pub fn update_slowly(&mut self, files: &[(&str, &[u8])], between: impl Fn()) {
        self.update_in_steps(files, |_| {}, between);
    }

    /// Updates the files as [`Self::update`] does, and calls `prepare` with the new directory before it is used.
    pub fn update_with(&mut self, files: &[(&str, &[u8])], prepare: impl Fn(&Path)) {
        self.update_in_steps(files, prepare, || {});
    }

    fn update_in_steps(&mut self, files: &[(&str, &[u8])], prepare: impl Fn(&Path), between: impl Fn()) {
        self.generation += 1;
        let root = self.directory.path();
        let name = format!("..2026_11_25_00_00_00.{:010}", self.generation);
        fs::create_dir(root.join(&name)).unwrap();
        for (file, content) in files {
            fs::write(root.join(&name).join(file), content).unwrap();
        }
        prepare(&root.join(&name));
        let data = root.join("..data");
        let old = fs::read_link(&data).ok();
        symlink(&name, root.join("..data_tmp")).unwrap();
        fs::rename(root.join("..data_tmp"), &data).unwrap();
        between();
        for (file, _) in files {
            let link = root.join(file);
            if fs::symlink_metadata(&link).is_err() {
                symlink(Path::new("..data").join(file), link).unwrap();
                between();
            }
        }
        for entry in fs::read_dir(root).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !name.starts_with("..") && !files.iter().any(|(file, _)| *file == name) {
                fs::remove_file(root.join(name)).unwrap();
                between();
            }
        }
        if let Some(old) = old {
            fs::remove_dir_all(root.join(old)).unwrap();
        }
    }
}

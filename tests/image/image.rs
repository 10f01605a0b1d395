//! The image, which is built once, and its containers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use imageswap_tests_support::repository;
use serde_json::Value;

/// The image in a storage of its own.
pub(crate) struct Image {
    directory: PathBuf,
    /// Where buildah and podman keep what does not outlive a boot.
    runroot: String,
}

/// Name of the image in its storage.
const NAME: &str = "imageswap";

impl Image {
    /// Builds the image once; `None` unless a variable asks for it.
    pub(crate) fn built() -> Option<&'static Self> {
        static BUILT: OnceLock<Image> = OnceLock::new();
        if std::env::var_os("IMAGESWAP_TEST_IMAGE").is_none() {
            eprintln!("not run: it builds the image, as root, by buildah; IMAGESWAP_TEST_IMAGE=1 runs it");
            return None;
        }
        Some(BUILT.get_or_init(|| {
            let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("image");
            let build = repository::path("tests/image/build");
            let status = Command::new(build).arg(&directory).status().unwrap();
            assert!(status.success(), "the image cannot be built");
            // podman's database keeps the first path of the storage, and the target directory may be behind a link.
            let directory = directory.canonicalize().unwrap();
            let runroot = fs::read_to_string(directory.join("runroot")).unwrap();
            Self { directory, runroot }
        }))
    }

    /// Returns the manifest, as a registry has it.
    pub(crate) fn manifest(&self) -> Value {
        let index = fs::read(self.directory.join("first/index.json")).unwrap();
        let index: Value = serde_json::from_slice(&index).unwrap();
        self.blob(&index["manifests"][0])
    }

    /// Returns the configuration: the user, the command and the labels.
    pub(crate) fn config(&self) -> Value {
        self.blob(&self.manifest()["config"])["config"].clone()
    }

    /// Returns a new container of the image.
    pub(crate) fn container(&self) -> Container<'_> {
        let output = self.buildah(&["from", "--pull-never", NAME]).output().unwrap();
        Container {
            image: self,
            name: stdout(&output),
        }
    }

    /// Returns a command that runs the image under the restrictions of its manifests: as its user, with a file system
    /// that is read-only everywhere, without capabilities. The options of podman follow, then those of the image.
    pub(crate) fn restricted(&self, options: &[&str], arguments: &[&str]) -> Command {
        let mut command = self.command("podman");
        // crun, the default, needs a cgroup hierarchy that a container of CI may lack. podman asks for higher limits
        // than a container of CI may set.
        command.args(["--runtime", "/usr/sbin/runc", "run", "--rm", "--network", "host"]);
        command.args(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
        // Without the second option, podman mounts a writable /tmp.
        command.args(["--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL"]);
        command.args(["--security-opt", "no-new-privileges"]);
        command.args(options).arg(NAME).args(arguments);
        command
    }

    fn buildah(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("buildah");
        command.args(arguments);
        command
    }

    /// Returns buildah or podman, which share the storage.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("--root").arg(self.directory.join("storage"));
        command.arg("--runroot").arg(&self.runroot);
        command
    }

    /// Reads an object of the OCI layout, by its descriptor.
    fn blob(&self, descriptor: &Value) -> Value {
        let digest = descriptor["digest"].as_str().unwrap().replace(':', "/");
        let bytes = fs::read(self.directory.join("first/blobs").join(digest)).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}

/// A container of the image, which ends with the test.
pub(crate) struct Container<'a> {
    image: &'a Image,
    name: String,
}

impl Container<'_> {
    /// Returns the root directory of the container.
    pub(crate) fn root(&self) -> PathBuf {
        stdout(&self.image.buildah(&["mount", &self.name]).output().unwrap()).into()
    }

    /// Returns a command that runs a program of the container, as its user.
    pub(crate) fn run(&self, options: &[&str], program: &[&str]) -> Command {
        let mut command = self.image.buildah(&["run", "--isolation", "chroot"]);
        command.args(options).arg(&self.name).args(program);
        command
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        let _ = self.image.buildah(&["rm", &self.name]).output();
    }
}

#[track_caller]
fn stdout(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .trim()
        .to_owned()
}

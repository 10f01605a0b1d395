//! The tools of the tests of `deploy/`, built from source (`tests/tools`): Helm 4 and 3, helm-unittest, kubeconform with
//! the schemas of Kubernetes, a decoder of Grafana's dashboards, and kubectl of the control plane.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::repository;
use crate::webhook::Ran;

/// Tools in a directory of their own, which ends with the test.
pub struct Tools {
    /// Directory of all programs that tests build.
    build: PathBuf,
    directory: TempDir,
}

impl Tools {
    /// Builds the tools of these names: `dashboard`, `helm`, `helm3`, `helm-unittest`, `kubeconform`, `schemas` or
    /// `kubectl`. Returns
    /// `None` unless a variable asks for them. They are built below `build`.
    pub fn build(build: &str, names: &[&str]) -> Option<Self> {
        if std::env::var_os("IMAGESWAP_TEST_DEPLOY").is_none() {
            eprintln!(
                "not run: it builds tools for Kubernetes, which needs Go; IMAGESWAP_TEST_DEPLOY=1 runs it"
            );
            return None;
        }
        Some(Self::build_always(build, names))
    }

    /// Builds the tools of these names, as [`Self::build`] does, for a test that another variable asks for.
    pub fn build_always(build: &str, names: &[&str]) -> Self {
        let tools = Self {
            build: build.into(),
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(tools.bin()).unwrap();
        for name in names {
            symlink(tools.built(name), tools.bin().join(name)).unwrap();
        }
        tools
    }

    /// Runs a command line in the directory of the repository, with the tools in its path. Helm has no repositories and
    /// no plugins of a user, and kubectl has no cluster.
    pub fn run(&self, line: &str) -> Ran {
        let mut path = vec![self.bin()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(repository::path(""))
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HELM_CACHE_HOME", self.path("cache"))
            .env("HELM_CONFIG_HOME", self.path("config"))
            .env("HELM_DATA_HOME", self.path("data"))
            .env("KUBECONFIG", self.path("no-kubeconfig"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran {
            is_success: output.status.success(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command line that has to succeed, and returns its stdout.
    #[track_caller]
    pub fn succeed(&self, line: &str) -> String {
        let ran = self.run(line);
        assert!(ran.is_success, "{line}\n{}{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// Returns the directory of the programs.
    pub fn bin(&self) -> PathBuf {
        self.path("bin")
    }

    /// Returns the directory with the schemas of Kubernetes, one directory for each version, and of custom resources.
    pub fn schemas(&self) -> PathBuf {
        self.bin().join("schemas")
    }

    /// Returns the path of a file that ends with the test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Builds a tool once, and returns its path.
    fn built(&self, name: &str) -> PathBuf {
        static BUILT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        // Another test may have failed in here, which does not matter to this one.
        let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        let (script, output, program, arguments) = match name {
            // The control plane is one program, which is the part by whose name it is called.
            "kubectl" => (
                "tests/control-plane/build",
                "control-plane",
                "control-plane".into(),
                vec![],
            ),
            _ => ("tests/tools/build", "tools", format!("tools/{name}"), vec![name]),
        };
        if !all.contains(name) {
            let mut build = Command::new(repository::path(script));
            let status = build
                .arg(self.build.join(output))
                .args(arguments)
                .status()
                .unwrap();
            assert!(status.success(), "{name} can't be built");
            all.insert(name.to_owned());
        }
        self.build.join(program)
    }
}

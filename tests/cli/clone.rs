//! A repository with rules, as a user has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use imageswap_tests_support::repository;
use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Ran, run, shell};

/// Clone whose branch `change` is checked out: it has the rules of the examples with one change.
pub(crate) struct Clone {
    folder: TempDir,
}

impl Clone {
    pub(crate) fn new() -> Self {
        let clone = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let rules = repository::path("docs/examples/rules");
        let setup = format!(
            "git init --quiet --initial-branch=main origin
            cd origin
            git config user.name somebody
            git config user.email somebody@example.com
            cp -r '{}' rules
            git add .
            git commit --quiet -m rules
            cd ..
            git clone --quiet origin clone
            cd clone
            git switch --quiet -c change
            sed -i 's/harbor.example.com/harbor.example.org/' rules/10-mirror.rules",
            rules.display()
        );
        sh(&setup, clone.folder.path());
        clone
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("clone")
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).unwrap();
    }

    /// Returns the results in the log for code scanning.
    pub(crate) fn results(&self) -> Vec<Value> {
        let log: Value = serde_json::from_str(&self.read("imageswap.sarif")).unwrap();
        log["runs"][0]["results"].as_array().unwrap().clone()
    }

    /// Returns a command line for bash.
    pub(crate) fn bash(&self, options: &str, command: &str) -> Command {
        let mut shell = shell(
            &format!("exec bash {options} -c \"$COMMAND\""),
            self.path().to_str().unwrap(),
        );
        shell.env("COMMAND", command);
        // The real `jq`, and not the script that replaces it in other tests.
        let path = std::env::join_paths(
            [Path::new(env!("CARGO_BIN_EXE_imageswap"))
                .parent()
                .unwrap()
                .to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        shell.env("PATH", path.unwrap());
        shell
    }

    /// Runs a hook as pre-commit does: with its arguments, and with the matching files if it takes file names.
    pub(crate) fn hook(&self, hook: &Value) -> Ran {
        let mut line = hook["entry"].as_str().unwrap().to_owned();
        for argument in hook["args"].as_array().into_iter().flatten() {
            line.push_str(&format!(" '{}'", argument.as_str().unwrap()));
        }
        if hook["pass_filenames"] != "false" {
            line.push_str(" rules/*.rules");
        }
        run(&line, self.path().to_str().unwrap())
    }
}

/// Runs a command line that must succeed.
pub(crate) fn sh(line: &str, folder: &Path) -> Ran {
    let ran = run(&format!("set -e\n{line}"), folder.to_str().unwrap());
    assert_eq!(ran.status, 0, "{line}\n{}{}", ran.stdout, ran.stderr);
    ran
}

/// Returns the output of a command as a result.
pub(crate) fn ran_of(output: Output) -> Ran {
    Ran {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap_or(-1),
    }
}

//! Runs the real binary as a shell does, and compares its output with the recorded one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use imageswap_tests_support::repository;

/// Result of a command.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

/// Returns a command line for the shell, in a directory of the repository. `imageswap` is the binary under test;
/// scripts replace `kubectl` and `jq`.
pub(crate) fn shell(line: &str, folder: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_imageswap")).parent().unwrap();
    let mut folders = vec![binary.to_owned(), repository::path("tests/cli/bin")];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(repository::path(folder))
        .env("PATH", std::env::join_paths(folders).unwrap())
        .stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("IMAGESWAP_")) {
        command.env_remove(name);
    }
    command
}

/// Runs a command line.
pub(crate) fn run(line: &str, folder: &str) -> Ran {
    let output = shell(line, folder).output().unwrap();
    Ran {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap_or(-1),
    }
}

/// Returns true if the outputs are to be recorded.
pub(crate) fn is_update() -> bool {
    std::env::var_os("UPDATE_CASES").is_some()
}

/// Compares texts with files, or records them.
pub(crate) fn compare(texts: impl IntoIterator<Item = (PathBuf, String)>) {
    let mut wrong = Vec::new();
    for (path, text) in texts {
        if is_update() && fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(&path, &text).unwrap();
        }
        match fs::read_to_string(&path) {
            Ok(recorded) if recorded == text => {}
            Ok(recorded) => wrong.push(format!("{}\n{}", path.display(), difference(&recorded, &text))),
            Err(error) => wrong.push(format!("{}: {error}", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the first lines that differ.
fn difference(recorded: &str, text: &str) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (recorded, text) = (lines(recorded), lines(text));
    let same = recorded
        .iter()
        .zip(&text)
        .take_while(|(one, other)| one == other)
        .count();
    let some = |lines: &[String]| {
        lines
            .iter()
            .skip(same)
            .take(12)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    };
    format!(
        "from line {} on, recorded:\n{}\ncame:\n{}",
        same + 1,
        some(&recorded),
        some(&text)
    )
}

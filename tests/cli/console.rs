//! Pages with `console` blocks: each command is run, and what it writes is compared.
//!
//! A line `$ COMMAND` is run by `sh`; what follows is its stdout, then its stderr, and `? N` where its exit status is
//! not 0. With the variable `UPDATE_CASES` set the pages are written anew: read what has changed before you commit it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A path in the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Whether expected output is to be written anew.
pub(crate) fn is_update() -> bool {
    std::env::var_os("UPDATE_CASES").is_some()
}

/// Runs a command line in a folder: its stdout, its stderr and its exit status.
pub(crate) fn run(folder: &Path, line: &str) -> (String, String, i32) {
    let binary = Path::new(env!("CARGO_BIN_EXE_imageswap"));
    let path = format!(
        "{}:{}",
        binary.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", path)
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap(),
    )
}

/// Runs the blocks of a page in a folder, and gives how many commands there were.
pub(crate) fn run_page(page: &str, folder: &str) -> usize {
    let text = fs::read_to_string(repository(page)).unwrap();
    let folder = repository(folder);
    let (mut made, mut count) = (String::new(), 0);
    let mut in_block = false;
    for line in text.lines() {
        if in_block && line != "```" && !line.starts_with("$ ") {
            continue;
        }
        made += line;
        made.push('\n');
        match line.strip_prefix("$ ") {
            Some(command) if in_block => {
                count += 1;
                let (stdout, stderr, status) = run(&folder, command);
                made += &stdout;
                made += &stderr;
                if status != 0 {
                    made += &format!("? {status}\n");
                }
            }
            _ => in_block = !in_block && line == "```console",
        }
    }
    if is_update() {
        fs::write(repository(page), &made).unwrap();
    }
    if made != text {
        let (line, (made, text)) = (1..)
            .zip(made.lines().zip(text.lines()))
            .find(|(_, (made, text))| made != text)
            .unwrap_or_default();
        assert!(is_update(), "{page}:{line} has\n{text}\nand there came\n{made}");
    }
    count
}

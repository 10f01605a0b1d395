//! Gives the program the commit that it is built from, and the date for its manual pages.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

fn main() {
    println!("cargo::rerun-if-env-changed=BUILD_COMMIT");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-changed=src/build.rs");
    // A build without the repository, such as that of the container image, gets the commit from the variable.
    let commit = std::env::var("BUILD_COMMIT").ok().or_else(from_git);
    let commit = commit.filter(|commit| !commit.is_empty());
    // The label of the image has the full commit; here it is as short as in a build from the repository.
    let commit: String = commit
        .unwrap_or_else(|| "unknown".to_owned())
        .chars()
        .take(12)
        .collect();
    println!("cargo::rustc-env=BUILD_COMMIT={commit}");
    println!("cargo::rustc-env=BUILD_TIME={}", time());
}

/// Returns seconds since 1970: those of the variable for reproducible builds, of the commit, or of now.
///
/// # Panics
///
/// If the variable is not a number of seconds: the pages would have the date of another day without a word.
///
/// The same commit gives the same pages, whenever it is built: https://reproducible-builds.org/docs/source-date-epoch/.
fn time() -> String {
    let of_variable = std::env::var("SOURCE_DATE_EPOCH").ok();
    if let Some(text) = &of_variable {
        assert!(
            text.parse::<u32>().is_ok(),
            "SOURCE_DATE_EPOCH is `{text}`, expected a number of seconds since 1970"
        );
    }
    of_variable
        .or_else(|| git(&["log", "-1", "--format=%ct"]))
        .unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.unwrap_or_default().as_secs().to_string()
        })
}

fn from_git() -> Option<String> {
    for file in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", file])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

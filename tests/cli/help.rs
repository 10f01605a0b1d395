//! The examples of each command's help are run.

use std::fs;

use super::console::{repository, run};

/// A folder with what the examples name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        let to = folder.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(repository(from), to).unwrap();
    };
    copy("docs/examples/rules/10-mirror.rules", "rules/10-mirror.rules");
    copy("docs/examples/rules/10-mirror.rules", "10-mirror.rules");
    copy("docs/examples/rules/20-payments.rules", "20-team.rules");
    copy("docs/examples/review.json", "review.json");
    fs::write(folder.path().join("images.txt"), "nginx\nquay.io/x\n").unwrap();
    folder
}

#[test]
fn every_example_of_a_help_works() {
    let folder = folder();
    let files = repository("tests/cli/files");
    let mut count = 0;
    for command in ["check", "test", "explain"] {
        let (help, _, status) = run(folder.path(), &format!("imageswap {command} --help"));
        assert_eq!(status, 0);
        let (_, examples) = help.split_once("Examples:\n").expect("examples");
        for line in examples.lines().map(str::trim).filter(|line| {
            ["imageswap ", "kubectl "]
                .iter()
                .any(|word| line.starts_with(word))
        }) {
            count += 1;
            // What a cluster would give comes from a file.
            let line = match line.split_once(" | imageswap") {
                Some((before, rest)) if before.contains("configmap") => {
                    format!("imageswap{rest} < {}/configmap.yaml", files.display())
                }
                Some((before, rest)) if before.contains("get pods") => {
                    format!("imageswap{rest} < {}/pods.yaml", files.display())
                }
                _ => line.split(" | jq").next().unwrap().to_owned(),
            };
            let (stdout, stderr, status) = run(folder.path(), &line);
            assert_eq!(status, 0, "{line}\n{stdout}{stderr}");
            assert!(!stdout.is_empty() || !stderr.is_empty(), "{line}");
        }
    }
    assert_eq!(count, 12);
}

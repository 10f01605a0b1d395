//! Examples for Git and code hosts: the tests run each command of the examples for GitHub and GitLab, and each
//! pre-commit hook, in a repository like that of a user.

use std::fs;

use imageswap_tests_support::pages::blocks;
use imageswap_tests_support::repository::{self, read};
use serde_json::Value;

use crate::clone::{Clone, ran_of, sh};
use crate::run::{Ran, run};
use crate::yaml::{parse, read_yaml};

const GITHUB: &str = "docs/examples/github-actions.yaml";
const GITLAB: &str = "docs/examples/gitlab-ci.yaml";
const HOOKS: &str = ".pre-commit-hooks.yaml";

#[test]
fn commands_for_github_pass_if_there_are_no_findings() {
    let clone = Clone::new();
    for (step, ran) in github(&clone) {
        assert_eq!(ran.status, 0, "{step}\n{}{}", ran.stdout, ran.stderr);
    }
    assert_eq!(clone.results().len(), 0);
    let summary = clone.read(".git/summary");
    assert!(summary.contains("harbor.example.org/dockerhub/"), "{summary}");
}

#[test]
fn commands_for_github_mark_findings() {
    let clone = Clone::new();
    clone.write("rules/20-payments.rules", "rules v1\nkeep quay.io\n");
    let failed: Vec<String> = github(&clone)
        .into_iter()
        .filter(|(_, ran)| ran.status != 0)
        .map(|(step, _)| step)
        .collect();
    assert!(
        failed[0].contains("imageswap check --deny-warnings"),
        "{failed:?}"
    );
    let results = clone.results();
    assert_eq!(results[0]["ruleId"], "E0302");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/20-payments.rules");
}

#[test]
fn actions_are_pinned_by_commit_with_a_version_comment() {
    let uses: Vec<String> = read(GITHUB)
        .lines()
        .filter_map(|line| Some(line.split_once("uses: ")?.1.to_owned()))
        .collect();
    assert_eq!(uses.len(), 2);
    for action in uses {
        let (pin, version) = action.split_once(" # v").unwrap();
        let (_, commit) = pin.split_once('@').unwrap();
        assert!(
            commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{action}"
        );
        assert_eq!(version.split('.').count(), 3, "{action}");
    }
}

#[test]
fn commands_for_gitlab_pass_if_there_are_no_findings() {
    let clone = Clone::new();
    for (command, ran) in gitlab(&clone) {
        assert_eq!(ran.status, 0, "{command}\n{}{}", ran.stdout, ran.stderr);
    }
    let images = clone.read("images.txt");
    assert!(images.contains("harbor.example.org/dockerhub/"), "{images}");
}

#[test]
fn gitlab_gets_findings_as_code_quality_report() {
    if std::env::var_os("IMAGESWAP_TEST_JQ").is_none() {
        eprintln!("not run: it needs jq; IMAGESWAP_TEST_JQ=1 runs it");
        return;
    }
    let clone = Clone::new();
    clone.write("rules/20-payments.rules", "rules v1\nkeep quay.io\nkeep gcr.io\n");
    gitlab(&clone);
    let report: Value = serde_json::from_str(&clone.read("code-quality.json")).unwrap();
    let report = report.as_array().unwrap();
    assert_eq!(report.len(), 2);
    assert_ne!(report[0]["fingerprint"], report[1]["fingerprint"]);
    assert!(!report[0]["fingerprint"].as_str().unwrap().is_empty());
    assert!(
        report[0]["description"]
            .as_str()
            .unwrap()
            .starts_with("the registry `quay.io` has no `/`")
    );
    assert_eq!(report[0]["check_name"], "E0302");
    assert_eq!(report[0]["severity"], "major");
    assert_eq!(report[0]["location"]["path"], "rules/20-payments.rules");
    assert_eq!(report[0]["location"]["lines"]["begin"], 2);
}

#[test]
fn examples_install_existing_artifacts() {
    let install = format!(
        "cargo install --locked --git {} imageswap",
        env!("CARGO_PKG_REPOSITORY")
    );
    for path in [GITHUB, GITLAB] {
        assert!(read(path).contains(&install), "{path}");
    }
}

#[test]
fn hooks_fail_only_if_there_are_findings() {
    let clone = Clone::new();
    let hooks = read_yaml(HOOKS);
    let hooks = hooks.as_array().unwrap();
    let page = read("docs/git.md");
    for hook in hooks {
        assert!(
            page.contains(&format!("- id: {}", hook["id"].as_str().unwrap())),
            "{hook}"
        );
        let ran = clone.hook(hook);
        assert_eq!(ran.status, 0, "{hook}\n{}{}", ran.stdout, ran.stderr);
    }
    clone.write("rules/20-payments.rules", "rules v1\nkeeep quay.io/\n");
    for hook in hooks {
        let ran = clone.hook(hook);
        assert_eq!(ran.status, 1, "{hook}\n{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn pre_commit_runs_the_hooks() {
    if std::env::var_os("IMAGESWAP_TEST_PRE_COMMIT").is_none() {
        eprintln!("not run: it needs pre-commit, of PyPI; IMAGESWAP_TEST_PRE_COMMIT=1 runs it");
        return;
    }
    // A repository as pre-commit clones it from a host, with only the hooks in it.
    let hooks = tempfile::tempdir().unwrap();
    let of_hooks = |line: &str| sh(line, hooks.path());
    fs::copy(repository::path(HOOKS), hooks.path().join(HOOKS)).unwrap();
    of_hooks(
        "git init --quiet . && git add . && git -c user.name=a -c user.email=a@example.com commit --quiet -m hooks",
    );
    let clone = Clone::new();
    let ids: Vec<String> = read_yaml(HOOKS)
        .as_array()
        .unwrap()
        .iter()
        .map(|hook| {
            format!(
                "      - {{id: {}, language: system}}\n",
                hook["id"].as_str().unwrap()
            )
        })
        .collect();
    clone.write(
        ".pre-commit-config.yaml",
        &format!(
            "repos:\n  - repo: {}\n    rev: {}    hooks:\n{}",
            hooks.path().display(),
            of_hooks("git rev-parse HEAD").stdout,
            ids.concat()
        ),
    );
    let pre_commit = || {
        let line = "git add . && PRE_COMMIT_HOME=$PWD/.git/pre-commit pre-commit run --all-files";
        run(line, clone.path().to_str().unwrap())
    };
    let ran = pre_commit();
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout.matches("Passed").count(), ids.len(), "{}", ran.stdout);
    clone.write("rules/20-payments.rules", "rules v1\nkeeep quay.io/\n");
    let ran = pre_commit();
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("rules/20-payments.rules:2:1"),
        "{}",
        ran.stdout
    );
}

#[test]
fn config_map_of_the_examples_has_their_rules() {
    let config_map = read_yaml("docs/examples/configmap.yaml");
    let data = config_map["data"].as_object().unwrap();
    let files: Vec<_> = fs::read_dir(repository::path("docs/examples/rules"))
        .unwrap()
        .collect();
    assert_eq!(data.len(), files.len());
    for (name, text) in data {
        assert_eq!(
            read(&format!("docs/examples/rules/{name}")),
            text.as_str().unwrap()
        );
    }
}

#[test]
fn kustomization_of_the_page_names_each_file_of_the_examples() {
    let page = read("docs/git.md");
    let mut blocks = blocks(&page, "yaml").into_iter();
    let block = blocks.find(|block| block.starts_with("# kustomization.yaml\n"));
    let kustomization = parse(block.unwrap(), "kustomization.yaml");
    let named = kustomization["configMapGenerator"][0]["files"]
        .as_array()
        .unwrap();
    let mut files: Vec<String> = fs::read_dir(repository::path("docs/examples/rules"))
        .unwrap()
        .map(|file| format!("rules/{}", file.unwrap().file_name().to_str().unwrap()))
        .collect();
    files.sort();
    assert_eq!(*named, files);
}

/// Runs the commands for GitHub as its runner does, each in its own shell, without the installation. Runs all of
/// them, even if one fails.
fn github(clone: &Clone) -> Vec<(String, Ran)> {
    let workflow = read_yaml(GITHUB);
    let steps = workflow["jobs"]["rules"]["steps"].as_array().unwrap();
    let mut ran = Vec::new();
    for step in steps {
        let Some(command) = step["run"]
            .as_str()
            .filter(|command| !command.starts_with("cargo install"))
        else {
            continue;
        };
        let mut shell = clone.bash("-e", command);
        shell.env("GITHUB_STEP_SUMMARY", clone.path().join(".git/summary"));
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            shell.env(
                name,
                value.as_str().unwrap().replace("${{ github.base_ref }}", "main"),
            );
        }
        ran.push((command.to_owned(), ran_of(shell.output().unwrap())));
    }
    assert!(ran.len() >= 3, "{} steps", ran.len());
    ran
}

/// Runs the commands for GitLab one by one, and skips those that need jq if there is none.
fn gitlab(clone: &Clone) -> Vec<(String, Ran)> {
    let file = read_yaml(GITLAB);
    let commands = file["rules"]["script"].as_array().unwrap().iter();
    let has_jq = std::env::var_os("IMAGESWAP_TEST_JQ").is_some();
    commands
        .map(|command| command.as_str().unwrap())
        .filter(|command| has_jq || !command.starts_with("jq "))
        .map(|command| {
            let mut shell = clone.bash("-eo pipefail", command);
            shell.env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
            (command.to_owned(), ran_of(shell.output().unwrap()))
        })
        .collect()
}

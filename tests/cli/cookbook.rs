//! The cookbook in `rules/`: our own commands check each recipe for what a reader does with it.

use std::fs;

use imageswap_tests_support::repository::{self, read};

use crate::run::{Ran, run};

/// Returns the names of the recipes: the directories of `rules/`, in order.
fn recipes() -> Vec<String> {
    let mut recipes: Vec<String> = fs::read_dir(repository::path("rules"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    recipes.sort();
    assert!(recipes.len() >= 20, "{recipes:?}");
    recipes
}

/// Runs a command on each recipe, and returns the results that are not accepted.
fn failed_recipes(command: &str, is_accepted: impl Fn(&Ran) -> bool) -> Vec<String> {
    recipes()
        .into_iter()
        .filter_map(|recipe| {
            let ran = run(&format!("imageswap {command} {recipe}/"), "rules");
            (!is_accepted(&ran)).then(|| format!("{recipe}\n{}{}", ran.stdout, ran.stderr))
        })
        .collect()
}

#[test]
fn every_recipe_loads_without_a_warning() {
    let failed_recipes = failed_recipes("check --deny-warnings", |ran| ran.status == 0);
    assert!(failed_recipes.is_empty(), "{}", failed_recipes.join("\n"));
}

#[test]
fn every_rule_of_a_recipe_is_reached_by_its_tests() {
    // Both a rule that no test reaches and a failed test are a line of the result.
    let failed_recipes = failed_recipes("test --coverage", |ran| ran.status == 0 && ran.stdout.is_empty());
    assert!(failed_recipes.is_empty(), "{}", failed_recipes.join("\n"));
}

#[test]
fn every_recipe_names_its_readers_changes_and_sources() {
    for recipe in recipes() {
        let mut files: Vec<_> = fs::read_dir(repository::path("rules").join(&recipe))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let text = fs::read_to_string(&files[0]).unwrap();
        let (comment, _) = text.split_once("\nrules v1").unwrap();
        assert!(comment.starts_with("# For "), "{recipe}");
        assert!(
            ["# Change ", "# Copy this file ", "# Nothing has to be changed"]
                .iter()
                .any(|what| comment.contains(&format!("\n{what}"))),
            "{recipe} does not say what to change"
        );
        if let Some((_, section)) =
            comment.split_once("\n# The layout is an example: see docs/language.md, \"")
        {
            let (heading, _) = section.split_once("\".").unwrap();
            let is_there = read("docs/language.md").contains(&format!("\n## {heading}\n"));
            assert!(is_there, "{recipe} names the section `{heading}`");
        } else {
            let is_named = ["\n# Facts from https://", "\n# Facts from the address"]
                .iter()
                .any(|facts| comment.contains(facts));
            assert!(is_named, "{recipe} does not say where its facts are from");
        }
    }
}

#[test]
fn index_lists_exactly_the_recipes() {
    let index = read("rules/README.md");
    let mut listed: Vec<&str> = index
        .lines()
        .filter_map(|line| line.strip_prefix("| [")?.split_once(']'))
        .map(|(name, _)| name)
        .collect();
    listed.sort_unstable();
    assert_eq!(listed, recipes());
}

#[test]
fn equal_images_have_the_same_result_in_every_recipe() {
    let spellings =
        "nginx:1 library/nginx:1 docker.io/nginx:1 index.docker.io/library/nginx:1 docker.io:443/nginx:1";
    for recipe in recipes() {
        let ran = run(
            &format!("imageswap explain --format json --rules {recipe}/ {spellings}"),
            "rules",
        );
        let outcomes: Vec<(String, String)> = ran
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|object| (object["effect"].to_string(), object["result"].to_string()))
            .collect();
        assert_eq!(outcomes.len(), 5, "{recipe}\n{}", ran.stderr);
        assert!(
            outcomes.iter().all(|outcome| *outcome == outcomes[0]),
            "{recipe}: {outcomes:?}"
        );
    }
}

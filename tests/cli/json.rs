//! JSON: an object a line, with the members that docs/command-line.md names.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::console::{repository, run};

/// The members that the page names for a command, from the list under its heading.
fn documented(heading: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(repository("docs/command-line.md")).unwrap();
    let (_, section) = page.split_once(&format!("### {heading}\n")).expect(heading);
    let section = section.split("\n#").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("- `"))
        .map(|line| line.split('`').next().unwrap().to_owned())
        .collect()
}

fn objects(folder: &str, line: &str) -> Vec<Value> {
    let (stdout, ..) = run(&repository(folder), line);
    let objects: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!objects.is_empty(), "{line}");
    objects
}

fn assert_members(objects: &[Value], documented: &BTreeSet<String>) {
    for object in objects {
        let members: BTreeSet<String> = object.as_object().unwrap().keys().cloned().collect();
        assert_eq!(&members, documented);
    }
}

#[test]
fn findings_have_the_documented_members() {
    assert_members(
        &objects(
            "grammar/invalid",
            "for f in *.rules; do imageswap check --format json $f; done",
        ),
        &documented("A finding"),
    );
}

#[test]
fn tests_have_the_documented_members() {
    let line = "imageswap test --format json docs/examples/rules";
    assert_members(&objects(".", line), &documented("A test"));
    let line = "imageswap test --coverage --format json docs/examples/rules";
    let unreached: Vec<Value> = objects(".", line)
        .into_iter()
        .filter(|object| object.get("unreached").is_some())
        .collect();
    assert_members(&unreached, &documented("A rule that no test reaches"));
}

#[test]
fn explanations_have_the_documented_members() {
    let line =
        "imageswap explain --rules docs/examples/rules --format json nginx bitnami/redis auto Not/An/Image";
    let found = objects(".", line);
    assert_members(&found, &documented("An explained image"));
    let steps: Vec<Value> = found
        .iter()
        .flat_map(|object| object["steps"].as_array().unwrap().clone())
        .collect();
    assert_members(&steps, &documented("A step"));
    let line =
        "imageswap explain --rules docs/examples/rules --format json --manifest tests/cli/files/pods.yaml";
    let mut expected = documented("An explained image");
    expected.extend(documented("An image of an object"));
    for object in objects(".", line) {
        let members: BTreeSet<String> = object.as_object().unwrap().keys().cloned().collect();
        assert!(members.is_subset(&expected), "{object}");
    }
}

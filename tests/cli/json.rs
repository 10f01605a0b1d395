//! The JSON of the commands has exactly the fields that docs/command-line.md documents.

use std::collections::{BTreeMap, BTreeSet};

use imageswap_tests_support::repository::read;
use serde_json::Value;

use crate::cases::names;
use crate::run::run;

/// Documented fields with their types, by heading.
struct Page(BTreeMap<String, BTreeMap<String, String>>);

#[test]
fn findings_have_the_documented_fields() {
    let page = Page::read();
    let mut count = 0;
    for folder in ["valid", "invalid"] {
        let paths: Vec<String> = names(folder)
            .iter()
            .map(|name| format!("{folder}/{name}"))
            .collect();
        for path in &paths {
            for finding in objects(
                &format!("imageswap check --max-rules 100 --format json {path}"),
                "grammar",
            ) {
                page.check(&finding, &["The JSON of findings"]);
                page.check_each(&finding["labels"], &["Labels"]);
                if !finding["suggestion"].is_null() {
                    page.check(&finding["suggestion"], &["Suggestions"]);
                }
                count += 1;
            }
        }
    }
    assert!(count > 300, "{count} findings");
}

#[test]
fn tests_have_the_documented_fields() {
    let page = Page::read();
    let mut counts = [0, 0];
    for set in ["rules/", "failing.rules", "lint.rules"] {
        for object in objects(
            &format!("imageswap test --coverage --format json {set}"),
            "tests/cli/folder",
        ) {
            let is_rule = object.get("unreached").is_some();
            let heading = if is_rule {
                "Rules that no test reaches"
            } else {
                "The JSON of tests"
            };
            page.check(&object, &[heading]);
            counts[usize::from(is_rule)] += 1;
        }
    }
    assert!(counts[0] >= 10 && counts[1] >= 5, "{counts:?}");
}

#[test]
fn migrations_have_the_documented_fields() {
    let page = Page::read();
    let mut kinds = BTreeSet::new();
    for map in [
        "everything.conf",
        "chain.conf",
        "no-default.conf --manifests empty",
    ] {
        let line = format!("imageswap migrate --format json migrate/{map} 2>&1 >/dev/null");
        for object in objects(&line, "tests/cli/folder") {
            let kind = object["kind"].as_str().unwrap().to_owned();
            let heading = match kind.as_str() {
                "advice" => "Advice",
                "note" => "Notes",
                "difference" => "Images with different results",
                _ => "The JSON of migrations",
            };
            page.check(&object, &[heading]);
            kinds.insert(kind);
        }
    }
    assert_eq!(kinds.len(), 4);
}

#[test]
fn images_have_the_documented_fields() {
    let page = Page::read();
    let mut effects = BTreeSet::new();
    for arguments in [
        "--rules rules/ nginx:1.25 bitnami/redis:7 nope: auto",
        "--rules rules/ --all --namespace prod-eu nginx",
        "--rules failing.rules nginx quay.io/x",
        "--rules maps.conf nginx quay.io/x",
    ] {
        for object in objects(
            &format!("imageswap explain --format json {arguments}"),
            "tests/cli/folder",
        ) {
            page.check(&object, &["The JSON of images"]);
            page.check_each(&object["steps"], &["Steps"]);
            effects.insert(object["effect"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(
        effects,
        ["deny", "invalid", "keep", "swap"].map(str::to_owned).into()
    );
    for object in objects(
        "imageswap explain --rules rules/ --format json --manifest custom.yaml --image-field :.spec.imageName",
        "tests/cli/folder",
    ) {
        let is_named = !object["field"].is_null();
        let heading = if is_named {
            "Images of named fields"
        } else {
            "Images of objects"
        };
        page.check(&object, &["The JSON of images", heading]);
    }
    for arguments in ["--manifest pods.yaml", "--review review.json"] {
        for object in objects(
            &format!("imageswap explain --rules rules/ --format json {arguments}"),
            "tests/cli/folder",
        ) {
            page.check(&object, &["The JSON of images", "Images of objects"]);
            page.check_each(&object["steps"], &["Steps"]);
        }
    }
}

#[test]
fn differences_have_the_documented_fields() {
    let page = Page::read();
    let mut counts = [0, 0];
    for arguments in [
        "--manifests pods.yaml diff/old.rules diff/off.rules",
        "--images images.txt diff/old.rules diff/condition.rules",
        "diff/old.rules diff/removed.rules",
        "diff/removed.rules diff/old.rules",
        "maps.conf diff/maps.conf",
    ] {
        for object in objects(
            &format!("imageswap diff --format json {arguments}"),
            "tests/cli/folder",
        ) {
            let sides = [&object["old"], &object["new"]]
                .into_iter()
                .filter(|side| !side.is_null());
            let is_rule = object["kind"] == "rule";
            if is_rule {
                page.check(&object, &["Changed rules"]);
                sides.for_each(|side| page.check(side, &["Rules of a set"]));
            } else {
                page.check(&object, &["The JSON of differences"]);
                page.check(&object["setting"], &["Settings"]);
                sides.for_each(|side| page.check(side, &["Outcome of an image"]));
            }
            counts[usize::from(is_rule)] += 1;
        }
    }
    assert!(counts[0] >= 20 && counts[1] >= 4, "{counts:?}");
}

#[test]
fn formatted_files_have_the_documented_fields() {
    let page = Page::read();
    let mut outcomes = BTreeSet::new();
    for object in objects(
        "d=$(mktemp -d) && cp lint.rules maps.conf $d && cd $d && for check in --check '' ''; do \
         imageswap fmt $check --format json lint.rules maps.conf; done; rm -r $d",
        "tests/cli/folder",
    ) {
        page.check(&object, &["The JSON of formatting"]);
        outcomes.insert(object["outcome"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        outcomes,
        ["formatted", "map", "unchanged", "unformatted"]
            .map(str::to_owned)
            .into()
    );
}

/// Returns the objects that a command writes, one per line.
fn objects(line: &str, folder: &str) -> Vec<Value> {
    let ran = run(line, folder);
    let objects = ran.stdout.lines();
    objects
        .map(|object| {
            serde_json::from_str(object).unwrap_or_else(|error| panic!("{line}: {error}: {object}"))
        })
        .collect()
}

impl Page {
    fn read() -> Self {
        let page = read("docs/command-line.md");
        let mut tables = BTreeMap::new();
        for section in page.split("\n## ").flat_map(|section| section.split("\n### ")) {
            let (heading, text) = section.split_once('\n').unwrap();
            let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
            let fields = rows
                .filter_map(|row| {
                    let mut cells = row.split(" | ");
                    let (name, kind) = (cells.next()?, cells.next()?);
                    Some((name.strip_suffix('`')?.to_owned(), kind.to_owned()))
                })
                .collect();
            tables.insert(heading.to_owned(), fields);
        }
        Self(tables)
    }

    /// Compares an object with the tables below some headings.
    fn check(&self, object: &Value, headings: &[&str]) {
        let fields: BTreeMap<&String, &String> =
            headings.iter().flat_map(|heading| &self.0[*heading]).collect();
        let object = object.as_object().unwrap();
        let names: BTreeSet<&String> = object.keys().collect();
        assert_eq!(names, fields.keys().copied().collect(), "{object:?}");
        for (name, kind) in fields {
            assert!(is_of(&object[name], kind), "{name} is no {kind}: {object:?}");
        }
    }

    fn check_each(&self, list: &Value, headings: &[&str]) {
        for object in list.as_array().unwrap() {
            self.check(object, headings);
        }
    }
}

/// Returns true if a value has a type of the page.
fn is_of(value: &Value, kind: &str) -> bool {
    kind.split(" or ").any(|kind| match kind {
        "string" => value.is_string(),
        "number" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "object" => value.is_object(),
        "list" => value.is_array(),
        "list of strings" => value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string)),
        other => panic!("the page has a kind `{other}`"),
    })
}

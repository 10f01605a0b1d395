//! The order of imports.

use std::collections::BTreeSet;
use std::fs;

use imageswap_tests_structure::{Import, Table, between_children, cycles, imports, repository, workspace};

use crate::exceptions::MOVING;

const ENGINE: Table<'static> = Table {
    directory: "src/engine",
    rows: &[
        "label",
        "reference",
        "diagnostic",
        "context",
        "syntax",
        "automaton",
        "glob",
        "pieces",
        "legacy",
        "rules",
        "suite",
        "lower",
        "analysis",
        "compile",
        "compare",
        "admission",
    ],
};

const ROOT: Table<'static> = Table {
    directory: "src",
    rows: &[
        "config",
        "webhook/status",
        "webhook/logging",
        "webhook/metrics",
        "webhook/os",
        "webhook/tls",
        "webhook/reload",
        "webhook/http",
        "webhook",
        "cli",
    ],
};

/// Cycles that may be, as the files in them, each with its reason.
const CYCLES: [(&[&str], &str); 0] = [];

fn is_moving(from: &str, to: &str) -> bool {
    let is_in = |file: &str, path: &str| {
        let rest = file.strip_prefix(path);
        rest.is_some_and(|rest| rest.starts_with(['/', '.']))
    };
    MOVING
        .iter()
        .any(|(one, other)| is_in(from, one) && is_in(to, other))
}

fn all() -> BTreeSet<Import> {
    let imports = imports(workspace());
    assert!(imports.len() > 1_000, "{} imports", imports.len());
    imports
}

/// The files that import from another.
fn edges() -> BTreeSet<(String, String)> {
    let all = all().into_iter();
    let edges = all.map(|import| (import.from, import.to));
    edges.filter(|(from, to)| !is_moving(from, to)).collect()
}

#[test]
fn modules_import_only_from_modules_above_them() {
    let imports = all();
    let upward: Vec<_> = [ENGINE, ROOT]
        .iter()
        .flat_map(|table| table.upward(&imports))
        .collect();
    let wrong: Vec<_> = upward.iter().filter(|(from, to)| !is_moving(from, to)).collect();
    assert!(wrong.is_empty(), "imports from below: {wrong:#?}");
}

#[test]
fn engine_lists_its_modules_in_import_order() {
    let text = fs::read_to_string(repository("src/engine/lib.rs")).expect("the root of the engine");
    let module = |line: &str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
    };
    let listed: Vec<String> = text.lines().filter_map(module).collect();
    let rows = listed
        .iter()
        .filter(|module| ENGINE.rows.contains(&module.as_str()));
    assert!(rows.eq(ENGINE.rows), "{listed:?}");
}

#[test]
fn page_lists_the_modules_of_the_engine_in_import_order() {
    let page = fs::read_to_string(repository("docs/design.md")).expect("the page");
    let (_, table) = page
        .split_once("| `src/engine` | decides |\n")
        .expect("the table");
    let row = |line: &&str| line.starts_with('|');
    let rows = table
        .lines()
        .take_while(row)
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert!(rows.eq(ENGINE.rows.iter().copied()));
}

#[test]
fn crates_import_only_what_their_row_says() {
    for (from, to, allowed) in [
        (
            "src/files",
            "src/engine",
            &[
                "src/engine/admission",
                "src/engine/diagnostic",
                "src/engine/reference",
            ][..],
        ),
        ("src/config", "migrate", &[]),
        ("src/webhook", "migrate", &[]),
    ] {
        let is_in = |file: &str, directory: &str| {
            let rest = file.strip_prefix(directory);
            rest.is_some_and(|rest| rest.starts_with(['/', '.']))
        };
        let imports = all()
            .into_iter()
            .filter(|import| is_in(&import.from, from) && is_in(&import.to, to));
        let wrong: Vec<_> = imports
            .filter(|import| !allowed.iter().any(|one| is_in(&import.to, one)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn files_form_no_cycle() {
    let is_allowed = |cycle: &BTreeSet<String>| CYCLES.iter().any(|(files, _)| cycle.iter().eq(files.iter()));
    let found = cycles(&edges());
    let wrong: Vec<_> = found.iter().filter(|cycle| !is_allowed(cycle)).collect();
    assert!(wrong.is_empty(), "cycles of imports: {wrong:#?}");
    assert_eq!(found.len(), CYCLES.len(), "a cycle of the list is gone");
    assert!(CYCLES.len() <= 3, "three cycles at most");
}

#[test]
fn directories_form_no_cycle() {
    let crates = ["src/engine", "src/files", "migrate/src", "src"];
    let inside = edges().into_iter().filter(|(from, to)| {
        let crate_of = |file: &str| crates.iter().position(|folder| file.starts_with(folder));
        crate_of(from) == crate_of(to)
    });
    let found = cycles(&between_children(&inside.collect()));
    assert!(found.is_empty(), "cycles of imports: {found:#?}");
}

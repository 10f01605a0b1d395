//! The order of imports.

use std::collections::BTreeSet;
use std::fs;

use imageswap_tests_structure::{Import, Table, between_children, cycles, imports, repository, workspace};

const ENGINE: Table<'static> = Table {
    directory: "src/engine",
    rows: &[
        "label",
        "reference",
        "diagnostic",
        "context",
        "syntax",
        "automaton",
        "positions",
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
        "findings",
        "explanations",
        "config",
        "webhook/status",
        "webhook/conditions",
        "webhook/logging",
        "webhook/os",
        "webhook/otlp",
        "webhook/metrics",
        "webhook/traces",
        "webhook/tls",
        "webhook/reload",
        "webhook/candidate",
        "webhook/fights",
        "webhook/recent",
        "webhook/http",
        "webhook/page",
        "webhook",
        "kubernetes",
        "cli",
    ],
};

fn all() -> BTreeSet<Import> {
    let imports = imports(workspace());
    assert!(imports.len() > 1_000, "{} imports", imports.len());
    imports
}

/// The files that import from another.
fn edges() -> BTreeSet<(String, String)> {
    let all = all().into_iter();
    all.map(|import| (import.from, import.to)).collect()
}

#[test]
fn modules_import_only_from_modules_above_them() {
    let imports = all();
    let wrong: BTreeSet<_> = [ENGINE, ROOT]
        .iter()
        .flat_map(|table| table.upward(&imports))
        .collect();
    assert!(wrong.is_empty(), "imports from below: {wrong:#?}");
}

#[test]
fn every_module_has_a_row() {
    for (_, module) in workspace().modules() {
        let table = match module.file.as_str() {
            "src/engine/lib.rs" | "src/main.rs" => continue,
            file if file.starts_with("src/engine/") => ENGINE,
            file if file.starts_with("src/files/") || file.starts_with("migrate/") => continue,
            _ => ROOT,
        };
        assert!(table.row(&module.file).is_some(), "{} is in no row", module.file);
    }
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
        .split_once("| `src/engine` | content |\n")
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
    let found = cycles(&edges());
    assert!(found.is_empty(), "cycles of imports: {found:#?}");
}

#[test]
fn directories_form_no_cycle() {
    let crates = ["src/engine", "src/files", "migrate/src", "src"];
    let inside = edges().into_iter().filter(|(from, to)| {
        let crate_of = |file: &str| crates.iter().position(|directory| file.starts_with(directory));
        crate_of(from) == crate_of(to)
    });
    let found = cycles(&between_children(&inside.collect()));
    assert!(found.is_empty(), "cycles of imports: {found:#?}");
}

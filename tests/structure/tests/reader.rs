//! The reader itself: small workspaces, and what is found in them.

use std::collections::{BTreeMap, BTreeSet};

use imageswap_tests_structure::{
    Table, Workspace, between_children, cycles, files_with_literal, foreign, imports, repeated_types,
};

/// A crate with these files below `src`.
fn workspace(files: &[(&str, &str)]) -> Workspace {
    let files: BTreeMap<String, String> = files
        .iter()
        .map(|(name, text)| (format!("src/{name}"), (*text).to_owned()))
        .collect();
    Workspace::new(&[("this", "src/lib.rs")], &|path| files.get(path).cloned())
}

/// The imports of a crate with these files, as `FROM TO NAME`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let line = |name: &str| name.trim_start_matches("src/").to_owned();
    let imports = imports(&workspace(files)).into_iter();
    imports
        .map(|import| format!("{} {} {}", line(&import.from), line(&import.to), import.name))
        .collect()
}

#[test]
fn re_export_counts_for_the_file_that_defines_the_name() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod inner; pub use self::inner::Thing;"),
        ("a/inner.rs", "pub struct Thing;"),
        ("b.rs", "use crate::a::Thing as Other;"),
    ];
    assert_eq!(
        found(&files),
        ["a/mod.rs a/inner.rs Thing", "b.rs a/inner.rs Thing"]
    );
}

#[test]
fn function_counts_beside_a_module_of_its_name() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod f; mod other; pub use self::f::f;"),
        ("a/f.rs", "pub fn f() {} pub struct S;"),
        ("a/other.rs", "use super::f::S;"),
        ("b.rs", "use crate::a::f;"),
    ];
    assert_eq!(
        found(&files),
        ["a/mod.rs a/f.rs f", "a/other.rs a/f.rs S", "b.rs a/f.rs f"]
    );
}

#[test]
fn paths_in_code_macros_and_attributes_count() {
    let a = ("a.rs", "pub fn f() {} pub const N: u8 = 1; pub enum E { V }");
    for (code, name) in [
        ("fn g() { crate::a::f() }", "f"),
        ("fn g() { super::a::f() }", "f"),
        ("use super::a; fn g() { a::f() }", "f"),
        ("use super::*; fn g() { a::f() }", "f"),
        ("fn g() { println!(\"{}\", [crate::a::N]) }", "N"),
        ("struct S { #[arg(default = crate::a::N)] n: u8 }", "N"),
        ("fn g(e: crate::a::E) {}", "E"),
        ("fn g() { use crate::a::E::V; }", "E"),
        ("fn g() -> Option<crate::a::E> { None }", "E"),
        ("fn g() { this::a::f() }", "f"),
        ("mod inner { fn g() { super::super::a::f() } }", "f"),
    ] {
        let files = [("lib.rs", "mod a; mod b;"), a, ("b.rs", code)];
        assert_eq!(found(&files), [format!("b.rs a.rs {name}")], "{code}");
    }
}

#[test]
fn item_in_a_macro_is_defined_by_its_file() {
    for a in [
        "label! { /// Text.\n pub enum Kind { Pod => \"Pod\" } }",
        "macro_rules! kinds { ($($name:ident,)+) => { pub enum Kind { $($name,)+ } } } kinds! { Pod, }",
    ] {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", a),
            ("b.rs", "use crate::a::Kind; fn f() -> Kind { Kind::Pod }"),
        ];
        assert_eq!(found(&files), ["b.rs a.rs Kind"]);
    }
}

#[test]
fn code_for_tests_does_not_count() {
    for code in [
        "#[cfg(test)] mod tests { use crate::a::f; }",
        "#[cfg(test)] mod tests;",
        "#[cfg(test)] use crate::a::f;",
        "#[test] fn g() { crate::a::f() }",
        "struct S; impl S { #[cfg(test)] fn g() { crate::a::f() } }",
        "/// [`crate::a::f`]\nstruct S;",
    ] {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub fn f() {}"),
            ("b.rs", code),
        ];
        assert_eq!(found(&files), [""; 0], "{code}");
    }
}

#[test]
#[should_panic(expected = "`crate::a::g` has no `g`")]
fn path_that_leads_nowhere_is_reported() {
    found(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", ""),
        ("b.rs", "use crate::a::g;"),
    ]);
}

#[test]
fn path_outside_of_the_workspace_is_found() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "pub use salvo::http::Request; use std::fs;"),
        ("b.rs", "fn f(_: super::a::Request) {}"),
        ("c.rs", "fn f(salvo: u8) {}"),
        (
            "d.rs",
            "use super::a::fs as files; fn f() { files::read(\"a\"); }",
        ),
    ];
    for (wanted, expected) in [
        ("salvo", vec!["src/a.rs", "src/b.rs"]),
        ("salvo::http", vec!["src/a.rs", "src/b.rs"]),
        ("salvo::htt", vec![]),
        ("std::fs", vec!["src/a.rs", "src/d.rs"]),
        ("std::fs::read", vec!["src/d.rs"]),
    ] {
        let found: Vec<String> = foreign(&workspace(&files), wanted).into_iter().collect();
        assert_eq!(found, expected, "{wanted}");
    }
}

#[test]
fn import_from_a_lower_row_is_found() {
    let table = Table {
        directory: "src",
        rows: &["a", "b", "b/first"],
    };
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct A; use crate::b::other::O;"),
        ("b/mod.rs", "pub mod first; pub mod other;"),
        ("b/first.rs", "use crate::a::A; use super::other::O;"),
        ("b/other.rs", "pub struct O; use super::first;"),
    ];
    let upward = table.upward(&imports(&workspace(&files)));
    assert_eq!(
        upward,
        BTreeSet::from([("src/a.rs".to_owned(), "src/b/other.rs".to_owned())])
    );
}

#[test]
fn cycle_is_found() {
    let edges = |pairs: &[(&str, &str)]| -> BTreeSet<(String, String)> {
        pairs
            .iter()
            .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
            .collect()
    };
    let files = edges(&[
        ("x/a.rs", "x/b.rs"),
        ("x/b.rs", "y/c.rs"),
        ("y/d.rs", "x/a.rs"),
        ("x/mod.rs", "y/c.rs"),
    ]);
    assert!(cycles(&files).is_empty());
    let directories = between_children(&files);
    let expected = BTreeSet::from(["x", "y"].map(str::to_owned));
    assert_eq!(cycles(&directories), BTreeSet::from([expected]));
    let expected = BTreeSet::from(["1", "2", "3"].map(str::to_owned));
    assert_eq!(
        cycles(&edges(&[("1", "2"), ("2", "3"), ("3", "1"), ("3", "4")])),
        BTreeSet::from([expected])
    );
}

#[test]
fn repeated_type_is_found() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "struct Same; enum One {}"),
        ("b.rs", "type Same = u8; #[cfg(test)] struct One;"),
    ];
    let repeated = repeated_types(&workspace(&files));
    let names: Vec<&str> = repeated.keys().map(|(_, name)| &**name).collect();
    assert_eq!(names, ["Same"]);
}

#[test]
fn literal_is_found_in_code_and_in_macros_but_not_in_documentation() {
    for (code, is_found) in [
        ("const A: &str = \"wanted\";", true),
        ("fn f() { print!(\"{}\", [\"wanted\"]) }", true),
        ("/// wanted\nfn f() {}", false),
        ("#[test] fn f() { g(\"wanted\") }", false),
    ] {
        let files = files_with_literal(&workspace(&[("lib.rs", code)]), |literal| literal == "\"wanted\"");
        assert_eq!(!files.is_empty(), is_found, "{code}");
    }
}

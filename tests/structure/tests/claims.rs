//! Claims of the pages and the documentation, such as that only one module does something.

use std::collections::BTreeSet;
use std::fs;

use imageswap_tests_structure::{Import, files_with_literal, foreign, imports, repository, workspace};

/// The files that are in none of these directories.
fn outside(files: BTreeSet<String>, directories: &[&str]) -> Vec<String> {
    let is_inside = |file: &String| {
        directories.iter().any(|directory| {
            let rest = file.strip_prefix(directory);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    files.into_iter().filter(|file| !is_inside(file)).collect()
}

#[test]
fn only_syntax_knows_pest() {
    let workspace = workspace();
    for name in ["pest", "pest_derive"] {
        assert_eq!(outside(foreign(workspace, name), &["src/engine/syntax"]), [""; 0]);
    }
}

#[test]
fn only_webhook_knows_salvo_and_only_kubernetes_the_client_of_the_api_server() {
    let servers: &[&str] = &["src/webhook"];
    let tasks: &[&str] = &["src/kubernetes", "src/webhook"];
    for (name, places) in [
        ("salvo", servers),
        ("tokio", tasks),
        ("tokio_rustls", tasks),
        ("kube", &["src/kubernetes"]),
        ("k8s_openapi", &["src/kubernetes"]),
    ] {
        assert_eq!(outside(foreign(workspace(), name), places), [""; 0]);
    }
    for name in ["salvo", "tokio", "kube"] {
        assert!(!foreign(workspace(), name).is_empty());
    }
}

#[test]
fn only_admission_reads_json_in_the_engine() {
    let files = foreign(workspace(), "serde_json");
    let of_engine = files.into_iter().filter(|file| file.starts_with("src/engine/"));
    assert_eq!(
        outside(
            of_engine.collect(),
            &["src/engine/admission/read", "src/engine/admission/json.rs"]
        ),
        [""; 0]
    );
}

#[test]
fn engine_has_no_input_no_output_no_clock_and_no_thread() {
    let workspace = workspace();
    for name in ["env", "fs", "io", "net", "process", "thread", "time"] {
        let files = foreign(workspace, &format!("std::{name}"));
        let of_engine: Vec<_> = files
            .iter()
            .filter(|file| file.starts_with("src/engine/"))
            .collect();
        assert!(of_engine.is_empty(), "{name}: {of_engine:?}");
    }
}

#[test]
fn only_files_reads_texts() {
    let workspace = workspace();
    let mut readers = foreign(workspace, "std::fs::read");
    for name in ["std::fs::read_to_string", "std::fs::File", "std::fs::OpenOptions"] {
        readers.extend(foreign(workspace, name));
    }
    assert_eq!(outside(readers, &["src/files", "src/webhook/tls"]), [""; 0]);
}

#[test]
fn logging_knows_neither_tokio_nor_salvo() {
    let workspace = workspace();
    for name in ["salvo", "tokio"] {
        let files = foreign(workspace, name);
        let of_logging: Vec<_> = files
            .iter()
            .filter(|file| file.starts_with("src/webhook/logging"))
            .collect();
        assert!(of_logging.is_empty(), "{of_logging:?}");
    }
}

#[test]
fn status_reads_nothing_but_digests() {
    let imports = imports(workspace()).into_iter();
    let of_status = imports.filter(|import| import.from == "src/webhook/status.rs");
    let files = of_status.map(|import| import.to).collect();
    assert_eq!(outside(files, &["src/config/digest.rs"]), [""; 0]);
}

#[test]
fn metrics_do_not_log() {
    let files = foreign(workspace(), "tracing");
    let of_metrics: Vec<_> = files
        .iter()
        .filter(|file| file.starts_with("src/webhook/metrics/"))
        .collect();
    assert!(of_metrics.is_empty(), "{of_metrics:?}");
}

#[test]
fn only_reference_has_the_name_of_docker_hub() {
    let files = files_with_literal(workspace(), |literal| {
        literal.to_ascii_lowercase().contains("docker.io")
    });
    assert_eq!(outside(files, &["src/engine/reference"]), [""; 0]);
}

#[test]
fn only_samples_makes_up_images() {
    let files = files_with_literal(workspace(), |literal| {
        literal.contains("app:1.25") || literal.contains("bitnami/redis:7")
    });
    assert_eq!(outside(files, &["src/engine/analysis/samples"]), [""; 0]);
}

#[test]
fn unsafe_code_and_libc_are_in_os_alone() {
    let workspace = workspace();
    let of_libc = foreign(workspace, "libc");
    assert_eq!(of_libc.len(), 4, "{of_libc:?}");
    assert_eq!(outside(of_libc, &["src/webhook/os"]), [""; 0]);
    let files: BTreeSet<String> = workspace
        .modules()
        .map(|(_, module)| module.file.clone())
        .collect();
    let has_unsafe = |file: &String| {
        let text = fs::read_to_string(repository(file)).expect("a file of the workspace");
        ["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code"]
            .iter()
            .any(|sign| text.contains(sign))
    };
    let with_unsafe = files.into_iter().filter(has_unsafe).collect();
    assert_eq!(outside(with_unsafe, &["src/webhook/os"]), [""; 0]);
}

/// Returns true if a literal has an escape sequence that sets a color: `ESC [`, parameters, `m`.
fn sets_a_color(literal: &str) -> bool {
    let escapes = ["\\x1b[", "\\u{1b}[", "\u{1b}["];
    let sequences = escapes.iter().flat_map(|escape| literal.split(escape).skip(1));
    let is_parameter = |character: char| character.is_ascii_digit() || character == ';';
    sequences.into_iter().any(|sequence| {
        let rest = match sequence.split_once('}') {
            Some((_, rest)) if sequence.starts_with('{') => rest,
            _ => sequence.trim_start_matches(is_parameter),
        };
        rest.starts_with('m')
    })
}

#[test]
fn colors_are_in_one_file() {
    assert!(sets_a_color("\"\\x1b[1;31m\"") && sets_a_color("\"\\u{1b}[{code}m{line}\""));
    assert!(!sets_a_color("\"\\r\\x1b[K\""));
    let files = files_with_literal(workspace(), sets_a_color);
    assert_eq!(files, BTreeSet::from(["src/cli/color.rs".to_owned()]));
}

#[test]
fn only_modules_about_rules_look_inside_a_compiled_rule() {
    let inside = ["condition", "pattern", "rule", "shape", "target", "template"];
    let is_inside = |import: &&Import| {
        let path = import.to.strip_prefix("src/engine/rules/");
        let is_one = |path: &str| {
            inside
                .iter()
                .any(|name| path == format!("{name}.rs") || path.starts_with(&format!("{name}/")))
        };
        path.is_some_and(is_one) && !import.is_public
    };
    let imports = imports(workspace());
    let files = imports.iter().filter(is_inside).map(|import| import.from.clone());
    // The home of a set follows from the targets of its rules, by their languages.
    let allowed =
        ["rules", "lower", "analysis", "compile/home.rs", "compare"].map(|name| format!("src/engine/{name}"));
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    assert_eq!(outside(files.collect(), &allowed), [""; 0]);
}

/// The commands: files and directories of `src/cli`.
const COMMANDS: [&str; 9] = [
    "check",
    "completions",
    "diff",
    "explain",
    "fmt",
    "man",
    "migrate",
    "serve",
    "test",
];

/// The command that a file belongs to.
fn command(file: &str) -> Option<&'static str> {
    let name = file.strip_prefix("src/cli/")?.split(['/', '.']).next()?;
    COMMANDS.into_iter().find(|command| *command == name)
}

#[test]
fn commands_import_no_other_command() {
    let imports = imports(workspace());
    let is_wrong = |import: &&Import| match (command(&import.from), command(&import.to)) {
        (Some(from), Some(to)) => from != to,
        (None, _) | (_, None) => false,
    };
    let wrong: Vec<_> = imports.iter().filter(is_wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The list is whole: these are the ones that the dispatch knows.
    let of_dispatch = imports
        .iter()
        .filter(|import| import.from == "src/cli/commands.rs");
    let known: BTreeSet<&str> = of_dispatch.filter_map(|import| command(&import.to)).collect();
    assert_eq!(known, BTreeSet::from(COMMANDS));
}

#[test]
fn a_mod_rs_defines_nothing() {
    let workspace = workspace();
    let defining = workspace
        .modules()
        .filter(|(_, module)| module.file.ends_with("/mod.rs") && module.defines_items);
    let files: BTreeSet<String> = defining.map(|(_, module)| module.file.clone()).collect();
    assert_eq!(files, BTreeSet::new());
}

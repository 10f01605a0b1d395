//! Texts with more findings than a command shows.

use super::run::run;

/// A map of 8 MiB, in lines of 8 bytes.
const MAP: &str = "yes xxxxxxx | head -n 1048576";

#[test]
fn first_thousand_findings_are_shown_and_the_rest_is_counted() {
    let ran = run(&format!("{MAP} | imageswap check --format human -"), ".");
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.ends_with("\n\nand 1,047,576 more\n"));
    assert_eq!(ran.stdout.matches("warning[W0901]").count(), 1000);
    assert!(ran.stderr.ends_with("; 1,048,576 warnings\n"), "{}", ran.stderr);
    for format in ["short", "json", "sarif"] {
        let ran = run(&format!("{MAP} | imageswap check --format {format} -"), ".");
        // Programs read the result, so the number is for people only.
        assert!(!ran.stdout.contains("1,047,576"), "{format}");
        assert!(ran.stderr.starts_with("and 1,047,576 more\n"), "{}", ran.stderr);
    }
}

#[test]
fn error_is_shown_before_warnings() {
    let map = "yes xxxxxxx | head -n 3000 > $d/maps";
    let rules = "printf 'rules v1\\nkeep {a}\\n' > $d/10.rules";
    let ran = run(
        &format!("d=$(mktemp -d); {map}; {rules}; imageswap check --format short $d; rm -r $d"),
        ".",
    );
    assert_eq!(ran.stdout.lines().count(), 1000);
    assert!(ran.stdout.contains("10.rules:2:6: error["));
    assert!(
        ran.stderr
            .ends_with("the set does not load: 1 error, 3000 warnings\n"),
        "{}",
        ran.stderr
    );
}

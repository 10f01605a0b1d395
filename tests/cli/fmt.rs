//! The rules files of this repository are formatted.

use crate::run::run;

#[test]
fn every_rules_file_for_users_is_formatted() {
    let ran = run("imageswap fmt --check docs/examples/rules/ rules/*/", ".");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let count: usize = ran.stderr.split(' ').next().unwrap().parse().unwrap();
    assert!(count >= 20, "{}", ran.stderr);
}

//! The names of types.

use imageswap_tests_structure::{repeated_types, workspace};

/// Names that two modules of a crate may both define: the crate, the name, and the reason.
const ALLOWED: [(&str, &str, &str); 3] = [
    ("src/engine/lib.rs", "Condition", "of the tree, and compiled"),
    ("src/engine/lib.rs", "Rule", "of the tree, and compiled"),
    ("src/engine/lib.rs", "Statement", "of a rules file, and of a map"),
];

#[test]
fn type_names_are_unique_in_their_crate() {
    let repeated = repeated_types(workspace());
    let is_allowed = |name: &(String, String)| {
        ALLOWED
            .iter()
            .any(|(root, allowed, _)| (*root, *allowed) == (&*name.0, &*name.1))
    };
    let wrong: Vec<_> = repeated.iter().filter(|(name, _)| !is_allowed(name)).collect();
    assert!(
        wrong.is_empty(),
        "type names that several modules define: {wrong:#?}"
    );
    for (root, name, _) in ALLOWED {
        assert!(
            repeated.contains_key(&(root.to_owned(), name.to_owned())),
            "{name} is not repeated any more"
        );
    }
    assert!(ALLOWED.len() <= 6, "six pairs at most");
}

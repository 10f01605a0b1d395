//! The names of types.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::Workspace;

/// Returns the type names that more than one module of a crate defines: the first file of the crate, the name, and the
/// files that define it.
pub fn repeated_types(workspace: &Workspace) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut types: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (_, module) in workspace.modules() {
        let root = &workspace.module(module.root).file;
        for name in &module.types {
            let files = types.entry((root.clone(), name.clone())).or_default();
            files.insert(module.file.clone());
        }
    }
    types.retain(|_, files| files.len() > 1);
    types
}

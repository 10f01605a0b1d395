//! The files that files import from.

use std::collections::BTreeSet;

use crate::resolve::Target;
use crate::workspace::Workspace;

/// A file that has a path to an item of another file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The file with the path.
    pub from: String,
    /// The file that defines the item.
    pub to: String,
    /// The item.
    pub name: String,
    /// True if other crates see the item.
    pub is_public: bool,
}

/// Returns the imports of all files; of a re-export, the file that defines the name counts.
///
/// # Panics
///
/// If a path into the workspace leads nowhere: the paths are then not read as the compiler reads them.
pub fn imports(workspace: &Workspace) -> BTreeSet<Import> {
    let mut imports = BTreeSet::new();
    for (id, module) in workspace.modules() {
        for path in &module.paths {
            match workspace.resolve(id, path) {
                Some(Target::Item(defining, name)) => {
                    let other = workspace.module(defining);
                    if other.file != module.file {
                        imports.insert(Import {
                            from: module.file.clone(),
                            to: other.file.clone(),
                            is_public: other.defined[&name],
                            name,
                        });
                    }
                }
                Some(Target::Missing(_, name)) => {
                    panic!("{}: `{}` has no `{name}`", module.file, path.join("::"));
                }
                Some(Target::Module(_) | Target::Foreign(_)) | None => {}
            }
        }
    }
    imports
}

/// Returns the files that name something outside of the workspace: a crate, or a path into one.
pub fn foreign(workspace: &Workspace, wanted: &str) -> BTreeSet<String> {
    let is_wanted = |target: Option<Target>| {
        let Some(Target::Foreign(path)) = target else {
            return false;
        };
        let rest = path.strip_prefix(wanted);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let modules = workspace.modules();
    let naming = modules.filter(|(id, module)| {
        module
            .paths
            .iter()
            .any(|path| is_wanted(workspace.resolve(*id, path)))
    });
    naming.map(|(_, module)| module.file.clone()).collect()
}

/// Returns the files that have a text literal for which this is true. It gets the literal as it is written.
pub fn files_with_literal(workspace: &Workspace, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let modules = workspace.modules();
    let with_it = modules.filter(|(_, module)| module.literals.iter().any(|literal| is_wanted(literal)));
    with_it.map(|(_, module)| module.file.clone()).collect()
}

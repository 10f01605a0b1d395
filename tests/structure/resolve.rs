//! From a path to the file that defines what it names.

use crate::workspace::{ModuleId, Workspace};

/// The thing that a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An item, with the module that defines it, and its name.
    Item(ModuleId, String),
    /// A module.
    Module(ModuleId),
    /// A path into a crate outside of the workspace, or one whose first name no `use` and no item has, such as a local
    /// one.
    Foreign(String),
    /// A name that a module of the workspace should have, and has not.
    Missing(ModuleId, String),
}

/// The use of a name, because a module and an item can have the same name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Something with names in it: a module, or a type.
    Parent,
    /// An item, or a module if there is none.
    Item,
}

impl Workspace {
    /// Resolves a path that stands in a module. Of a path to a variant or a method, it is the type that counts.
    pub fn resolve(&self, module: ModuleId, path: &[String]) -> Option<Target> {
        self.resolve_within(module, path, Wanted::Item, &mut Vec::new())
    }

    fn resolve_within(
        &self,
        module: ModuleId,
        path: &[String],
        wanted: Wanted,
        seen: &mut Vec<(ModuleId, String)>,
    ) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let of_first = if rest.is_empty() { wanted } else { Wanted::Parent };
        let start = match first.as_str() {
            "Self" => return None,
            "crate" => Target::Module(self.module(module).root),
            "self" => Target::Module(module),
            "super" => Target::Module(self.module(module).parent?),
            name => match self.named(module, name, of_first, seen) {
                Some(target) => target,
                None => match self.crate_root(name) {
                    Some(root) => Target::Module(root),
                    None => Target::Foreign(name.to_owned()),
                },
            },
        };
        self.walk(start, rest, wanted, seen)
    }

    fn walk(
        &self,
        start: Target,
        path: &[String],
        wanted: Wanted,
        seen: &mut Vec<(ModuleId, String)>,
    ) -> Option<Target> {
        let mut at = start;
        for (number, name) in (1..).zip(path) {
            let of_name = if number == path.len() {
                wanted
            } else {
                Wanted::Parent
            };
            at = match (at, name.as_str()) {
                (Target::Module(module), "super") => Target::Module(self.module(module).parent?),
                (Target::Module(module), "self") => Target::Module(module),
                (Target::Module(module), name) => self
                    .named(module, name, of_name, seen)
                    .unwrap_or_else(|| Target::Missing(module, name.to_owned())),
                (Target::Foreign(path), name) => Target::Foreign(format!("{path}::{name}")),
                (found @ (Target::Item(..) | Target::Missing(..)), _) => return Some(found),
            };
        }
        Some(at)
    }

    /// The thing that a module has by this name.
    fn named(
        &self,
        id: ModuleId,
        name: &str,
        wanted: Wanted,
        seen: &mut Vec<(ModuleId, String)>,
    ) -> Option<Target> {
        let module = self.module(id);
        let child = module.children.get(name).map(|child| Target::Module(*child));
        match wanted {
            Wanted::Parent if child.is_some() => child,
            Wanted::Parent => self.item(id, name, wanted, seen),
            Wanted::Item => self.item(id, name, wanted, seen).or(child),
        }
    }

    /// The item that a module has by this name, its own or one that a `use` brings in.
    fn item(
        &self,
        id: ModuleId,
        name: &str,
        wanted: Wanted,
        seen: &mut Vec<(ModuleId, String)>,
    ) -> Option<Target> {
        let module = self.module(id);
        if module.defined.contains_key(name) {
            return Some(Target::Item(id, name.to_owned()));
        }
        let key = (id, name.to_owned());
        if seen.contains(&key) {
            return None;
        }
        seen.push(key);
        let found = match module.aliases.get(name) {
            Some(path) => self.resolve_within(id, path, wanted, seen),
            None => module.globs.iter().find_map(|path| {
                match self.resolve_within(id, path, Wanted::Parent, seen)? {
                    Target::Module(other) => self.named(other, name, wanted, seen),
                    Target::Item(..) | Target::Foreign(_) | Target::Missing(..) => None,
                }
            }),
        };
        seen.pop();
        found
    }
}

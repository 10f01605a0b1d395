//! Modules, and the names in them.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, UseTree, Visibility};

use crate::items::{attributes_of, is_for_tests, leaves};
use crate::literals::literals;
use crate::paths::paths;

/// A module of a [`Workspace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleId(usize);

/// The modules of some crates, without those that only tests have.
pub struct Workspace {
    modules: Vec<Module>,
    crates: BTreeMap<String, ModuleId>,
}

/// A module.
pub struct Module {
    /// Path of its file.
    pub file: String,
    /// Paths in its code.
    pub paths: Vec<Vec<String>>,
    /// Text literals in its code, as they are written.
    pub literals: Vec<String>,
    /// True if it has an item other than `mod` and `use`.
    pub defines_items: bool,
    /// The module at the root of its crate.
    pub root: ModuleId,
    /// The module that it is in.
    pub parent: Option<ModuleId>,
    /// Modules in it, by name.
    pub children: BTreeMap<String, ModuleId>,
    /// Items that it defines, by name; true for those that other crates see.
    pub defined: BTreeMap<String, bool>,
    /// Those of them that are types.
    pub types: BTreeSet<String>,
    /// Names that `use` brings in, with their paths.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// Paths whose names are all brought in.
    pub globs: Vec<Vec<String>>,
}

impl Workspace {
    /// Reads crates, given as their names in paths and their first files, with a function that reads a file.
    ///
    /// # Panics
    ///
    /// If a file is not Rust, or a module has no file.
    pub fn new(crates: &[(&str, &str)], read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut workspace = Self {
            modules: Vec::new(),
            crates: BTreeMap::new(),
        };
        for (name, file) in crates {
            let text = read(file).unwrap_or_else(|| panic!("{file} is missing"));
            let root = ModuleId(workspace.modules.len());
            let (directory, _) = file.rsplit_once('/').expect("a file in a directory");
            workspace.add_file(file, directory, &text, root, None, read);
            workspace.crates.insert((*name).to_owned(), root);
        }
        workspace
    }

    /// Returns all modules.
    pub fn modules(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        (0..).map(ModuleId).zip(&self.modules)
    }

    /// Returns a module.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0]
    }

    /// Returns the root of a crate.
    pub fn crate_root(&self, name: &str) -> Option<ModuleId> {
        self.crates.get(name).copied()
    }

    /// Adds the module of a file, whose child modules have their files in `directory`.
    fn add_file(
        &mut self,
        file: &str,
        directory: &str,
        text: &str,
        root: ModuleId,
        parent: Option<ModuleId>,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> ModuleId {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.add(file, directory, parsed.items, root, parent, read)
    }

    fn add(
        &mut self,
        file: &str,
        directory: &str,
        items: Vec<Item>,
        root: ModuleId,
        parent: Option<ModuleId>,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> ModuleId {
        let id = ModuleId(self.modules.len());
        let mut items: Vec<Item> = items
            .into_iter()
            .filter(|item| !is_for_tests(attributes_of(item)))
            .collect();
        self.modules.push(Module::new(file, root, parent));
        for item in &mut items {
            self.modules[id.0].add(item);
            let Item::Mod(module) = item else { continue };
            let name = module.ident.to_string();
            let below = format!("{directory}/{name}");
            let child = match module.content.take() {
                Some((_, items)) => self.add(file, &below, items, root, Some(id), read),
                None => {
                    let files = [format!("{below}.rs"), format!("{below}/mod.rs")];
                    let found = files.iter().find_map(|file| Some((file, read(file)?)));
                    let (file, text) = found.unwrap_or_else(|| panic!("{file}: no file for `mod {name}`"));
                    self.add_file(file, &below, &text, root, Some(id), read)
                }
            };
            self.modules[id.0].children.insert(name, child);
        }
        let module = &mut self.modules[id.0];
        module.paths = paths(&items);
        module.literals = literals(&items);
        module.defines_items = !items
            .iter()
            .all(|item| matches!(item, Item::Mod(_) | Item::Use(_)));
        id
    }
}

impl Module {
    fn new(file: &str, root: ModuleId, parent: Option<ModuleId>) -> Self {
        Self {
            file: file.to_owned(),
            paths: Vec::new(),
            literals: Vec::new(),
            defines_items: false,
            root,
            parent,
            children: BTreeMap::new(),
            defined: BTreeMap::new(),
            types: BTreeSet::new(),
            aliases: BTreeMap::new(),
            globs: Vec::new(),
        }
    }

    fn add(&mut self, item: &Item) {
        let (name, visibility) = match item {
            Item::Const(item) => (&item.ident, Some(&item.vis)),
            Item::Enum(item) => (&item.ident, Some(&item.vis)),
            Item::Fn(item) => (&item.sig.ident, Some(&item.vis)),
            Item::Static(item) => (&item.ident, Some(&item.vis)),
            Item::Struct(item) => (&item.ident, Some(&item.vis)),
            Item::Trait(item) => (&item.ident, Some(&item.vis)),
            Item::Type(item) => (&item.ident, Some(&item.vis)),
            Item::Union(item) => (&item.ident, Some(&item.vis)),
            Item::Macro(item) => match &item.ident {
                Some(name) => {
                    self.add_expanded(item.mac.tokens.clone());
                    (name, None)
                }
                None => return self.add_expanded(item.mac.tokens.clone()),
            },
            Item::Use(item) => return self.add_use(&item.tree, &mut Vec::new()),
            _ => return,
        };
        let is_public = matches!(visibility, Some(Visibility::Public(_)));
        // pest derives an enum beside the parser.
        if let Item::Struct(parser) = item
            && parser
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("grammar"))
        {
            self.defined.insert("Rule".to_owned(), is_public);
        }
        if let Item::Enum(_) | Item::Struct(_) | Item::Trait(_) | Item::Type(_) | Item::Union(_) = item {
            self.types.insert(name.to_string());
        }
        self.defined.insert(name.to_string(), is_public);
    }

    /// Adds the items in the tokens of a macro, in its definition and where it is called. They are taken to be there
    /// when it is expanded.
    fn add_expanded(&mut self, tokens: TokenStream) {
        let mut before = [String::new(), String::new()];
        for token in tokens {
            let word = match token {
                TokenTree::Ident(word) => word.to_string(),
                TokenTree::Group(group) => {
                    self.add_expanded(group.stream());
                    String::new()
                }
                TokenTree::Literal(_) | TokenTree::Punct(_) => String::new(),
            };
            let [visibility, keyword] = &before;
            let is_type = ["enum", "struct", "trait", "type"].contains(&&**keyword);
            if is_type || ["const", "fn", "static"].contains(&&**keyword) {
                self.defined.insert(word.clone(), visibility == "pub");
            }
            if is_type {
                self.types.insert(word.clone());
            }
            let [_, keyword] = before;
            before = [keyword, word];
        }
    }

    fn add_use(&mut self, tree: &UseTree, path: &mut Vec<String>) {
        for (leaf, alias) in leaves(tree, path) {
            match alias {
                Some(alias) => drop(self.aliases.insert(alias, leaf)),
                None => self.globs.push(leaf),
            }
        }
    }
}

//! Attributes and `use` lines of items.

use syn::{Attribute, Item, Meta, UseTree};

/// Returns the paths of a `use`, each with the name that it brings in; none for all names.
pub(crate) fn leaves(tree: &UseTree, path: &mut Vec<String>) -> Vec<(Vec<String>, Option<String>)> {
    match tree {
        UseTree::Path(part) => {
            path.push(part.ident.to_string());
            let leaves = leaves(&part.tree, path);
            path.pop();
            leaves
        }
        UseTree::Name(name) if name.ident == "self" => vec![(path.clone(), path.last().cloned())],
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            let leaf = path.iter().cloned().chain([name.clone()]).collect();
            vec![(leaf, Some(name))]
        }
        UseTree::Rename(name) => {
            let mut leaf = path.clone();
            if name.ident != "self" {
                leaf.push(name.ident.to_string());
            }
            vec![(leaf, Some(name.rename.to_string()))]
        }
        UseTree::Glob(_) => vec![(path.clone(), None)],
        UseTree::Group(group) => group.items.iter().flat_map(|tree| leaves(tree, path)).collect(),
    }
}

/// Returns true if an item with these attributes is only there for tests.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        // `test`, or `all(test, ...)`.
        Meta::List(list) => {
            let condition = list.tokens.to_string().replace(' ', "");
            list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all(test,"))
        }
        Meta::Path(path) => path.is_ident("test"),
        Meta::NameValue(_) => false,
    })
}

pub(crate) fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

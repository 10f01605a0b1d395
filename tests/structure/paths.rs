//! The paths that the code of a module has.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, ImplItem, Item, ItemMod, ItemUse, Macro, Meta, Path};

use crate::items::{attributes_of, is_for_tests, leaves};

/// Returns the paths of these items, without those of modules in them. Those in the tokens of macros and attributes are
/// among them, if they have more than one segment.
pub(crate) fn paths(items: &[Item]) -> Vec<Vec<String>> {
    let mut found = Found::default();
    for item in items {
        found.visit_item(item);
    }
    found.paths
}

#[derive(Default)]
struct Found {
    paths: Vec<Vec<String>>,
}

impl Found {
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    self.tokens(group.stream());
                    colons = 0;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.end(&mut path);
                    colons = 0;
                }
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.paths.push(path);
        }
    }
}

impl<'s> Visit<'s> for Found {
    fn visit_item_mod(&mut self, _: &'s ItemMod) {}

    fn visit_item(&mut self, item: &'s Item) {
        if !is_for_tests(attributes_of(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'s ImplItem) {
        let attributes = match item {
            ImplItem::Fn(function) => &function.attrs,
            ImplItem::Const(constant) => &constant.attrs,
            _ => return syn::visit::visit_impl_item(self, item),
        };
        if !is_for_tests(attributes) {
            syn::visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'s ItemUse) {
        let leaves = leaves(&item.tree, &mut Vec::new());
        self.paths.extend(leaves.into_iter().map(|(path, _)| path));
    }

    fn visit_path(&mut self, path: &'s Path) {
        let segments = path.segments.iter();
        self.paths
            .push(segments.map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'s Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'s Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }
}

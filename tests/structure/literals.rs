//! The string literals of code.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{ImplItem, Item, ItemMod, Lit, Macro};

use crate::items::{attributes_of, is_for_tests};

/// Returns the text literals of these items, as they are written, without those of modules in them.
pub(crate) fn literals(items: &[Item]) -> Vec<String> {
    let mut found = Found::default();
    for item in items {
        found.visit_item(item);
    }
    found.literals
}

#[derive(Default)]
struct Found {
    literals: Vec<String>,
}

impl Found {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => self.literals.push(literal.to_string()),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'s> Visit<'s> for Found {
    fn visit_item_mod(&mut self, _: &'s ItemMod) {}

    // Documentation is an attribute, and none of the literals that run.
    fn visit_attribute(&mut self, _: &'s syn::Attribute) {}

    fn visit_item(&mut self, item: &'s Item) {
        if !is_for_tests(attributes_of(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'s ImplItem) {
        match item {
            ImplItem::Fn(function) if is_for_tests(&function.attrs) => {}
            _ => syn::visit::visit_impl_item(self, item),
        }
    }

    fn visit_lit(&mut self, literal: &'s Lit) {
        match literal {
            Lit::Str(text) => self.literals.push(text.token().to_string()),
            Lit::ByteStr(text) => self.literals.push(text.token().to_string()),
            _ => {}
        }
    }

    fn visit_macro(&mut self, call: &'s Macro) {
        self.tokens(call.tokens.clone());
    }
}

//! The grammar of rules files, compiled by pest.

pub(super) use self::Rule as Token;

#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/rules.pest"]
pub(super) struct RulesParser;

//! What differs, as objects for machines. The names of the fields change with a major version only.

use std::borrow::Cow;
use std::collections::BTreeMap;

use imageswap_engine::context::{Context, Operation, Setting};
use serde::Serialize;

use crate::cli::report::{Decided, place_name};

/// An image that is treated otherwise.
#[derive(Serialize)]
pub(super) struct ImageObject<'a> {
    pub(super) kind: &'static str,
    pub(super) image: &'a str,
    pub(super) setting: SettingObject<'a>,
    pub(super) given: bool,
    pub(super) object: Option<&'a str>,
    pub(super) cause: Option<Cow<'a, str>>,
    pub(super) old: Decided<'a>,
    pub(super) new: Decided<'a>,
}

/// What an image comes with.
#[derive(Serialize)]
pub(super) struct SettingObject<'a> {
    namespace: Option<&'a str>,
    labels: BTreeMap<&'a str, &'a str>,
    annotations: BTreeMap<&'a str, &'a str>,
    owner: Option<String>,
    container: Option<&'a str>,
    place: &'static str,
    kind: Option<&'a str>,
    operation: Option<&'static str>,
    user: Option<&'a str>,
    hook: Option<&'a str>,
}

/// A rule that is not as it was.
#[derive(Serialize)]
pub(super) struct RuleObject<'a> {
    pub(super) kind: &'static str,
    pub(super) change: &'static str,
    pub(super) moved: bool,
    pub(super) images: usize,
    pub(super) given: usize,
    pub(super) old: Option<RuleSide<'a>>,
    pub(super) new: Option<RuleSide<'a>>,
}

/// A rule of one of the sets.
#[derive(Serialize)]
pub(super) struct RuleSide<'a> {
    pub(super) rule: Cow<'a, str>,
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) text: String,
}

impl<'a> SettingObject<'a> {
    pub(super) fn new(setting: &'a Setting) -> Self {
        let Context {
            namespace,
            labels,
            annotations,
            owner,
            container,
            place,
            kind,
            operation,
            user,
            hook,
        } = setting.context();
        let pairs = |pairs: &'a [(Cow<'a, str>, Cow<'a, str>)]| {
            pairs
                .iter()
                .map(|(key, value)| (key.as_ref(), value.as_ref()))
                .collect()
        };
        Self {
            namespace,
            labels: pairs(labels),
            annotations: pairs(annotations),
            owner: owner.map(|owner| match owner.group {
                "" => owner.kind.to_owned(),
                group => format!("{}.{group}", owner.kind),
            }),
            container,
            place: place_name(place),
            kind,
            operation: operation.map(|operation| match operation {
                Operation::Create => "create",
                Operation::Update => "update",
                Operation::Delete => "delete",
                Operation::Connect => "connect",
            }),
            user,
            hook,
        }
    }
}

//! Conditions, and whether they hold.

use std::borrow::Cow;

use imageswap_engine::context::{Context, Operation, Place};

use super::image::Image;
use super::matching::glob;
use super::read::Condition;

impl Condition {
    pub(super) fn holds(&self, image: &Image, context: &Context<'_>) -> bool {
        let one = |value: Option<&str>| {
            value.is_some_and(|value| {
                self.values
                    .iter()
                    .any(|wanted| glob(wanted, value, false).is_some())
            })
        };
        let pair = |pairs: &[(Cow<'_, str>, Cow<'_, str>)]| {
            pairs
                .iter()
                .any(|(key, value)| *key == self.key && (self.values.is_empty() || one(Some(value))))
        };
        let holds = match self.subject.as_str() {
            "namespace" => one(context.namespace),
            "label" => pair(context.labels),
            "annotation" => pair(context.annotations),
            "owner" => context.owner.is_some_and(|owner| {
                let long = match owner.group {
                    "" => owner.kind.to_owned(),
                    group => format!("{}.{group}", owner.kind),
                };
                self.values.iter().any(|wanted| {
                    let given = if wanted.contains('.') { &long } else { owner.kind };
                    glob(wanted, given, false).is_some()
                })
            }),
            "container" => one(context.container),
            "place" => one(Some(match context.place {
                Place::Main => "main",
                Place::Init => "init",
                Place::Sidecar => "sidecar",
                Place::Ephemeral => "ephemeral",
                Place::Volume => "volume",
            })),
            "kind" => one(context.kind),
            "operation" => match context.operation {
                Some(Operation::Create) => one(Some("create")),
                Some(Operation::Update) => one(Some("update")),
                _ => false,
            },
            "user" => one(context.user),
            "hook" => one(context.hook),
            "unqualified" => image.unqualified,
            other => panic!("the condition `{other}`"),
        };
        holds != self.negated
    }
}

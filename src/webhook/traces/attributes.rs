//! The attributes of a span. They are names and numbers of bounded length, and never an object or a part of one.

use imageswap_engine::admission::{ReviewOutcome, Reviewed, ReviewedRequest};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Operation;
use imageswap_engine::rules::RuleId;
use opentelemetry::{Array, KeyValue, StringValue, Value};

use crate::webhook::metrics::RuleCounts;

/// Maximum length of a text, in bytes. Names of Kubernetes have at most 253.
const MAX_TEXT: usize = 256;
/// Maximum number of named rules: more than decide the images of a real Pod.
const MAX_RULES: usize = 20;

/// Returns the attributes of a reviewed request.
pub(super) fn of_request(
    request: &ReviewedRequest<'_>,
    outcome: ReviewOutcome,
) -> impl Iterator<Item = KeyValue> {
    let text = |key: &'static str, value: Option<&str>| Some(KeyValue::new(key, clipped(value?)));
    let operation = request.operation.map(Operation::as_str);
    let attributes = [
        text("imageswap.uid", Some(&request.uid)),
        text("imageswap.kind", Some(&request.kind)),
        text("k8s.namespace.name", request.namespace.as_deref()),
        text("imageswap.name", request.name.as_deref()),
        operation.map(|operation| KeyValue::new("imageswap.operation", operation)),
        Some(KeyValue::new("imageswap.dry_run", request.dry_run)),
        Some(KeyValue::new("imageswap.outcome", outcome.as_str())),
    ];
    attributes.into_iter().flatten()
}

/// Returns the attributes of the images of a review: their number, and the names of the rules that matched.
pub(super) fn of_images(
    reviewed: &Reviewed<'_>,
    rules: &RuleSet,
    counts: &RuleCounts,
) -> impl Iterator<Item = KeyValue> {
    let more: usize = reviewed.more.counts().map(|(_, count)| count).sum();
    let images = i64::try_from(reviewed.images.len() + more).unwrap_or(i64::MAX);
    let mut matched: Vec<RuleId> = Vec::new();
    for rule in reviewed.images.iter().flat_map(|image| &image.rules) {
        if matched.len() == MAX_RULES {
            break;
        }
        if !matched.contains(rule) {
            matched.push(*rule);
        }
    }
    let names = matched.iter().map(|rule| clipped(counts.label(rules, *rule)));
    let names: Vec<StringValue> = names.map(StringValue::from).collect();
    [
        KeyValue::new("imageswap.images", images),
        KeyValue::new("imageswap.rules", Value::Array(Array::String(names))),
    ]
    .into_iter()
}

/// Returns the start of a text.
pub(super) fn clipped(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_TEXT)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_clipped_at_a_character() {
        assert_eq!(clipped("é"), "é");
        let long = "é".repeat(MAX_TEXT);
        assert_eq!(clipped(&long).len(), MAX_TEXT);
        assert_eq!(clipped(&format!("x{long}")).len(), MAX_TEXT - 1);
    }
}

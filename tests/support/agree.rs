//! What must hold of every set that loads and of every image: that both readings of the language agree, and that
//! deciding twice is deciding once.

use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Context;
use imageswap_engine::diagnostic::{Code, Diagnostic, Help};
use imageswap_engine::reference::Reference;
use imageswap_engine::rules::{self, Effect, Scope};

use crate::loaded::Loaded;
use crate::naive::{Decision, Naive};

/// A decision of the engine in the words of the other reading; the number of swaps is not known.
pub fn in_words(set: &RuleSet, decision: &rules::Decision<'_>) -> Decision {
    let (effect, result) = match decision.effect() {
        Effect::Keep => ("keep", None),
        Effect::Swap(result) => ("swap", Some(result.clone())),
        Effect::Deny => ("deny", None),
        Effect::Invalid(_) => ("invalid", None),
    };
    Decision {
        effect,
        result,
        rule: decision.last_rule().map(|rule| set.rule_name(rule).into_owned()),
        warnings: decision
            .warnings()
            .iter()
            .map(|rule| set.rule_name(*rule).into_owned())
            .collect(),
        secrets: decision
            .pull_secrets()
            .iter()
            .map(|secret| (*secret).to_owned())
            .collect(),
        swaps: 0,
    }
}

/// The names of the rules of which a lint says that no image reaches them.
pub fn said_to_be_idle(loaded: &Loaded) -> Vec<String> {
    let idle = loaded
        .findings
        .iter()
        .filter(|finding| finding.code == Code::NEVER_FIRES || finding.code == Code::MATCHES_NOTHING);
    let spans: Vec<_> = idle.filter_map(Diagnostic::span).collect();
    loaded
        .set()
        .rules()
        .filter(|rule| spans.contains(&rule.span))
        .map(|rule| rule.name.into_owned())
        .collect()
}

/// Decides an image in all ways that there are, and gives what came out.
///
/// # Panics
///
/// If the ways differ, or what came out would not stay.
pub fn decided(
    set: &RuleSet,
    idle: &[String],
    naive: &Naive,
    image: &str,
    context: &Context<'_>,
) -> Decision {
    let of_engine = set.evaluate(image, context);
    let explained = set.explain(image, context, Scope::Every);
    assert_eq!(
        explained.decision,
        Ok(of_engine.clone()),
        "{image}: the index hides a rule\n{naive}"
    );
    let by_round = explained.rounds.iter().filter_map(|round| round.decided_by);
    assert!(
        of_engine.rules().eq(by_round),
        "{image}: the reported rules are not those that decided\n{naive}"
    );
    let expected = naive.decide(image, context);
    let found = Decision {
        swaps: expected.swaps,
        ..in_words(set, &of_engine)
    };
    assert_eq!(
        found, expected,
        "{image}: the engine (left) and the other reading differ\n{context:?}\n{naive}"
    );
    assert!(
        expected.swaps <= naive.swaps(),
        "{image}: a swap took part twice: {:?}\n{naive}",
        explained.rounds
    );
    for round in &explained.rounds {
        for step in round.steps.iter().filter(|step| step.outcome.is_ok()) {
            let name = set.rule_name(step.rule);
            assert!(
                !idle.iter().any(|idle| *idle == name),
                "{image}: {name} is reported as idle\n{naive}"
            );
        }
    }
    if let Some(result) = &found.result {
        let reference = Reference::parse(result);
        assert!(reference.is_ok(), "{image} became {result}\n{naive}");
        let again = set.evaluate(result, context);
        assert_eq!(
            *again.effect(),
            Effect::Keep,
            "{image} became {result}, and is decided again\n{naive}"
        );
    }
    found
}

/// Every place that a finding names is in its text, between characters.
///
/// # Panics
///
/// If one is not.
pub fn points_into_its_text(loaded: &Loaded) {
    for finding in &loaded.findings {
        let labels = finding.labels.iter().map(|label| label.span);
        for span in labels.chain(finding.suggestion.iter().map(|suggestion| suggestion.span)) {
            let source = loaded.sources.get(span.source).unwrap();
            assert!(
                source.text().get(span.range()).is_some(),
                "{span:?} of {finding:?}"
            );
        }
        assert!(!finding.short(&loaded.sources, Help::text).is_empty());
    }
}

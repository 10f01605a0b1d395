//! Deciding, round by round.

use super::decision::{Decision, Effect, Invalid, Matched, RuleId};
use super::image::Image;
use super::index::Candidates;
use super::rule::{Mismatch, Surroundings};
use super::{AUTO, RuleSet};
use crate::context::Context;
use crate::legacy::{Answer, LegacyConfig};
use crate::reference::Reference;
use crate::syntax::ast::Action;

/// Who looks on while an image is decided. What it sees is what decides.
pub(crate) trait Observer {
    /// A round begins with this image.
    fn round(&mut self, _image: &str) {}
    /// A rule was looked at.
    fn looked_at(&mut self, _rule: RuleId, _outcome: Result<(), Mismatch>) {}
    /// No rule decided, so the map was asked.
    fn asked_map(&mut self, _answer: &Answer) {}
}

/// Nobody looks on.
impl Observer for () {}

/// Notes the rules that match.
#[derive(Default)]
struct Matches(Vec<RuleId>);

impl Observer for Matches {
    fn looked_at(&mut self, rule: RuleId, outcome: Result<(), Mismatch>) {
        self.0.extend(outcome.is_ok().then_some(rule));
    }
}

/// How to decide.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner<'w> {
    /// Ask every rule, and not those alone that the index finds.
    pub(crate) ask_all: bool,
    /// Ask rules that are off as well, as tests do.
    pub(crate) nothing_is_off: bool,
    /// Do not ask these, which are in ascending order.
    pub(crate) without: &'w [RuleId],
}

impl RuleSet {
    /// Decides one image, as the manifest spells it.
    ///
    /// Allocates nothing unless the image changes, a warn rule speaks or a pull secret is to be added.
    #[must_use]
    pub fn decide(&self, image: &str, context: &Context<'_>) -> Decision<'_> {
        self.decide_watched(image, context, Manner::default(), &mut ())
    }

    /// Decides one image as if some rules, given in ascending order, were not there, and home were what it is: to see
    /// whether they matter. Tells the rules that match as well, round by round.
    #[must_use]
    pub fn decide_without(&self, rules: &[RuleId], image: &str, context: &Context<'_>) -> Matched<'_> {
        let manner = Manner {
            without: rules,
            ..Manner::default()
        };
        let mut matches = Matches::default();
        let decision = self.decide_watched(image, context, manner, &mut matches);
        Matched {
            decision,
            rules: matches.0,
        }
    }

    pub(crate) fn decide_watched(
        &self,
        manifest: &str,
        context: &Context<'_>,
        manner: Manner<'_>,
        observer: &mut impl Observer,
    ) -> Decision<'_> {
        if manifest == AUTO {
            return Decision::keep();
        }
        let mut decision = Decision::keep();
        let mut result: Option<String> = None;
        // Of a set that loads each swap takes part in a chain once at most.
        for _ in 0..=self.rules.len() {
            let spelled = result.as_deref().unwrap_or(manifest);
            let image = match Image::parse(spelled) {
                Ok(image) => image,
                Err(error) => return Decision::invalid(error),
            };
            observer.round(spelled);
            let Some((id, rule)) = self.first_match(&image, context, manner, &mut decision, observer) else {
                if result.is_none() {
                    self.ask_map(&image, &mut decision, observer);
                }
                break;
            };
            decision.rule = Some(id);
            if rule.action == Action::Deny {
                decision.pull_secrets.clear();
                decision.effect = Effect::Deny;
                return decision;
            }
            if let Some(secret) = rule.pull_secret.as_deref()
                && !decision.pull_secrets.contains(&secret)
            {
                decision.pull_secrets.push(secret);
            }
            let Some(target) = &rule.target else { break };
            decision.moved_by.push(id);
            match target.expand(&image, &rule.pattern) {
                Ok(text) => result = Some(text),
                Err(text) => {
                    decision.pull_secrets.clear();
                    decision.effect = Effect::Invalid(Invalid::Result(text));
                    return decision;
                }
            }
        }
        if let Some(result) = result.filter(|result| result != manifest) {
            decision.effect = Effect::Swap(result);
        }
        decision
    }

    /// The rules that match an image in the first round: those that warn, and behind them the one that decides.
    pub(crate) fn first_round(&self, manifest: &str, context: &Context<'_>) -> Vec<RuleId> {
        let mut matched = Matches::default();
        if manifest != AUTO
            && let Ok(image) = Image::parse(manifest)
        {
            let mut decision = Decision::keep();
            self.first_match(&image, context, Manner::default(), &mut decision, &mut matched);
        }
        matched.0
    }

    /// The first rule that decides. Warn rules on the way to it speak.
    fn first_match(
        &self,
        image: &Image<'_>,
        context: &Context<'_>,
        manner: Manner<'_>,
        decision: &mut Decision<'_>,
        observer: &mut impl Observer,
    ) -> Option<(RuleId, &super::rule::Rule)> {
        let surroundings = Surroundings {
            files: &self.files,
            home: &self.home,
            nothing_is_off: manner.nothing_is_off,
        };
        let all: Vec<u32>;
        let candidates = if manner.ask_all {
            all = (0..).take(self.rules.len()).collect();
            Candidates::all(&all)
        } else {
            self.index.candidates(image, context.namespace)
        };
        for number in candidates {
            let Some(rule) = self.rules.get(number as usize) else {
                continue;
            };
            let id = RuleId(number);
            if manner.without.binary_search(&id).is_ok() {
                continue;
            }
            let outcome = rule.check(image, context, &surroundings);
            observer.looked_at(id, outcome);
            if outcome.is_err() {
                continue;
            }
            if rule.action != Action::Warn {
                return Some((id, rule));
            }
            if !decision.warnings.contains(&id) {
                decision.warnings.push(id);
            }
        }
        None
    }

    /// Asks the old configuration about what no rule decides, is not at home and has not the shape of a swap's
    /// target. Its answer is final.
    fn ask_map(&self, image: &Image<'_>, decision: &mut Decision<'_>, observer: &mut impl Observer) {
        let Some(legacy) = &self.legacy else { return };
        if self.home.holds(image.name()) || self.has_shape_of_a_target(image) {
            return;
        }
        let Ok(reference) = Reference::parse(image.spelled) else {
            return;
        };
        let answer = legacy.decide(image.spelled, &reference);
        observer.asked_map(&answer);
        let Some(text) = answer.result.filter(|text| text != image.spelled) else {
            return;
        };
        // A prefix is put before whatever there is, as in v1.5.3: it never made more sense than that.
        decision.effect = if matches!(legacy, LegacyConfig::Prefix(_)) || Image::parse(&text).is_ok() {
            Effect::Swap(text)
        } else {
            Effect::Invalid(Invalid::Result(text))
        };
        decision.rule = Some(RuleId::LEGACY);
        decision.moved_by.push(RuleId::LEGACY);
    }

    fn has_shape_of_a_target(&self, image: &Image<'_>) -> bool {
        self.shapes.candidates(image, None).any(|number| {
            self.rules
                .get(number as usize)
                .and_then(|rule| rule.target.as_ref())
                .is_some_and(|target| target.has_shape_of(image))
        })
    }
}

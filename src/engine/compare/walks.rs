//! Evaluations that share their rounds.
//!
//! The results of a chain of swaps pass through all swaps behind them. For each setting, a round is evaluated once, and
//! so the time of many evaluations is that of their different rounds.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash};
use std::rc::Rc;

use foldhash::fast::FixedState;
use smallvec::SmallVec;

use super::compared_outcome::ComparedOutcome;
use super::shared_lists::{SharedList, SharedLists};
use crate::context::Case;
use crate::rules::evaluate::{Observer, Selection};
use crate::rules::rule::Mismatch;
use crate::rules::{Compiled, Decision, Effect, Invalid, RuleId};
use crate::syntax::ast::Action;

/// Maximum number of rounds that are kept. Each takes about 100 bytes.
const MOST: usize = 3_000_000;
/// Maximum number of warnings or pull secrets of a first round whose list is kept: first rounds are not.
const FEW: usize = 16;

/// Evaluations with a set.
pub(super) struct Walks<'s> {
    set: &'s Compiled,
    rounds: Vec<WalkRound>,
    /// Rounds that evaluate the result of another round, by the hash of setting and image.
    known: HashMap<u64, u32, FixedState>,
    warnings: SharedLists<'s, RuleId>,
    pull_secrets: SharedLists<'s, &'s str>,
}

/// An evaluation from its first round on.
pub(super) struct Walk {
    pub(super) first: WalkRound,
    /// Hash of the texts of its warnings.
    pub(super) warnings: u64,
    /// Hash of its pull secrets.
    pub(super) pull_secrets: u64,
}

/// A round of an evaluation, and what follows from it to the end.
#[derive(Clone)]
pub(super) struct WalkRound {
    /// The rules that match: those that warn, and after them the one that decides.
    pub(super) matched: SmallVec<[RuleId; 4]>,
    /// The round that evaluates the result.
    pub(super) next: Option<u32>,
    pub(super) end: Rc<End>,
    /// The rules that warn from here on.
    warnings: SharedList,
    /// The pull secrets from here on.
    pull_secrets: SharedList,
}

/// The end of an evaluation.
pub(super) struct End {
    pub(super) kind: EndKind,
    /// The image after the evaluation.
    pub(super) image: String,
    /// The `keep` or `deny` of the last round.
    pub(super) rule: Option<RuleId>,
    /// The reason if the image or a result is not valid.
    pub(super) invalid: Option<Invalid>,
}

/// The effect of an evaluation, apart from the image.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EndKind {
    /// Kept or swapped.
    Image,
    Deny,
    Invalid,
}

/// Records rounds, up to one that is known.
struct Walker<'w> {
    known: &'w HashMap<u64, u32, FixedState>,
    setting: u64,
    rounds: Vec<(u64, String, SmallVec<[RuleId; 4]>)>,
    found: Option<u32>,
}

impl Observer for Walker<'_> {
    fn round(&mut self, image: &str) {
        let hash = FixedState::default().hash_one((self.setting, image));
        // The first round is not that of a result: a map may decide its image.
        if !self.rounds.is_empty() {
            self.found = self.known.get(&hash).copied();
        }
        if self.found.is_none() {
            self.rounds.push((hash, image.to_owned(), SmallVec::new()));
        }
    }

    fn step(&mut self, rule: RuleId, outcome: Result<(), Mismatch>) {
        if let Some((.., matched)) = self.rounds.last_mut().filter(|_| outcome.is_ok()) {
            matched.push(rule);
        }
    }

    fn ends_evaluation(&self, _image: &str) -> bool {
        self.found.is_some()
    }
}

impl<'s> Walks<'s> {
    pub(super) fn new(set: &'s Compiled) -> Self {
        Self {
            set,
            rounds: Vec::new(),
            known: HashMap::default(),
            warnings: SharedLists::new(|rule| FixedState::default().hash_one(set.because(rule))),
            pull_secrets: SharedLists::new(|secret| FixedState::default().hash_one(secret)),
        }
    }

    /// Returns an evaluation; `None` if it does not settle, as no verified set does.
    pub(super) fn walk(&mut self, case: &Case) -> Option<Walk> {
        let mut walker = Walker {
            known: &self.known,
            setting: FixedState::default().hash_one(&case.setting),
            rounds: Vec::new(),
            found: None,
        };
        let context = case.setting.context();
        let decision = self
            .set
            .evaluate(&case.image, &context, Selection::default(), &mut walker);
        let decision = decision.ok()?;
        let Walker { rounds, found, .. } = walker;
        let shared = found.and_then(|found| Some((Some(found), self.rounds.get(found as usize)?.clone())));
        let (mut next, mut round) = match shared {
            Some(shared) => shared,
            None => {
                let last = rounds.last().map_or(case.image.as_str(), |(_, image, _)| image);
                let round = WalkRound::at(End::new(&decision, last));
                // Such an evaluation has neither warnings nor rules.
                if matches!(decision.effect(), Effect::Invalid(Invalid::Image(_))) {
                    return Some(self.beginning_with(round, None, SmallVec::new()));
                }
                (None, round)
            }
        };
        let mut rounds = rounds.into_iter();
        let first = rounds.next();
        for (hash, _, matched) in rounds.rev() {
            round = self.before(&round, next, matched);
            next = self.keep(hash, &round);
        }
        let matched = first.map(|(.., matched)| matched).unwrap_or_default();
        Some(self.beginning_with(round, next, matched))
    }

    /// Returns the outcome of an evaluation of an image.
    pub(super) fn outcome(&self, image: &str, walk: &Walk) -> ComparedOutcome<'s> {
        let (first, end) = (&walk.first, &walk.first.end);
        let own = self.own(&first.matched, end.kind);
        let next = first.next.and_then(|next| self.round(next));
        let (warnings, pull_secrets) =
            next.map_or_else(Default::default, |next| (next.warnings, next.pull_secrets));
        let effect = match (end.kind, &end.invalid) {
            (EndKind::Image, _) if end.image == image => Effect::Keep,
            (EndKind::Image, _) => Effect::Swap(end.image.clone()),
            (EndKind::Invalid, Some(reason)) => Effect::Invalid(reason.clone()),
            (EndKind::Invalid, None) => Effect::Invalid(Invalid::Result(end.image.clone())),
            (EndKind::Deny, _) => Effect::Deny,
        };
        ComparedOutcome {
            effect,
            denied_by: end.rule.filter(|_| end.kind == EndKind::Deny),
            warnings: self.warnings.values_with(&own.0, warnings),
            pull_secrets: self.pull_secrets.values_with(&own.1, pull_secrets),
        }
    }

    /// Returns the round of an index.
    pub(super) fn round(&self, round: u32) -> Option<&WalkRound> {
        self.rounds.get(round as usize)
    }

    /// Returns the rules that match from a round on, in order.
    pub(super) fn matched<'w>(&'w self, round: &'w WalkRound) -> impl Iterator<Item = RuleId> + 'w {
        let rounds = std::iter::successors(Some(round), |round| self.round(round.next?));
        rounds.flat_map(|round| round.matched.iter().copied())
    }

    /// Keeps a round, and returns its index; `None` if there are too many.
    fn keep(&mut self, hash: u64, round: &WalkRound) -> Option<u32> {
        let index = u32::try_from(self.rounds.len()).ok()?;
        if self.rounds.len() >= MOST {
            return None;
        }
        self.rounds.push(round.clone());
        self.known.insert(hash, index);
        Some(index)
    }

    /// Returns the round before another one.
    fn before(&mut self, after: &WalkRound, next: Option<u32>, matched: SmallVec<[RuleId; 4]>) -> WalkRound {
        let own = self.own(&matched, after.end.kind);
        // The rules of a round that all match again are in front of the list already.
        let is_repeated = next.is_some() && after.matched == matched;
        let (warnings, pull_secrets) = match is_repeated {
            true => (after.warnings, after.pull_secrets),
            false => (
                self.warnings.with(&own.0, after.warnings),
                self.pull_secrets.with(&own.1, after.pull_secrets),
            ),
        };
        WalkRound {
            next,
            end: Rc::clone(&after.end),
            warnings,
            pull_secrets,
            matched,
        }
    }

    /// Returns an evaluation whose first round is before another one.
    fn beginning_with(
        &mut self,
        after: WalkRound,
        next: Option<u32>,
        matched: SmallVec<[RuleId; 4]>,
    ) -> Walk {
        let own = self.own(&matched, after.end.kind);
        let (warnings, pull_secrets) = (
            hash_with(&mut self.warnings, &own.0, after.warnings),
            hash_with(&mut self.pull_secrets, &own.1, after.pull_secrets),
        );
        let first = WalkRound {
            next,
            matched,
            ..after
        };
        Walk {
            first,
            warnings,
            pull_secrets,
        }
    }

    /// Returns the rules of a round that warn, and its pull secrets; none of these if the evaluation does not end with an
    /// image.
    fn own(&self, matched: &[RuleId], end: EndKind) -> (SmallVec<[RuleId; 4]>, SmallVec<[&'s str; 4]>) {
        let set = self.set;
        let rules = matched.iter().filter_map(|id| Some((*id, set.rule(*id)?)));
        let warns = rules.clone().filter(|(_, rule)| rule.action == Action::Warn);
        let secrets = rules.filter(|_| end == EndKind::Image);
        (
            warns.map(|(id, _)| id).collect(),
            secrets
                .filter_map(|(_, rule)| rule.pull_secret.as_deref())
                .collect(),
        )
    }
}

/// Returns the hash of values and the other values of a list behind them.
fn hash_with<T: Copy + Eq + Hash>(lists: &mut SharedLists<'_, T>, values: &[T], list: SharedList) -> u64 {
    if values.len() > FEW {
        return lists.hash_with(values, list);
    }
    let list = lists.with(values, list);
    lists.hash(list)
}

impl WalkRound {
    /// Returns what follows after the last round.
    fn at(end: End) -> Self {
        Self {
            matched: SmallVec::new(),
            next: None,
            end: Rc::new(end),
            warnings: SharedList::default(),
            pull_secrets: SharedList::default(),
        }
    }
}

impl EndKind {
    /// Returns the kind of an effect, and the image after it. `last` is the image if the effect does not change it.
    pub(super) fn of<'e>(effect: &'e Effect, last: &'e str) -> (Self, &'e str) {
        match effect {
            Effect::Keep => (Self::Image, last),
            Effect::Swap(result) => (Self::Image, result),
            Effect::Deny => (Self::Deny, last),
            Effect::Invalid(_) => (Self::Invalid, last),
        }
    }
}

impl End {
    /// Returns the end of an evaluation, whose last round had this image.
    fn new(decision: &Decision<'_>, last: &str) -> Self {
        // The result of a map has no round of its own.
        let (kind, image) = EndKind::of(decision.effect(), last);
        Self {
            kind,
            image: image.to_owned(),
            rule: decision.ended_by,
            invalid: match decision.effect() {
                Effect::Invalid(reason) => Some(reason.clone()),
                Effect::Keep | Effect::Swap(_) | Effect::Deny => None,
            },
        }
    }
}

//! Evaluations that share their rounds.
//!
//! The results of a chain of swaps pass through all swaps behind them. For each setting, a round is evaluated once, and
//! so the time of many evaluations is that of their different rounds.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::rc::Rc;

use foldhash::fast::FixedState;
use smallvec::SmallVec;

use crate::context::Case;
use crate::rules::evaluate::{Observer, Selection};
use crate::rules::rule::Mismatch;
use crate::rules::{Compiled, Decision, Effect, Invalid, RuleId};
use crate::syntax::ast::Action;

/// Maximum number of rounds that are kept. Each takes about 100 bytes.
const MOST: usize = 3_000_000;

/// Evaluations with a set.
pub(super) struct Walks<'s> {
    set: &'s Compiled,
    rounds: Vec<WalkRound<'s>>,
    /// Rounds that evaluate the result of another round, by the hash of setting and image.
    known: HashMap<u64, u32, FixedState>,
}

/// A round of an evaluation, and what follows from it to the end.
#[derive(Clone)]
pub(super) struct WalkRound<'s> {
    /// The rules that match: those that warn, and after them the one that decides.
    pub(super) matched: SmallVec<[RuleId; 4]>,
    /// The round that evaluates the result.
    pub(super) next: Option<u32>,
    pub(super) end: Rc<End>,
    /// The rules that warn from here on.
    pub(super) warnings: Rc<[RuleId]>,
    /// The pull secrets from here on.
    pub(super) pull_secrets: Rc<[&'s str]>,
}

/// The end of an evaluation.
pub(super) struct End {
    pub(super) kind: EndKind,
    /// The image after the evaluation.
    pub(super) image: String,
    /// The `keep` or `deny` of the last round.
    pub(super) rule: Option<RuleId>,
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
        }
    }

    /// Returns the first round of an evaluation; `None` if it does not settle, as no verified set does.
    pub(super) fn first(&mut self, case: &Case) -> Option<WalkRound<'s>> {
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
                    return Some(round);
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
        Some(match first {
            Some((.., matched)) => self.before(&round, next, matched),
            None => round,
        })
    }

    /// Returns the round of an index.
    pub(super) fn round(&self, round: u32) -> Option<&WalkRound<'s>> {
        self.rounds.get(round as usize)
    }

    /// Returns the rules that match from a round on, in order.
    pub(super) fn matched<'w>(&'w self, round: &'w WalkRound<'s>) -> impl Iterator<Item = RuleId> + 'w {
        let rounds = std::iter::successors(Some(round), |round| self.round(round.next?));
        rounds.flat_map(|round| round.matched.iter().copied())
    }

    /// Keeps a round, and returns its index; `None` if there are too many.
    fn keep(&mut self, hash: u64, round: &WalkRound<'s>) -> Option<u32> {
        let index = u32::try_from(self.rounds.len()).ok()?;
        if self.rounds.len() >= MOST {
            return None;
        }
        self.rounds.push(round.clone());
        self.known.insert(hash, index);
        Some(index)
    }

    /// Returns the round before another one.
    fn before(
        &self,
        round: &WalkRound<'s>,
        next: Option<u32>,
        matched: SmallVec<[RuleId; 4]>,
    ) -> WalkRound<'s> {
        let rules = matched.iter().filter_map(|id| Some((*id, self.set.rule(*id)?)));
        let warns = rules.clone().filter(|(_, rule)| rule.action == Action::Warn);
        let secrets = rules.filter(|_| round.end.kind == EndKind::Image);
        WalkRound {
            next,
            end: Rc::clone(&round.end),
            warnings: joined(warns.map(|(id, _)| id), &round.warnings),
            pull_secrets: joined(
                secrets.filter_map(|(_, rule)| rule.pull_secret.as_deref()),
                &round.pull_secrets,
            ),
            matched,
        }
    }
}

impl WalkRound<'_> {
    /// Returns what follows after the last round.
    fn at(end: End) -> Self {
        Self {
            matched: SmallVec::new(),
            next: None,
            end: Rc::new(end),
            warnings: Rc::default(),
            pull_secrets: Rc::default(),
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
        }
    }
}

/// Returns the first values, and behind them the others, each once.
fn joined<T: Copy + PartialEq>(first: impl Iterator<Item = T>, others: &Rc<[T]>) -> Rc<[T]> {
    let first: SmallVec<[T; 4]> = first.collect();
    if first.is_empty() {
        return Rc::clone(others);
    }
    let behind = others.iter().copied().filter(|value| !first.contains(value));
    first.iter().copied().chain(behind).collect()
}

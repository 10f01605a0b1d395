//! What was decided for an image.

use crate::reference::ReferenceError;

/// What was decided for an image, and by which rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'r> {
    /// What is done.
    pub effect: Effect,
    /// The rule that decided last; none where no rule matched. Of an image that moved it may be the one that ended its
    /// way, as a `keep` does for what has arrived.
    pub rule: Option<RuleId>,
    /// The rules that moved the image, one a round.
    pub moved_by: Vec<RuleId>,
    /// The warn rules that spoke, in the order in which they first did.
    pub warnings: Vec<RuleId>,
    /// The pull secrets to be added, in order.
    pub pull_secrets: Vec<&'r str>,
}

/// What was decided, and the rules that led there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched<'r> {
    /// What was decided.
    pub decision: Decision<'r>,
    /// The rules that matched, round by round: those that warn, and behind them the one that decides.
    pub rules: Vec<RuleId>,
}

/// What is done with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It stays as it is written.
    Keep,
    /// It is replaced by this one.
    Swap(String),
    /// The object is refused.
    Deny,
    /// It stays because it makes no sense.
    Invalid(Invalid),
}

/// What makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The image of the manifest is no reference.
    Image(ReferenceError),
    /// A rule made this of it, which is none.
    Result(String),
}

/// A rule of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub(crate) u32);

impl RuleId {
    /// The old configuration beside the rules.
    pub(crate) const LEGACY: Self = Self(u32::MAX);
}

impl Decision<'_> {
    /// The rule whose effect it is: of several that moved the image the one that gave its result, else the last that
    /// decided.
    #[must_use]
    pub fn decisive(&self) -> Option<RuleId> {
        match self.effect {
            Effect::Swap(_) => self.moved_by.last().copied().or(self.rule),
            _ => self.rule,
        }
    }

    /// All rules that decided, in the order of the rounds.
    pub fn deciding(&self) -> impl Iterator<Item = RuleId> {
        let last = self.rule.filter(|rule| self.moved_by.last() != Some(rule));
        self.moved_by.iter().copied().chain(last)
    }

    pub(crate) fn keep() -> Self {
        Self::new(Effect::Keep, None)
    }

    pub(crate) fn invalid(error: ReferenceError) -> Self {
        Self::new(Effect::Invalid(Invalid::Image(error)), None)
    }

    fn new(effect: Effect, rule: Option<RuleId>) -> Self {
        Self {
            effect,
            rule,
            moved_by: Vec::new(),
            warnings: Vec::new(),
            pull_secrets: Vec::new(),
        }
    }
}

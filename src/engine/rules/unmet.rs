//! Rules that an evaluation examines, and that match but for a condition.

use super::compiled::Compiled;
use super::evaluate::{Observer, Selection};
use super::id::RuleId;
use super::rule::Mismatch;
use crate::context::Context;

/// Records rules until there are enough.
struct Unmet {
    rules: Vec<RuleId>,
    most: usize,
    /// Number of rounds that may still begin.
    rounds: usize,
    /// Number of rules that may still be examined.
    left: usize,
}

impl Observer for Unmet {
    fn round(&mut self, _image: &str) {
        match self.rounds.checked_sub(1) {
            Some(rounds) => self.rounds = rounds,
            None => self.left = 0,
        }
    }

    fn step(&mut self, rule: RuleId, outcome: Result<(), Mismatch>) {
        self.left = self.left.saturating_sub(1);
        if matches!(outcome, Err(Mismatch::Condition(_))) {
            self.rules.push(rule);
        }
    }

    fn ends_evaluation(&self, _image: &str) -> bool {
        self.left == 0 || self.rules.len() >= self.most
    }
}

impl Compiled {
    /// Returns the first rules of an evaluation that match but for a condition, among all rules or those that the index
    /// finds. It ends after some rounds, and after some rules.
    pub(crate) fn unmet(&self, image: &str, context: &Context<'_>, every: bool, most: usize) -> Vec<RuleId> {
        // A chain of swaps may have as many rounds as rules.
        const ROUNDS: usize = 8;
        const EXAMINED: usize = 512;
        let mut unmet = Unmet {
            rules: Vec::new(),
            most,
            rounds: ROUNDS,
            left: if every { usize::MAX } else { EXAMINED },
        };
        let selection = Selection {
            every,
            any_values: true,
            ..Selection::default()
        };
        // The decision has no meaning if the evaluation has ended early.
        let _ = self.evaluate(image, context, selection, &mut unmet);
        unmet.rules
    }
}

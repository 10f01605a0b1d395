//! The findings about sets that are too slow to check, or nearly so: they name the rules with the most compared pairs.

use std::cmp::Reverse;

use super::steps::{Steps, Swap};
use crate::diagnostic::{Code, Diagnostic, Severity};

/// Number of compared pairs from which on a set is slow to load.
const MANY_PAIRS: usize = 100_000;
/// Maximum number of rules that a finding names.
const SHOWN: usize = 3;

impl<'r> Steps<'r> {
    /// Returns a notice if very many pairs were compared, with the rules that most of them have.
    pub(super) fn slow(&self) -> Option<Diagnostic> {
        // Each pair has two swaps.
        let pairs = self.pairs.iter().sum::<usize>() / 2;
        let (first, of_first) = self.busiest().next().filter(|_| pairs >= MANY_PAIRS)?;
        let finding = Diagnostic::new(
            Severity::Notice,
            Code::SLOW,
            format!("the set is slow to load: {pairs} pairs of swaps may lead to one another"),
            first.rule.span,
        );
        let finding = finding.label(format!("in {of_first} of the pairs"));
        Some(self.with_busiest(finding).help(
            "choose targets that no rule matches, or give the patterns different registries or segments",
        ))
    }

    /// Returns the swaps with the most pairs, and the numbers of their pairs.
    fn busiest(&self) -> impl Iterator<Item = (&Swap<'r>, usize)> {
        let mut swaps: Vec<(&Swap<'r>, usize)> = self.swaps.iter().zip(self.pairs.iter().copied()).collect();
        swaps.sort_by_key(|(_, pairs)| Reverse(*pairs));
        swaps.into_iter().take(SHOWN)
    }

    /// Adds the rules with the most pairs to a finding.
    fn with_busiest(&self, finding: Diagnostic) -> Diagnostic {
        let span = finding.span();
        let others = self.busiest().filter(|(swap, _)| Some(swap.rule.span) != span);
        others.fold(finding, |finding, (swap, pairs)| {
            finding.also(swap.rule.span, format!("in {pairs} of the pairs"))
        })
    }

    /// Returns the error of a check that stopped at a swap.
    pub(super) fn unproven(&self, swap: &Swap<'_>) -> Diagnostic {
        let finding = Diagnostic::error(
        Code::UNPROVEN,
        "the set has too many pairs of swaps to check that every evaluation settles",
        swap.rule.span,
    )
    .label("the check stopped at the results of this rule")
    .help("choose targets in a registry that no rule matches, or add a `keep` for the results above all of the rules");
        self.with_busiest(finding)
    }
}

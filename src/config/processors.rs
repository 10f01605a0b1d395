//! Processors that the verification of a set may use.

use std::num::NonZero;
use std::thread;

use imageswap_engine::compile::Check;
use imageswap_engine::diagnostic::Findings;

/// Number of processors that loading may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processors {
    /// All processors.
    All,
    /// All but one, which stays free to answer requests during a reload.
    AllButOne,
}

impl Processors {
    pub(super) fn count(self) -> usize {
        let all = thread::available_parallelism().map_or(1, NonZero::get);
        match self {
            Self::All => all,
            Self::AllButOne => all.saturating_sub(1).max(1),
        }
    }

    /// Returns a function that runs two checks of a set, side by side if there are processors for it.
    pub(super) fn run(self) -> impl FnOnce(Check<'_>, Check<'_>) -> (Findings, Findings) {
        move |one, other| {
            if self.count() == 1 {
                return (one(), other());
            }
            thread::scope(|scope| {
                let one = scope.spawn(one);
                let other = other();
                let one = one
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                (one, other)
            })
        }
    }
}

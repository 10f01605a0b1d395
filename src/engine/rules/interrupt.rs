//! The early end of an evaluation whose caller no longer waits.

use std::cell::Cell;
use std::fmt;

/// Interrupts evaluations. The engine has no clock, so the caller says when.
pub struct Interrupt<'a> {
    is_due: &'a dyn Fn() -> bool,
    /// Steps until the next call of `is_due`.
    left: Cell<u32>,
    is_interrupted: Cell<bool>,
}

/// An evaluation ended early, without a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Number of steps between two calls of `is_due`, which usually reads a clock. A step takes 10 nanoseconds to a few
/// microseconds.
const STEPS: u32 = 128;

impl<'a> Interrupt<'a> {
    /// Returns an interrupt that ends an evaluation soon after `is_due` returns true. It is called once in many steps, so
    /// never for a small review.
    #[must_use]
    pub fn new(is_due: &'a dyn Fn() -> bool) -> Self {
        Self {
            is_due,
            left: Cell::new(STEPS),
            is_interrupted: Cell::new(false),
        }
    }

    /// Counts a step of an evaluation, which takes longer for a long image.
    pub(crate) fn step(&self, image: &str) -> Result<(), Interrupted> {
        const LONG: usize = 512;
        let length = u32::try_from(image.len() / LONG).unwrap_or(u32::MAX);
        match self.left.get().checked_sub(length.saturating_add(1)) {
            Some(left) => self.left.set(left),
            None => {
                self.left.set(STEPS);
                self.is_interrupted.set(self.is_interrupted() || (self.is_due)());
            }
        }
        if self.is_interrupted() {
            return Err(Interrupted);
        }
        Ok(())
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.is_interrupted.get()
    }
}

impl fmt::Debug for Interrupt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt")
            .field("is_interrupted", &self.is_interrupted())
            .finish_non_exhaustive()
    }
}

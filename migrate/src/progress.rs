//! Progress of a migration, for an observer.

use std::fmt;

/// The number of images between two steps.
const BETWEEN: usize = 256;

/// A step of a migration, shown as `comparing: 256 of 1000 images`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The work of which it is a step.
    pub work: &'static str,
    /// The number of images that are done.
    pub done: usize,
    /// The number of all images, if it is known.
    pub all: Option<usize>,
}

/// An observer of the steps of a migration.
pub struct Progress(Option<Box<dyn Fn(Step)>>);

impl Progress {
    /// Returns an observer that is called with each step.
    #[must_use]
    pub fn new(observe: impl Fn(Step) + 'static) -> Self {
        Self(Some(Box::new(observe)))
    }

    /// Returns a progress without an observer.
    #[must_use]
    pub fn silent() -> Self {
        Self(None)
    }

    /// Returns the same items, and calls the observer after some of them.
    pub(crate) fn over<'p, I: Iterator + 'p>(
        &'p self,
        work: &'static str,
        items: I,
    ) -> impl Iterator<Item = I::Item> + use<'p, I> {
        let all = match items.size_hint() {
            (least, Some(most)) if least == most => Some(most),
            _ => None,
        };
        items.enumerate().map(move |(done, item)| {
            if let Some(observe) = self.0.as_ref().filter(|_| done.is_multiple_of(BETWEEN)) {
                observe(Step { work, done, all });
            }
            item
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.work, self.done)?;
        match self.all {
            Some(all) => write!(f, " of {all} images"),
            None => f.write_str(" images"),
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    fn steps(items: impl Iterator<Item = usize>) -> Vec<String> {
        let steps = Rc::new(RefCell::new(Vec::new()));
        let observed = Rc::clone(&steps);
        let progress = Progress::new(move |step| observed.borrow_mut().push(step.to_string()));
        progress.over("comparing", items).for_each(drop);
        steps.take()
    }

    #[test]
    fn observer_sees_how_many_images_are_done() {
        assert_eq!(
            steps(0..300),
            ["comparing: 0 of 300 images", "comparing: 256 of 300 images"]
        );
        assert_eq!(
            steps((0..300).filter(|number| *number > 0)),
            ["comparing: 0 images", "comparing: 256 images"]
        );
    }
}

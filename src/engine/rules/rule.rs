//! A compiled rule.

use super::condition::Condition;
use super::home::Home;
use super::id::FileId;
use super::image::Image;
use super::pattern::Pattern;
use super::target::Target;
use super::text::Text;
use crate::context::Context;
use crate::diagnostic::{Lints, Span};
use crate::syntax::ast::Action;

/// A rule of a set.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) action: Action,
    /// True if an `off` names it.
    pub(crate) is_off: bool,
    /// Lints that its `allow` excuses.
    pub(crate) allowed: Lints,
    /// Its file. The conditions of the file are conditions of the rule too.
    pub(crate) file: FileId,
    /// Its place in the file.
    pub(crate) span: Span,
    /// Line of its first word, from 1.
    pub(crate) line: u32,
    pub(crate) pattern: Pattern,
    /// Target of a swap.
    pub(crate) target: Option<Target>,
    pub(crate) when: Box<[Condition]>,
    /// Its name, if it has one.
    pub(crate) name: Option<Text>,
    pub(crate) because: Option<Text>,
    pub(crate) pull_secret: Option<Text>,
}

/// The part of a file's header that its rules share.
#[derive(Debug)]
pub(crate) struct FileScope {
    /// First half of `LABEL:LINE`, the name of a rule without a name of its own.
    pub(crate) label: Box<str>,
    /// Conditions of all rules of the file.
    pub(crate) when: Box<[Condition]>,
}

/// The reason why a rule does not match an image. The checks run in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It is off.
    Off,
    /// Its pattern does not match.
    Pattern,
    /// The condition at this index is not true; the conditions of the file come first.
    Condition(usize),
    /// The image is at home, and the pattern has a wildcard in its registry.
    Home,
    /// The image is one of the target's own images.
    OwnImage,
    /// It would match, but a rule above it decides. Only explanations of a given rule have this reason.
    Decided,
}

/// The parts of a set that determine, with the pattern, whether a rule matches.
pub(crate) struct Guards<'s> {
    /// The files of the set.
    pub(crate) files: &'s [FileScope],
    /// The prefixes that wildcard registries never match.
    pub(crate) home: &'s Home,
    /// `true` if rules that are off match too, as in tests.
    pub(crate) with_off: bool,
}

impl Rule {
    /// Returns all its texts, to move them together.
    pub(crate) fn texts(&mut self) -> impl Iterator<Item = &mut Text> {
        let pattern = match &mut self.pattern {
            Pattern::Parts(parts) => [Some(&mut parts.name), parts.tag.as_mut(), parts.digest.as_mut()],
            Pattern::Written(written) => [Some(&mut written.text), None, None],
        };
        let conditions = self
            .when
            .iter_mut()
            .flat_map(|condition| condition.key.iter_mut().chain(&mut condition.values));
        pattern
            .into_iter()
            .flatten()
            .chain(self.target.iter_mut().flat_map(|target| target.texts()))
            .chain(conditions)
            .chain(&mut self.name)
            .chain(&mut self.because)
            .chain(&mut self.pull_secret)
    }

    /// Returns an error unless it matches an image, its guards included.
    pub(crate) fn check(
        &self,
        image: &Image<'_>,
        context: &Context<'_>,
        guards: &Guards<'_>,
    ) -> Result<(), Mismatch> {
        if self.is_off && !guards.with_off {
            return Err(Mismatch::Off);
        }
        // The checks run in the order of `Mismatch`, which explanations show.
        if !self.pattern.matches(image) {
            return Err(Mismatch::Pattern);
        }
        for (number, condition) in self.conditions(guards.files).enumerate() {
            if !condition.holds(image, context) {
                return Err(Mismatch::Condition(number));
            }
        }
        // Only swaps have guards: `keep`, `deny` and `warn` match at home too.
        if let Some(target) = &self.target {
            if self.pattern.is_open() && guards.home.holds(image.name()) {
                return Err(Mismatch::Home);
            }
            if target.has_shape_of(image) {
                return Err(Mismatch::OwnImage);
            }
        }
        Ok(())
    }

    /// Returns true if its file has no condition, so that a new line next to the rule affects all images.
    pub(crate) fn is_in_open_file(&self, files: &[FileScope]) -> bool {
        // A rule without a file in the list has no condition.
        files
            .get(self.file.index())
            .is_none_or(|file| file.when.is_empty())
    }

    /// Returns the conditions of its file, and its own.
    pub(crate) fn conditions<'r>(
        &'r self,
        files: &'r [FileScope],
    ) -> impl Iterator<Item = &'r Condition> + Clone {
        files
            .get(self.file.index())
            .into_iter()
            .flat_map(|file| file.when.iter())
            .chain(&self.when)
    }
}

//! A compiled rule.

use super::File;
use super::condition::Condition;
use super::home::Home;
use super::image::Image;
use super::pattern::Pattern;
use super::target::Target;
use super::text::Text;
use crate::context::Context;
use crate::diagnostic::Span;
use crate::syntax::ast::Action;

/// A rule of a set.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) action: Action,
    /// Whether an `off` names it.
    pub(crate) is_off: bool,
    /// The lints that it is excused from.
    pub(crate) allowed: Lints,
    /// The file that it stands in, whose condition is its own too.
    pub(crate) file: u16,
    /// Where it stands.
    pub(crate) span: Span,
    /// The line that it begins on, from 1.
    pub(crate) line: u32,
    pub(crate) pattern: Pattern,
    /// Of a swap alone.
    pub(crate) target: Option<Target>,
    pub(crate) when: Box<[Condition]>,
    /// Its name, if it has one of its own.
    pub(crate) name: Option<Text>,
    pub(crate) because: Option<Text>,
    pub(crate) pull_secret: Option<Text>,
}

/// A set of lints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lints(u8);

impl Lints {
    pub(crate) fn insert(&mut self, number: usize) {
        self.0 |= 1 << number;
    }

    pub(crate) fn contains(self, number: usize) -> bool {
        self.0 & (1 << number) != 0
    }
}

/// Why a rule does not match an image. In the order in which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It is off.
    Off,
    /// Its pattern does not match.
    Pattern,
    /// This one of its conditions does not hold, counted from 0: those of the file come first.
    Condition(usize),
    /// The image is at home, and the pattern has a wildcard in its registry.
    Home,
    /// The image has the shape of the rule's own target.
    OwnShape,
    /// It would match, but a rule above it decides. Only said where the rule is asked for by name.
    Decided,
}

/// What a set asks of a rule besides its own text.
pub(crate) struct Surroundings<'s> {
    /// The files of the set.
    pub(crate) files: &'s [File],
    /// Where images come to rest.
    pub(crate) home: &'s Home,
    /// Whether rules that are off are asked all the same, as tests do.
    pub(crate) nothing_is_off: bool,
}

impl Rule {
    /// All its texts, to be moved together.
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

    /// Whether it matches an image, its guards included.
    pub(crate) fn check(
        &self,
        image: &Image<'_>,
        context: &Context<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Result<(), Mismatch> {
        if self.is_off && !surroundings.nothing_is_off {
            return Err(Mismatch::Off);
        }
        if !self.pattern.matches(image) {
            return Err(Mismatch::Pattern);
        }
        for (number, condition) in self.conditions(surroundings.files).enumerate() {
            if !condition.holds(image, context) {
                return Err(Mismatch::Condition(number));
            }
        }
        if let Some(target) = &self.target {
            if self.pattern.is_open() && surroundings.home.holds(image.name()) {
                return Err(Mismatch::Home);
            }
            if target.has_shape_of(image) {
                return Err(Mismatch::OwnShape);
            }
        }
        Ok(())
    }

    /// Whether its file has no condition, so that a line beside the rule speaks of all images.
    pub(crate) fn is_in_open_file(&self, files: &[File]) -> bool {
        files
            .get(usize::from(self.file))
            .is_none_or(|file| file.when.is_empty())
    }

    /// The conditions of its file, and its own.
    pub(crate) fn conditions<'r>(&'r self, files: &'r [File]) -> impl Iterator<Item = &'r Condition> + Clone {
        files
            .get(usize::from(self.file))
            .into_iter()
            .flat_map(|file| file.when.iter())
            .chain(&self.when)
    }
}

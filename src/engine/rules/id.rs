//! The identity of a rule within its set.

/// A rule of a set, or its old configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(u32);

impl RuleId {
    /// The old configuration of a set.
    pub(crate) const LEGACY: Self = Self(u32::MAX);

    /// Returns the id of the rule at an index of its set, from 0; `None` if a set cannot have so many.
    pub(crate) fn new(place: usize) -> Option<Self> {
        u32::try_from(place)
            .ok()
            .map(Self)
            .filter(|id| *id != Self::LEGACY)
    }

    /// Returns the index of the rule in its set, from 0; `None` for the old configuration.
    pub(crate) fn place(self) -> Option<usize> {
        (self != Self::LEGACY).then_some(self.0 as usize)
    }
}

/// A file of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileId(u16);

impl FileId {
    /// Returns the id of the file at an index of its set, from 0; `None` if a set cannot have so many.
    pub(crate) fn new(place: usize) -> Option<Self> {
        u16::try_from(place).ok().map(Self)
    }

    /// Returns the index of the file in its set, from 0.
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

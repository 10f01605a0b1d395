//! Bounds of the cases that are made, so that large sets are compared in a time that is linear in their size.

/// The cases of a comparison at most.
pub(super) const MOST: usize = 4_000_000;
/// The images of all patterns of large sets, and those that a pattern gets at least.
pub(super) const MOST_OF_PATTERNS: usize = 800_000;
pub(super) const LEAST_OF_A_PATTERN: usize = 6;
/// The pairs of rules, one of which has a wildcard, that are looked at for a comparison.
pub(super) const MOST_PAIRS: usize = 200_000;
/// The settings around all rules of large sets, and those around a rule at least.
pub(super) const MOST_SETTINGS: usize = 400_000;
pub(super) const LEAST_SETTINGS_OF_A_RULE: usize = 12;
/// The images of a pattern that get so many settings around its rule. The first one gets all that there are.
pub(super) const IN_SETTINGS: usize = 5;
/// The images of a pattern that are also tried without any setting, and at the target.
pub(super) const FIRST: usize = 8;

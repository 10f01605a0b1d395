//! Limits of the samples, so that the time of a comparison is linear in the size of the sets.

/// Maximum number of cases of a comparison.
pub(super) const MOST: usize = 4_000_000;
/// Maximum number of images of all patterns of large sets, and the minimum number for each pattern.
pub(super) const MOST_OF_PATTERNS: usize = 800_000;
pub(super) const LEAST_OF_A_PATTERN: usize = 6;
/// Maximum number of prefixes of `home` that get images.
pub(super) const MOST_PREFIXES: usize = 200_000;
/// Maximum number of settings of all rules of large sets, and the minimum number for each rule.
pub(super) const MOST_SETTINGS: usize = 400_000;
pub(super) const LEAST_SETTINGS_OF_A_RULE: usize = 12;
/// Number of images of a pattern that are combined with this many settings of its rule. The first image gets all
/// settings.
pub(super) const IN_SETTINGS: usize = 5;
/// Number of images of a pattern that are also tried without a setting, and at the target.
pub(super) const FIRST: usize = 8;

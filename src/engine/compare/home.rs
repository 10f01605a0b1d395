//! Sample images below the prefixes of `home`.

use super::limits::{FIRST, MOST_PREFIXES};
use super::settings::{self, in_setting, solve};
use crate::analysis::samples;
use crate::context::{Case, Setting};
use crate::rules::Compiled;
use crate::rules::rule::Rule;

/// Returns images below the prefixes of `home`, in the settings of rules that would swap them again.
pub(super) fn at_home(set: &Compiled) -> Vec<Case> {
    let is_open = |rule: &&Rule| rule.target.is_some() && rule.pattern.is_open();
    let mut settings = vec![Setting::default()];
    for rule in set.rules.iter().filter(is_open).take(FIRST) {
        settings.extend(solve(&settings::of_rule(set, rule)));
    }
    let prefixes = set.home.iter().take(MOST_PREFIXES);
    let images = prefixes.flat_map(|prefix| samples::at_home(prefix));
    let images: Vec<String> = images.collect();
    settings
        .iter()
        .flat_map(|setting| in_setting(images.clone(), setting))
        .collect()
}

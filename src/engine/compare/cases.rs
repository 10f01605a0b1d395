//! Sample images and settings for a comparison of sets.
//!
//! Every rule gets images that its pattern matches, in settings in which its conditions are true and false; an image
//! that only this rule decides, if other rules decide the first ones; images that it shares with each rule that has a
//! wildcard; and images at its target. The number is linear in the number of rules, and the order is that of the
//! sets.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::rc::Rc;
use std::vec::IntoIter;

use foldhash::fast::FixedState;

use super::home::at_home;
use super::limits::{
    FIRST, IN_SETTINGS, LEAST_OF_A_PATTERN, LEAST_SETTINGS_OF_A_RULE, MOST, MOST_OF_PATTERNS, MOST_SETTINGS,
};
use super::pairs::RulePairs;
use super::partners::Partners;
use super::reach::{ImageSearch, Taken, apart, taken};
use super::settings::{self, Around, Wanted, around, in_setting, solve};
use crate::analysis::samples;
use crate::context::{Case, Setting};
use crate::rules::Compiled;
use crate::rules::image::Image;
use crate::rules::rule::Rule;

/// Sample images with their settings, each once.
pub struct Cases<'s> {
    sets: Vec<&'s Compiled>,
    search: ImageSearch,
    partners: Option<Partners<'s>>,
    /// Position of the next sample: a set and a rule; after the rules come the home and the map of the set.
    set: usize,
    rule: usize,
    ready: IntoIter<Case>,
    old: Option<Box<dyn Iterator<Item = Vec<String>> + 's>>,
    /// Hashes of the cases so far.
    known: HashSet<u64>,
    /// Hashes of the patterns and conditions that already have samples.
    seen: HashSet<u64>,
    /// Settings for conditions, by the hash of the conditions, because many rules have the same ones.
    around: HashMap<u64, Rc<[Around<'s>]>>,
    /// For each set, the pairs of rules that may share images.
    pairs: Vec<RulePairs<'s>>,
    /// Maximum number of images of a pattern.
    of_a_pattern: usize,
    /// Maximum number of settings of a rule.
    of_a_rule: usize,
    /// True if a rule has a condition.
    has_conditions: bool,
    is_partial: bool,
}

impl<'s> Cases<'s> {
    /// Returns the cases for sets; several sets are compared with one another.
    #[must_use]
    pub fn new(sets: &[&'s Compiled]) -> Self {
        let rules: usize = sets.iter().map(|set| set.len()).sum();
        let partners = Partners::new(sets);
        let pairs = sets.iter().enumerate();
        Self {
            search: ImageSearch::new(sets),
            pairs: pairs
                .map(|(side, set)| RulePairs::new(side, set, partners.as_ref()))
                .collect(),
            partners,
            of_a_pattern: (MOST_OF_PATTERNS / rules.max(1)).max(LEAST_OF_A_PATTERN),
            of_a_rule: (MOST_SETTINGS / rules.max(1)).max(LEAST_SETTINGS_OF_A_RULE),
            has_conditions: sets.iter().any(|set| {
                let mut rules = set.rules.iter();
                rules.any(|rule| rule.conditions(&set.files).next().is_some())
            }),
            sets: sets.to_vec(),
            set: 0,
            rule: 0,
            ready: Vec::new().into_iter(),
            old: None,
            known: HashSet::new(),
            seen: HashSet::new(),
            around: HashMap::new(),
            is_partial: false,
        }
    }

    /// Returns true if limits have excluded samples, so that there may be differences that no case shows.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.is_partial || self.search.is_exhausted()
    }

    /// Returns the number of rules whose cases have been returned, and the number of all rules.
    #[must_use]
    pub fn rules_done(&self) -> (usize, usize) {
        let lengths = || self.sets.iter().map(|set| set.len());
        let of_this = self.sets.get(self.set).map_or(0, |set| self.rule.min(set.len()));
        (lengths().take(self.set).sum::<usize>() + of_this, lengths().sum())
    }

    /// Returns the next cases; `None` at the end.
    fn more(&mut self) -> Option<Vec<Case>> {
        if self.known.len() >= MOST {
            self.is_partial = true;
            return None;
        }
        let set = *self.sets.get(self.set)?;
        if let Some(rule) = set.rules.get(self.rule) {
            let cases = self.of_rule(set, self.rule, rule);
            self.rule += 1;
            return Some(cases);
        }
        if self.rule == set.rules.len() {
            self.rule += 1;
            self.old = set.legacy.as_ref().map(samples::of_legacy);
            return Some(at_home(set));
        }
        match self.old.as_mut().and_then(Iterator::next) {
            Some(images) => Some(in_setting(images, &Setting::default())),
            None => {
                (self.set, self.rule, self.old) = (self.set + 1, 0, None);
                Some(Vec::new())
            }
        }
    }

    fn of_rule(&mut self, set: &'s Compiled, number: usize, rule: &'s Rule) -> Vec<Case> {
        self.search.begin_rule();
        let wanted = settings::of_rule(set, rule);
        let conditions = FixedState::default().hash_one(&wanted);
        let around = match self.around.get(&conditions) {
            Some(known) => Rc::clone(known),
            None => {
                let mut around = around(&wanted);
                self.is_partial |= around.len() > self.of_a_rule;
                around.truncate(self.of_a_rule);
                let around: Rc<[_]> = around.into();
                self.around.insert(conditions, Rc::clone(&around));
                around
            }
        };
        let own = around
            .first()
            .map(|(_, setting)| setting.clone())
            .unwrap_or_default();
        let mut made = samples::of_pattern(&rule.pattern);
        self.is_partial |= made.len() > self.of_a_pattern;
        made.truncate(self.of_a_pattern);
        let mut cases = Vec::new();
        let conditions: Vec<_> = wanted.iter().map(|(condition, _)| condition).collect();
        let said = FixedState::default().hash_one((&rule.pattern, conditions));
        if self.seen.insert(said) {
            cases.extend(in_setting(made.clone(), &own));
            cases.extend(in_setting(made.iter().take(FIRST).cloned(), &Setting::default()));
        }
        for image in made.iter().take(FIRST) {
            if let (Some(target), Ok(parsed)) = (&rule.target, Image::parse(image))
                && let Ok(result) = target.expand(&parsed, &rule.pattern)
            {
                cases.extend([Case::new(&result, &own), Case::new(&result, &Setting::default())]);
            }
        }
        cases.extend(
            self.search
                .at_its_target(rule)
                .map(|image| Case::new(&image, &own)),
        );
        let is_decided = |image: &&String| matches!(taken(set, number, image, &own.context()), Taken::ByIt);
        let decided = match made.iter().find(is_decided) {
            Some(image) => Some(Case::new(image, &own)),
            None => self.search.decided_by(set, number, None, None),
        };
        let images: Vec<&String> = decided
            .iter()
            .map(|case| &case.image)
            .chain(samples::of_several_names(&made))
            .collect();
        for (number, image) in images.iter().take(IN_SETTINGS).enumerate() {
            let count = if number == 0 {
                around.len()
            } else {
                LEAST_SETTINGS_OF_A_RULE
            };
            cases.extend(
                around
                    .iter()
                    .take(count)
                    .map(|(_, setting)| Case::new(*image, setting)),
            );
            cases.extend(self.beside(image, &own, &wanted));
        }
        for (wanted, setting) in around.iter().take(LEAST_SETTINGS_OF_A_RULE) {
            cases.extend(
                images
                    .first()
                    .map(|image| self.behind(image, setting, wanted))
                    .unwrap_or_default(),
            );
        }
        let alone = self.by_conditions_alone(self.set, number);
        for image in &images {
            cases.extend(alone.iter().map(|setting| Case::new(*image, setting)));
        }
        cases.extend(decided);
        cases.extend(self.by_its_pattern_alone(set, number));
        cases.extend(self.shared(set, number, rule, &made, &alone));
        cases
    }

    /// Returns an image that a rule decides, and that its pattern in the other set does not match.
    fn by_its_pattern_alone(&self, set: &Compiled, number: usize) -> Option<Case> {
        let other = self.partners.as_ref()?.other_pattern(self.set, number)?;
        self.search.decided_by(set, number, None, Some(other))
    }

    /// Returns the settings in which a rule matches only because of its conditions in its own set.
    fn by_conditions_alone(&self, side: usize, number: usize) -> Rc<[Setting]> {
        let partners = self.partners.as_ref();
        partners.map_or_else(Rc::default, |partners| partners.settings(side, number))
    }

    /// Returns the settings in which the rule that decides the image instead of this one does not decide it either.
    fn behind(&self, image: &str, setting: &Setting, wanted: &[Wanted<'s>]) -> Vec<Case> {
        let context = setting.context();
        let of_set = |(side, set): (usize, &&'s Compiled)| {
            let Taken::By(other) = taken(set, usize::MAX, image, &context) else {
                return None;
            };
            let apart = apart(set, set.rules.get(other)?, wanted)?;
            let mut settings = self.by_conditions_alone(side, other).to_vec();
            settings.extend(solve(&apart));
            Some(settings)
        };
        let settings = self.sets.iter().enumerate().find_map(of_set);
        let settings = settings.into_iter().flatten();
        settings.map(|setting| Case::new(image, &setting)).collect()
    }

    /// Returns the settings in which an image also matches other rules, which do not match in its own setting.
    fn beside(&self, image: &str, own: &Setting, wanted: &[Wanted<'_>]) -> Vec<Case> {
        const MOST: usize = 4;
        // The index skips rules for other namespaces. In a small set, all rules are examined.
        const SMALL: usize = 256;
        let context = own.context();
        let of_set = |(side, set): (usize, &&'s Compiled)| {
            let set = *set;
            let unmet = set.unmet(image, &context, set.len() <= SMALL, MOST);
            unmet
                .into_iter()
                .filter_map(move |rule| Some((side, set, set.position(rule)?)))
        };
        let mut cases = Vec::new();
        if !self.has_conditions {
            return cases;
        }
        for (side, set, number) in self.sets.iter().enumerate().flat_map(of_set).take(MOST) {
            let other = set.rules.get(number).map(|rule| settings::of_rule(set, rule));
            let other = other.unwrap_or_default();
            let both: Vec<_> = wanted.iter().chain(&other).copied().collect();
            let settings = solve(&both).or_else(|| solve(&other)).into_iter();
            let alone = self.by_conditions_alone(side, number);
            let settings = settings.chain(alone.iter().cloned());
            cases.extend(settings.map(|setting| Case::new(image, &setting)));
        }
        cases
    }

    /// Returns images that a rule shares with those below it, if one of the two has a wildcard.
    fn shared(
        &mut self,
        set: &'s Compiled,
        number: usize,
        rule: &'s Rule,
        made: &[String],
        alone: &[Setting],
    ) -> Vec<Case> {
        let mut cases = Vec::new();
        let matched: Vec<(&String, Image<'_>)> = made
            .iter()
            .filter_map(|image| Some((image, Image::parse(image).ok()?)))
            .filter(|(_, image)| rule.pattern.matches(image))
            .collect();
        let (below, is_whole) = match self.pairs.get_mut(self.set) {
            Some(pairs) => pairs.below(number),
            None => (Vec::new(), true),
        };
        self.is_partial |= !is_whole;
        for other in below {
            if self.search.has_no_work_for_pairs() {
                self.is_partial = true;
                break;
            }
            let Some(other) = set.rules.get(other) else {
                continue;
            };
            let has_conditions = [rule, other]
                .iter()
                .any(|rule| rule.conditions(&set.files).next().is_some());
            let common = matched.iter().find(|(_, image)| other.pattern.matches(image));
            let common = common.map(|(image, _)| *image);
            let found = match common {
                Some(_) if !has_conditions => None,
                Some(image) => {
                    let mut both = settings::of_rule(set, rule);
                    both.extend(settings::of_rule(set, other));
                    solve(&both).map(|setting| Case::new(image, &setting))
                }
                None => self.search.decided_by(set, number, Some(other), None),
            };
            if let Some(image) = common.or(found.as_ref().map(|found| &found.image)) {
                cases.extend(alone.iter().map(|setting| Case::new(image, setting)));
            }
            cases.extend(found);
        }
        cases
    }
}

impl Iterator for Cases<'_> {
    type Item = Case;

    fn next(&mut self) -> Option<Case> {
        loop {
            for case in self.ready.by_ref() {
                if self.known.insert(FixedState::default().hash_one(&case)) {
                    return Some(case);
                }
            }
            self.ready = self.more()?.into_iter();
        }
    }
}

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

use super::limits::{
    FIRST, IN_SETTINGS, LEAST_OF_A_PATTERN, LEAST_SETTINGS_OF_A_RULE, MOST, MOST_OF_PATTERNS, MOST_PAIRS,
    MOST_SETTINGS,
};
use super::partners::Partners;
use super::reach::{ImageSearch, Taken, apart, taken};
use super::settings::{self, Around, Wanted, around, solve};
use crate::analysis::samples;
use crate::context::{Case, Setting};
use crate::rules::image::Image;
use crate::rules::rule::{Mismatch, Rule};
use crate::rules::{Compiled, Scope};

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
    pairs: usize,
    /// For each set, the rules that are not plain.
    open: Vec<Rc<[usize]>>,
    /// Maximum number of images of a pattern.
    of_a_pattern: usize,
    /// Maximum number of settings of a rule.
    of_a_rule: usize,
    is_partial: bool,
}

impl<'s> Cases<'s> {
    /// Returns the cases for sets; several sets are compared with one another.
    #[must_use]
    pub fn new(sets: &[&'s Compiled]) -> Self {
        let rules: usize = sets.iter().map(|set| set.len()).sum();
        Self {
            search: ImageSearch::new(sets),
            partners: Partners::new(sets),
            of_a_pattern: (MOST_OF_PATTERNS / rules.max(1)).max(LEAST_OF_A_PATTERN),
            of_a_rule: (MOST_SETTINGS / rules.max(1)).max(LEAST_SETTINGS_OF_A_RULE),
            sets: sets.to_vec(),
            set: 0,
            rule: 0,
            ready: Vec::new().into_iter(),
            old: None,
            known: HashSet::new(),
            seen: HashSet::new(),
            around: HashMap::new(),
            pairs: 0,
            open: sets.iter().map(|set| open_rules(set)).collect(),
            is_partial: false,
        }
    }

    /// Returns true if limits have excluded samples, so that there may be differences that no case shows.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.is_partial || self.search.is_exhausted()
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
            return Some(self.at_home(set));
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
            let scope = if set.len() <= SMALL {
                Scope::Every
            } else {
                Scope::Found
            };
            let explanation = set.explain(image, &context, scope);
            let rounds = explanation.rounds.into_iter();
            let steps: Vec<_> = rounds.flat_map(|round| round.steps).collect();
            let set = *set;
            steps.into_iter().filter_map(move |step| match step.outcome {
                Err(Mismatch::Condition(_)) => Some((side, set, set.position(step.rule)?)),
                _ => None,
            })
        };
        let mut cases = Vec::new();
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
        let open = self.open.get(self.set).map(Rc::clone).unwrap_or_default();
        // Two plain rules share no image but those that one of them matches anyway.
        let below: Box<dyn Iterator<Item = &Rule>> = if rule.pattern.is_plain() {
            let first = open.partition_point(|open| *open <= number);
            Box::new(open.iter().skip(first).filter_map(|open| set.rules.get(*open)))
        } else {
            Box::new(set.rules.iter().skip(number + 1))
        };
        for other in below {
            self.pairs += 1;
            if self.pairs > MOST_PAIRS || self.search.is_exhausted() {
                self.is_partial = true;
                break;
            }
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

    /// Returns images below the prefixes of `home`, in the settings of rules that would swap them again.
    fn at_home(&self, set: &'s Compiled) -> Vec<Case> {
        let is_open = |rule: &&Rule| rule.target.is_some() && rule.pattern.is_open();
        let mut settings = vec![Setting::default()];
        for rule in set.rules.iter().filter(is_open).take(FIRST) {
            settings.extend(solve(&settings::of_rule(set, rule)));
        }
        let prefixes = set.home.iter().take(MOST_PAIRS);
        let images = prefixes.flat_map(|prefix| samples::at_home(prefix));
        let images: Vec<String> = images.collect();
        settings
            .iter()
            .flat_map(|setting| in_setting(images.clone(), setting))
            .collect()
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

fn open_rules(set: &Compiled) -> Rc<[usize]> {
    let rules = set.rules.iter().enumerate();
    rules
        .filter_map(|(number, rule)| (!rule.pattern.is_plain()).then_some(number))
        .collect()
}

fn in_setting(images: impl IntoIterator<Item = String>, setting: &Setting) -> Vec<Case> {
    images
        .into_iter()
        .map(|image| Case::new(image, setting))
        .collect()
}

//! Images that a rule decides although other rules come before it, found in the languages of their patterns.

use std::cell::Cell;
use std::rc::Rc;

use super::settings::{self, Wanted, solve};
use crate::analysis::languages::{self, BUDGET};
use crate::analysis::samples::digest_of;
use crate::automaton::{Builder, Bytes, Language, witness_within};
use crate::context::{Case, Context, Subject};
use crate::reference::DOCKER_HUB;
use crate::rules::Compiled;
use crate::rules::image::Image;
use crate::rules::pattern::Pattern;
use crate::rules::rule::Rule;
use crate::syntax::ast::Action;

/// Maximum work of the searches of one comparison, in steps of about 20 nanoseconds. Each rule adds to it, once the
/// rules before it are done, so that later rules get as much as the earlier ones.
const WORK: Work = Work {
    alone: 60_000_000,
    of_pairs: 20_000_000,
};
const WORK_OF_A_RULE: Work = Work {
    alone: 6_000,
    of_pairs: 3_000,
};
/// Work of a search apart from its steps.
const WORK_OF_A_SEARCH: usize = 200;
/// Maximum number of rules above that a search excludes, one after the other.
const ROUNDS: usize = 24;

pub(super) struct ImageSearch {
    valid: Language,
    short_hub: Language,
    /// Names that begin with a registry.
    in_full: Language,
    left: Cell<Work>,
    is_exhausted: Cell<bool>,
    /// Names at home in each set, which may have as many prefixes as rules.
    homes: Vec<(*const Compiled, Rc<Language>)>,
}

/// Work of searches for a single rule, and for the images that two rules share.
#[derive(Clone, Copy)]
struct Work {
    alone: usize,
    of_pairs: usize,
}

/// Decision on an image in the first round.
pub(super) enum Taken {
    /// The rule in question matches.
    ByIt,
    /// The rule at this position decides before it.
    By(usize),
    Not,
}

impl ImageSearch {
    pub(super) fn new(sets: &[&Compiled]) -> Self {
        let mut in_full = Builder::new();
        let host = Bytes::all().except(b"/@");
        in_full
            .either(
                |local| _ = local.literal("localhost"),
                |host_of| _ = host_of.many(host).one(Bytes::from_slice(b".:")).any(host),
            )
            .literal("/")
            .any(Bytes::all());
        Self {
            valid: languages::valid(),
            short_hub: languages::short_hub(),
            in_full: in_full.finish(),
            left: Cell::new(WORK),
            is_exhausted: Cell::new(false),
            homes: sets
                .iter()
                .map(|set| {
                    (
                        std::ptr::from_ref(*set),
                        Rc::new(languages::at_home(set.home.iter())),
                    )
                })
                .collect(),
        }
    }

    /// Returns true if a search needed more work than the limit allows.
    pub(super) fn is_exhausted(&self) -> bool {
        self.is_exhausted.get()
    }

    /// Returns true if no work is left for pairs until the next rule begins.
    pub(super) fn has_no_work_for_pairs(&self) -> bool {
        self.left.get().of_pairs <= WORK_OF_A_SEARCH
    }

    /// Adds the work of the next rule.
    pub(super) fn begin_rule(&self) {
        let Work { alone, of_pairs } = self.left.get();
        self.left.set(Work {
            alone: alone + WORK_OF_A_RULE.alone,
            of_pairs: of_pairs + WORK_OF_A_RULE.of_pairs,
        });
    }

    /// Returns an image that a rule decides, and that another rule matches as well, or a pattern does not match, if
    /// they are given.
    pub(super) fn decided_by(
        &self,
        set: &Compiled,
        number: usize,
        other: Option<&Rule>,
        not: Option<&Pattern>,
    ) -> Option<Case> {
        let rule = set.rules.get(number).filter(|rule| !rule.is_off)?;
        let mut wanted = settings::of_rule(set, rule);
        if let Some(other) = other {
            wanted.extend(settings::of_rule(set, other));
        }
        let mut setting = solve(&wanted)?;
        if other.is_some_and(|other| !begin_alike(&rule.pattern, &other.pattern)) {
            return None;
        }
        let pattern = languages::of_pattern(&rule.pattern);
        let beside = other.map(|other| languages::of_pattern(&other.pattern));
        let of_pattern = |pattern: &Pattern| Rc::new(languages::of_pattern(pattern));
        let mut without: Vec<Rc<Language>> = not.map(of_pattern).into_iter().collect();
        for rule in [Some(rule), other].into_iter().flatten() {
            if let Some(target) = &rule.target {
                without.push(Rc::new(languages::of_shape(target)));
                if rule.pattern.is_open() {
                    without.extend(self.home(set, &rule.pattern));
                }
            }
        }
        let is_short = wanted.iter().any(|(condition, wanted)| {
            condition.subject == Subject::Unqualified && *wanted != condition.negated
        });
        for _ in 0..ROUNDS {
            let text = self.witness(other.is_some(), &pattern, beside.as_ref(), &without)?;
            let image = match is_short {
                true => text.strip_prefix(DOCKER_HUB)?.strip_prefix('/')?.to_owned(),
                false => text,
            };
            match taken(set, number, &image, &setting.context()) {
                Taken::ByIt => return Some(Case { image, setting }),
                Taken::Not => return None,
                Taken::By(above) => {
                    let above = set.rules.get(above)?;
                    match apart(set, above, &wanted) {
                        Some(apart) => {
                            setting = solve(&apart)?;
                            wanted = apart;
                        }
                        None => without.push(of_pattern(&above.pattern)),
                    }
                }
            }
        }
        None
    }

    /// Returns the names at home in a set that a pattern may match.
    fn home(&self, set: &Compiled, pattern: &Pattern) -> Option<Rc<Language>> {
        let literal = match pattern {
            Pattern::Parts(_) => beginning(pattern),
            Pattern::Written(_) => "",
        };
        if literal.is_empty() {
            let home = self.homes.iter().find(|(of, _)| std::ptr::eq(*of, set));
            return home.map(|(_, home)| Rc::clone(home));
        }
        let is_alike = |home: &str| home.starts_with(literal) || literal.starts_with(home);
        let mut alike = set.home.iter().filter(|home| is_alike(home)).peekable();
        alike.peek()?;
        Some(Rc::new(languages::at_home(alike)))
    }

    /// Returns an image that a swap's pattern matches and that is one of its target's own images.
    pub(super) fn at_its_target(&self, rule: &Rule) -> Option<String> {
        let shape = languages::of_shape(rule.target.as_ref()?);
        self.witness(false, &languages::of_pattern(&rule.pattern), Some(&shape), &[])
    }

    /// Returns a canonical name that is in some languages and not in others.
    fn witness(
        &self,
        is_of_pair: bool,
        one: &Language,
        other: Option<&Language>,
        without: &[Rc<Language>],
    ) -> Option<String> {
        let all: Vec<&Language> = [one, &self.valid, &self.in_full]
            .into_iter()
            .chain(other)
            .collect();
        let none: Vec<&Language> = without
            .iter()
            .map(|language| &**language)
            .chain([&self.short_hub])
            .collect();
        let mut work = self.left.get();
        let left = match is_of_pair {
            true => &mut work.of_pairs,
            false => &mut work.alone,
        };
        *left = left.saturating_sub(WORK_OF_A_SEARCH);
        let found = witness_within(&all, &none, BUDGET, left);
        self.is_exhausted.set(self.is_exhausted.get() || found.is_err());
        self.left.set(work);
        let text = found.ok()??;
        // The languages do not know the length of a digest.
        Some(match text.split_once('@') {
            Some((name, digest)) => format!("{name}@{}", digest_of(&digest.replacen(':', ":*", 1))),
            None => text,
        })
    }
}

/// Returns the text that every match of a pattern begins with.
fn beginning(pattern: &Pattern) -> &str {
    let (text, signs): (&str, &[char]) = match pattern {
        Pattern::Parts(parts) => (&parts.name, &['*']),
        Pattern::Written(written) => (&written.text, &['*', '?', '[']),
    };
    text.split(signs).next().unwrap_or_default()
}

/// Returns true if the beginnings of two patterns allow a common match. For most pairs this settles it.
fn begin_alike(one: &Pattern, other: &Pattern) -> bool {
    let (one, other) = (beginning(one), beginning(other));
    one.starts_with(other) || other.starts_with(one)
}

/// Returns the wanted conditions with one condition of the rule above negated, so that this rule does not match;
/// `None` if no setting does that.
pub(super) fn apart<'s>(
    set: &'s Compiled,
    above: &'s Rule,
    wanted: &[Wanted<'s>],
) -> Option<Vec<Wanted<'s>>> {
    above
        .conditions(&set.files)
        .filter(|condition| condition.subject != Subject::Unqualified)
        .find_map(|condition| {
            let mut apart = wanted.to_vec();
            apart.push((condition, false));
            solve(&apart).map(|_| apart)
        })
}

/// Returns true if a rule matches the original image, and the rule that decides it otherwise.
pub(super) fn taken(set: &Compiled, number: usize, image: &str, context: &Context<'_>) -> Taken {
    if Image::parse(image).is_err() {
        return Taken::Not;
    }
    for rule in set.first_round(image, context) {
        let Some(place) = set.position(rule) else {
            continue;
        };
        if place == number {
            return Taken::ByIt;
        }
        let is_warning = set
            .rules
            .get(place)
            .is_some_and(|rule| rule.action == Action::Warn);
        if !is_warning {
            return Taken::By(place);
        }
    }
    Taken::Not
}

//! Lints about the images that reach a rule: none at all, none that the rules above leave, or only denied ones.
//!
//! Each pattern gives a few sample images, which are looked up in the index. Only a rule that matches all of them can
//! cover the pattern, and only such rules are compared in full. So no rule is compared with every other.

use std::cell::{Cell, OnceCell};

use crate::analysis::languages::{self, BUDGET};
use crate::analysis::samples::few;
use crate::analysis::termination::{are_alike, beginning, prefix_of};
use crate::automaton::{Language, witness_within};
use crate::diagnostic::{Code, Diagnostic};
use crate::reference::{Reference, is_path_component, is_tag};
use crate::rules::condition::{Condition, contradiction};
use crate::rules::image::Image;
use crate::rules::pattern::{Pattern, PatternParts};
use crate::rules::rule::Rule;
use crate::rules::{Compiled, RuleId};
use crate::syntax::ast::Action;

/// Maximum work of all searches of one set, in steps (some take a nanosecond). Each rule adds to it.
const WORK: usize = 100_000_000;
const WORK_OF_A_RULE: usize = 2_000;
/// Maximum number of rules above a `deny` that are examined for one swap.
const MOST_ABOVE: usize = 10_000;
/// Maximum number of rules that one rule is compared with, if very many begin alike.
const LOOKED_AT: usize = 1_024;

/// Maximum length of all prefixes of `home` together, in bytes. A language takes a hundred times as much memory.
const LONGEST_HOME: usize = 128 << 10;

pub(super) struct Reach<'r> {
    set: &'r Compiled,
    valid: Language,
    short_hub: Language,
    /// The names at home; `None` if the prefixes are too long together for a search.
    home: Option<Language>,
    /// Remaining work of searches. No ordinary set uses it up; if one does, there are no further findings.
    left: Cell<usize>,
}

impl<'r> Reach<'r> {
    pub(super) fn new(set: &'r Compiled) -> Self {
        Self {
            set,
            valid: languages::valid(),
            short_hub: languages::short_hub(),
            home: home(set),
            left: Cell::new(WORK + WORK_OF_A_RULE * set.rules.len()),
        }
    }

    /// Returns true if no text is in all languages of `all` and in none of `none`; false also if the search gives up.
    fn is_nothing(&self, all: &[&Language], none: &[&Language]) -> bool {
        let mut left = self.left.get();
        let found = witness_within(all, none, BUDGET, &mut left);
        self.left.set(left);
        found == Ok(None)
    }

    /// Reports a pattern that no image can match.
    pub(super) fn matches_nothing(&self, rule: &Rule) -> Option<Diagnostic> {
        let why = match &rule.pattern {
            Pattern::Parts(parts) => impossible(parts)?,
            Pattern::Written(written) => {
                // A loose language of images: a glob that matches none of it certainly matches no image.
                let spelled = languages::spelled();
                let is_empty = self.is_nothing(&[&written.glob.language(), &spelled], &[]);
                is_empty.then_some("no image has this form")?
            }
        };
        Some(
            Diagnostic::warning(
                Code::MATCHES_NOTHING,
                format!("no image can match this pattern: {why}"),
                rule.span,
            )
            .help("write a pattern that an image can match, or remove the rule"),
        )
    }

    /// Reports a rule that no image reaches.
    pub(super) fn never_fires(&self, number: usize, rule: &Rule) -> Option<Diagnostic> {
        if let Some((one, other)) = contradiction(rule.conditions(&self.set.files)) {
            let finding = Diagnostic::warning(
                Code::NEVER_FIRES,
                format!("this rule never fires: no value is both `{one}` and `{other}`"),
                rule.span,
            );
            return Some(finding.help("write a rule for each of the conditions, or remove one of them"));
        }
        if let Some(target) = rule.target.as_ref()
            && self.matches_only_own_images(rule)
        {
            let finding = Diagnostic::warning(
                Code::NEVER_FIRES,
                "this rule never fires: all images that it matches are its target's own images",
                rule.span,
            )
            .label("a swap never matches its target's own images");
            return Some(match &rule.pattern {
                Pattern::Parts(parts) if parts.below && target.below => {
                    let stars = parts.name.bytes().filter(|byte| *byte == b'*').count();
                    let to = target.name();
                    finding.help(format!(
                        "to swap the images right below, write `{}/* -> {to}/{{{}}}`",
                        parts.name,
                        stars + 1
                    ))
                }
                _ => finding.help("choose another target, or remove the rule"),
            });
        }
        let cover = self.cover_of(number, rule)?;
        Some(
            Diagnostic::warning(
                Code::NEVER_FIRES,
                format!(
                    "this rule never fires: `{}`, above it, decides every image that it matches",
                    self.set.name_of(cover)
                ),
                rule.span,
            )
            .label("no image reaches it")
            .also(cover.span, "this rule comes first")
            .help("move it above that rule, or remove it"),
        )
    }

    fn matches_only_own_images(&self, rule: &Rule) -> bool {
        let (Some(target), Pattern::Parts(parts)) = (rule.target.as_ref(), &rule.pattern) else {
            return false;
        };
        // Sample images reject most rules without building a language.
        let mut samples = few(parts).peekable();
        let fits = |sample: String| Image::parse(&sample).is_ok_and(|image| target.has_shape_of(&image));
        are_alike(&prefix_of(target), beginning(&rule.pattern))
            && samples.peek().is_some()
            && samples.all(fits)
            && self.is_nothing(
                &[&languages::of_pattern(&rule.pattern), &self.valid],
                &[&languages::of_shape(target), &self.short_hub],
            )
    }

    /// Returns a rule above that decides every image which the rule matches, in every context.
    fn cover_of(&self, number: usize, rule: &Rule) -> Option<&'r Rule> {
        let Pattern::Parts(parts) = &rule.pattern else {
            return self.cover_of_written(number, rule);
        };
        let mut samples = few(parts);
        let first = samples.next()?;
        let image = Image::parse(&first).ok()?;
        let conditions: Vec<&Condition> = rule.conditions(&self.set.files).collect();
        let namespace = conditions
            .iter()
            .find_map(|condition| condition.only_value_of_namespace());
        // For nearly all rules, no rule above matches even the first sample image, so these are computed only if
        // needed.
        let (others, pattern) = (OnceCell::new(), OnceCell::new());
        self.set
            .index
            .candidates(&image, namespace)
            .take(LOOKED_AT)
            // Candidates are in the order of the set, so the first one below the rule ends the search.
            .take_while(|above| above.place().is_some_and(|place| place < number))
            .filter_map(|above| self.set.rule(above))
            .filter(|above| self.may_cover(above, &conditions))
            .filter(|above| {
                let others = others.get_or_init(|| samples.clone().collect::<Vec<String>>());
                above.pattern.matches(&image)
                    && others
                        .iter()
                        .all(|sample| Image::parse(sample).is_ok_and(|image| above.pattern.matches(&image)))
            })
            .find(|above| {
                let pattern = pattern.get_or_init(|| languages::of_pattern(&rule.pattern));
                self.covers(above, pattern)
            })
    }

    /// Returns the rule above that covers a glob over the original image: one with the same glob, or one that matches
    /// every image.
    fn cover_of_written(&self, number: usize, rule: &Rule) -> Option<&'r Rule> {
        // Globs are few, and the index does not order them by the images that they match, so the search covers a
        // bounded number of rules.
        const LOOKED_AT: usize = 256;
        let conditions: Vec<&Condition> = rule.conditions(&self.set.files).collect();
        self.set
            .rules
            .get(number.saturating_sub(LOOKED_AT)..number)?
            .iter()
            .find(|above| {
                let is_same = above.pattern == rule.pattern;
                // Languages describe canonical names, and globs match original images, so only equal globs compare.
                let is_all = match &above.pattern {
                    Pattern::Parts(parts) => {
                        &*parts.name == "**" && parts.tag.is_none() && parts.digest.is_none()
                    }
                    Pattern::Written(written) => &*written.text == "*",
                };
                (is_same || is_all) && above.target.is_none() && self.may_cover(above, &conditions)
            })
    }

    /// Returns true if a rule decides, is not off, and has no condition that the other rule does not have.
    fn may_cover(&self, above: &Rule, conditions: &[&Condition]) -> bool {
        above.action != Action::Warn
            && !above.is_off
            && above
                .conditions(&self.set.files)
                .all(|asked| conditions.contains(&asked))
    }

    /// Returns true if a rule matches all names of a language, and its guards exclude none of them.
    fn covers(&self, above: &Rule, language: &Language) -> bool {
        // A glob can match an original image and not the same image in canonical form.
        if matches!(above.pattern, Pattern::Written(_)) {
            return false;
        }
        let within = languages::of_pattern(&above.pattern);
        if !self.is_nothing(&[language, &self.valid], &[&within, &self.short_hub]) {
            return false;
        }
        let Some(target) = above.target.as_ref() else {
            return true;
        };
        // A guard of the rule above may leave images to this one.
        let is_untouched =
            |guard: &Language| self.is_nothing(&[language, guard, &self.valid], &[&self.short_hub]);
        is_untouched(&languages::of_shape(target))
            && (!above.pattern.is_open() || self.home.as_ref().is_some_and(is_untouched))
    }

    /// Reports a swap whose every result is denied: the first rule that decides any of the results denies all of
    /// them.
    pub(super) fn always_denied(&self, rule: &Rule) -> Option<Diagnostic> {
        let target = rule.target.as_ref()?;
        let prefix = prefix_of(target);
        if prefix.is_empty() {
            return None;
        }
        let mut sample = prefix.clone();
        if target.below || target.shape().is_some() || !sample.contains('/') {
            // Any name below the prefix serves, because only rules that match all results matter.
            sample.push_str("/sample");
        }
        for (sign, part) in [(':', target.tag()), ('@', target.digest())] {
            if let Some(part) = part {
                sample.push(sign);
                sample.push_str(part);
            }
        }
        let image = Image::parse(&sample).ok()?;
        let conditions: Vec<&Condition> = rule.conditions(&self.set.files).collect();
        let namespace = conditions
            .iter()
            .find_map(|condition| condition.only_value_of_namespace());
        let denies = |id: &RuleId| {
            self.set
                .rule(*id)
                .is_some_and(|rule| rule.action == Action::Deny && rule.pattern.matches(&image))
        };
        let deny = self
            .set
            .index
            .candidates(&image, namespace)
            .take(LOOKED_AT)
            .find(denies)?
            .place()?;
        if deny > MOST_ABOVE {
            return None;
        }
        let results = languages::of_results(&rule.pattern, target);
        // No rule above it may match some of the results, so that they are not denied.
        // In the order of the set: the first rule that matches any result decides whether all are denied.
        for (number, above) in self.set.rules.iter().enumerate().take(deny + 1) {
            if above.is_off || above.action == Action::Warn || std::ptr::eq(above, rule) {
                continue;
            }
            if number == deny {
                let is_covered = self.may_cover(above, &conditions) && self.covers(above, &results);
                return is_covered.then(|| {
                    Diagnostic::warning(
                        Code::ALWAYS_REFUSED,
                        format!(
                            "every result of this swap is denied, by `{}`",
                            self.set.name_of(above)
                        ),
                        rule.span,
                    )
                    .label("its results are evaluated again")
                    .also(above.span, "and denied here")
                    .help("add a `keep` for the results above the `deny`, or choose another target")
                });
            }
            let takes_some = are_alike(&prefix, beginning(&above.pattern))
                && !self.is_nothing(
                    &[&results, &languages::of_pattern(&above.pattern), &self.valid],
                    &[&self.short_hub],
                );
            if takes_some {
                return None;
            }
        }
        None
    }
}

/// Returns the reason why no image can match, if there is one.
fn impossible(parts: &PatternParts) -> Option<&'static str> {
    let (registry, path) = (parts.registry(), parts.path());
    if !registry.contains('*') && Reference::parse(&format!("{registry}/x")).is_err() {
        return Some("no registry has this form");
    }
    let host = registry.split(':').next().unwrap_or_default();
    if !registry.starts_with(['[', '*']) && host.split('.').any(str::is_empty)
        || host.split('.').skip(1).any(str::is_empty)
    {
        return Some("no registry has this form");
    }
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if segment.contains(|character: char| character.is_ascii_uppercase()) {
            return Some("a repository has no upper-case letters");
        }
        if !segment.contains('*') && !is_path_component(segment) {
            return Some("no segment of a repository has this form");
        }
        if segment != "**" && segment.contains('*') && !could_be(segment) {
            return Some("no segment of a repository has this form");
        }
    }
    let least = path.bytes().filter(|byte| *byte != b'*').count();
    if least > 255 {
        return Some("a repository has at most 255 bytes");
    }
    // A wildcard may be empty, so a tag with one can be a little longer than the limit.
    match parts.tag.as_deref() {
        Some(tag) if !tag.contains('*') && !is_tag(tag) => Some("no tag has this form"),
        Some(tag) if tag.len() > 130 || tag.starts_with(['.', '-']) => Some("no tag has this form"),
        _ => digest_is_impossible(parts.digest.as_deref()?).then_some("no digest has this form"),
    }
}

/// Returns true if a segment with wildcards can be part of a repository, with some text for the wildcards.
fn could_be(segment: &str) -> bool {
    ["a", ""]
        .iter()
        .any(|text| is_path_component(&segment.replace('*', text)))
        || is_path_component(&segment.replacen('*', "", 1).replace('*', "a"))
        || is_path_component(&segment.replacen('*', "a", 1).replace('*', ""))
}

fn digest_is_impossible(digest: &str) -> bool {
    if digest.contains('*') {
        let (algorithm, hex) = digest.split_once(':').unwrap_or(("*", digest));
        let known = ["sha256", "sha512"]
            .iter()
            .any(|known| crate::rules::pattern::match_glob(algorithm, known));
        return !known
            || !hex.bytes().all(|byte| {
                byte == b'*' || byte == b':' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
            }) && digest.contains(':');
    }
    !crate::reference::is_digest(digest)
}

/// Returns the names at home; `None` if there are too many prefixes.
fn home(set: &Compiled) -> Option<Language> {
    let length: usize = set.home.iter().map(|prefix| prefix.len()).sum();
    (length <= LONGEST_HOME).then(|| languages::at_home(set.home.iter()))
}

//! Lints of what a rule reaches: nothing at all, nothing that is left to it, or only what is refused.
//!
//! A few images are made of each pattern and looked up in the index: only what matches them all can cover the pattern,
//! and that is compared in full. So no rule is compared with every other.

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

/// The work of all searches of one set, in steps, some of which take a nanosecond: and more for each rule.
const WORK: usize = 100_000_000;
const WORK_OF_A_RULE: usize = 2_000;
/// The rules above a `deny` that are looked at for one swap.
const MOST_ABOVE: usize = 10_000;
/// The rules that one rule is compared with at most, where very many begin alike.
const LOOKED_AT: usize = 1_024;

pub(super) struct Reach<'r> {
    set: &'r Compiled,
    valid: Language,
    short_hub: Language,
    home: Language,
    /// The work that is left for searches: no ordinary set needs as much. Where it is used up, nothing more is said.
    left: Cell<usize>,
}

impl<'r> Reach<'r> {
    pub(super) fn new(set: &'r Compiled) -> Self {
        Self {
            set,
            valid: languages::valid(),
            short_hub: languages::short_hub(),
            home: languages::at_home(set.home.iter()),
            left: Cell::new(WORK + WORK_OF_A_RULE * set.rules.len()),
        }
    }

    /// Whether no text is in all of some languages and in none of others, as far as can be told.
    fn is_nothing(&self, all: &[&Language], none: &[&Language]) -> bool {
        let mut left = self.left.get();
        let found = witness_within(all, none, BUDGET, &mut left);
        self.left.set(left);
        found == Ok(None)
    }

    /// A pattern that no image can match.
    pub(super) fn matches_nothing(&self, rule: &Rule) -> Option<Diagnostic> {
        let why = match &rule.pattern {
            Pattern::Parts(parts) => impossible(parts)?,
            Pattern::Written(written) => {
                let spelled = languages::spelled();
                let is_empty = self.is_nothing(&[&written.glob.language(), &spelled], &[]);
                is_empty.then_some("no image is spelled like that")?
            }
        };
        Some(
            Diagnostic::warning(
                Code::MATCHES_NOTHING,
                format!("no image can match this pattern: {why}"),
                rule.span,
            )
            .help("mend the pattern, or remove the rule"),
        )
    }

    /// A rule that no image is left for.
    pub(super) fn never_fires(&self, number: usize, rule: &Rule) -> Option<Diagnostic> {
        if let Some((one, other)) = contradiction(rule.conditions(&self.set.files)) {
            let finding = Diagnostic::warning(
                Code::NEVER_FIRES,
                format!("this rule never fires: nothing is both `{one}` and `{other}`"),
                rule.span,
            );
            return Some(
                finding.help("write the rule once for each of them, or remove one of the conditions"),
            );
        }
        if let Some(target) = rule.target.as_ref()
            && self.is_within_own_shape(rule)
        {
            let finding = Diagnostic::warning(
                Code::NEVER_FIRES,
                "this rule never fires: all that it matches has the shape of its own target",
                rule.span,
            )
            .label("what has arrived is not moved");
            return Some(match &rule.pattern {
                Pattern::Parts(parts) if parts.below && target.below => {
                    let stars = parts.name.bytes().filter(|byte| *byte == b'*').count();
                    let to = target.name();
                    finding.help(format!(
                        "to move what lies right below, write `{}/* -> {to}/{{{}}}`",
                        parts.name,
                        stars + 1
                    ))
                }
                _ => finding.help("lead it to another place, or remove the rule"),
            });
        }
        let cover = self.cover_of(number, rule)?;
        Some(
            Diagnostic::warning(
                Code::NEVER_FIRES,
                format!(
                    "this rule never fires: `{}`, above it, decides all that it matches",
                    self.set.name_of(cover)
                ),
                rule.span,
            )
            .label("no image is left for it")
            .also(cover.span, "this rule comes first")
            .help("move it above that rule, or remove it"),
        )
    }

    fn is_within_own_shape(&self, rule: &Rule) -> bool {
        let (Some(target), Pattern::Parts(parts)) = (rule.target.as_ref(), &rule.pattern) else {
            return false;
        };
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

    /// A rule above that decides every image which the rule matches, in every context.
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
        // Of nearly all rules nothing above them matches even the first.
        let (others, pattern) = (OnceCell::new(), OnceCell::new());
        self.set
            .index
            .candidates(&image, namespace)
            .take(LOOKED_AT)
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

    /// A glob over the spelling is compared with what is the same, and with what matches every image.
    fn cover_of_written(&self, number: usize, rule: &Rule) -> Option<&'r Rule> {
        // Globs are looked for among a bounded number of rules: they are few, and not in the index by what they match.
        const LOOKED_AT: usize = 256;
        let conditions: Vec<&Condition> = rule.conditions(&self.set.files).collect();
        self.set
            .rules
            .get(number.saturating_sub(LOOKED_AT)..number)?
            .iter()
            .find(|above| {
                let is_same = above.pattern == rule.pattern;
                let is_all = match &above.pattern {
                    Pattern::Parts(parts) => {
                        &*parts.name == "**" && parts.tag.is_none() && parts.digest.is_none()
                    }
                    Pattern::Written(written) => &*written.text == "*",
                };
                (is_same || is_all) && above.target.is_none() && self.may_cover(above, &conditions)
            })
    }

    /// Whether a rule decides, is on, and asks nothing that the other does not ask as well.
    fn may_cover(&self, above: &Rule, conditions: &[&Condition]) -> bool {
        above.action != Action::Warn
            && !above.is_off
            && above
                .conditions(&self.set.files)
                .all(|asked| conditions.contains(&asked))
    }

    /// Whether a rule matches the whole of a language, and its guards leave nothing of it to others.
    fn covers(&self, above: &Rule, language: &Language) -> bool {
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
        let is_untouched =
            |guard: &Language| self.is_nothing(&[language, guard, &self.valid], &[&self.short_hub]);
        is_untouched(&languages::of_shape(target)) && (!above.pattern.is_open() || is_untouched(&self.home))
    }

    /// A swap whose every result is refused: the first rule that decides any of them denies them all.
    pub(super) fn always_refused(&self, rule: &Rule) -> Option<Diagnostic> {
        let target = rule.target.as_ref()?;
        let prefix = prefix_of(target);
        if prefix.is_empty() {
            return None;
        }
        let mut sample = prefix.clone();
        if target.below || target.shape().is_some() || !sample.contains('/') {
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
        // Nothing above it may take a part of the results.
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
                            "every result of this swap is refused, by `{}`",
                            self.set.name_of(above)
                        ),
                        rule.span,
                    )
                    .label("its results are decided again")
                    .also(above.span, "and refused here")
                    .help("keep what has arrived, with a `keep` above, or lead the rule elsewhere")
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

/// Why no image can match, if that is so.
fn impossible(parts: &PatternParts) -> Option<&'static str> {
    let (registry, path) = (parts.registry(), parts.path());
    if !registry.contains('*') && Reference::parse(&format!("{registry}/x")).is_err() {
        return Some("no registry is spelled like that");
    }
    let host = registry.split(':').next().unwrap_or_default();
    if !registry.starts_with(['[', '*']) && host.split('.').any(str::is_empty)
        || host.split('.').skip(1).any(str::is_empty)
    {
        return Some("no registry is spelled like that");
    }
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if segment.contains(|character: char| character.is_ascii_uppercase()) {
            return Some("a repository is in lower case");
        }
        if !segment.contains('*') && !is_path_component(segment) {
            return Some("no segment of a repository is spelled like that");
        }
        if segment != "**" && segment.contains('*') && !could_be(segment) {
            return Some("no segment of a repository is spelled like that");
        }
    }
    let least = path.bytes().filter(|byte| *byte != b'*').count();
    if least > 255 {
        return Some("a repository has 255 bytes at most");
    }
    match parts.tag.as_deref() {
        Some(tag) if !tag.contains('*') && !is_tag(tag) => Some("no tag is spelled like that"),
        Some(tag) if tag.len() > 130 || tag.starts_with(['.', '-']) => Some("no tag is spelled like that"),
        _ => digest_is_impossible(parts.digest.as_deref()?).then_some("no digest is spelled like that"),
    }
}

/// Whether a segment with wildcards can be one of a repository: with some text in their place.
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

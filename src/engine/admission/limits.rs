//! Limits of the texts of an answer: each text that is cut or left out leaves a mark or a number behind.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::rules::RuleId;

/// Maximum number of warnings. It limits the memory for a hostile object, and is more than any real object needs.
const MAX_WARNINGS: usize = 50;
/// Maximum length of all warnings of an answer, in characters. If the warnings of a request have more than 4,096, the
/// API server cuts each to 256 and drops the last ones, without a mark. The rest is for those of others.
const MAX_WARNINGS_LENGTH: usize = 3072;
/// Maximum length of a warning of an answer with too many characters.
const MAX_CUT_WARNING: usize = 256;
/// Maximum length of the lines of a denial, in bytes. The API server has no limit, and kubectl and events show all.
const MAX_DENIAL_LENGTH: usize = 16 << 10;
/// Maximum number of rules in the audit annotation, and their maximum length in bytes. The API server has no limit, and
/// each request is a line of its audit log.
const MAX_RULES: usize = 100;
const MAX_RULES_LENGTH: usize = 4 << 10;

/// Length of the text about a number of others.
const COUNT: usize = 80;
/// End of a text that was cut.
const CUT: &str = "...";

/// The warnings of an answer, each once.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    texts: Vec<String>,
    omitted: usize,
}

/// The lines of a denial.
#[derive(Debug, Default)]
pub(super) struct Denials {
    lines: Vec<String>,
    length: usize,
    omitted: usize,
}

/// The rules of the audit annotation, each once.
#[derive(Debug, Default)]
pub(super) struct NamedRules<'a> {
    named: Vec<(RuleId, Cow<'a, str>)>,
    length: usize,
    omitted: HashSet<RuleId>,
}

impl Warnings {
    pub(super) fn add(&mut self, text: String) {
        match self.texts.len() {
            // The containers of a Pod often share an image and a rule, and one line about both is enough.
            _ if self.texts.contains(&text) => {}
            0..MAX_WARNINGS => self.texts.push(text),
            _ => self.omitted += 1,
        }
    }

    /// Returns the warnings within the limits. If they are too long together, long ones are cut, the first ones follow,
    /// and the last one is the number of the others.
    pub(super) fn into_texts(self) -> Vec<String> {
        let Self {
            mut texts,
            mut omitted,
        } = self;
        let length = |texts: &[String]| texts.iter().map(|text| text.chars().count()).sum::<usize>();
        let room = MAX_WARNINGS_LENGTH - COUNT;
        if length(&texts) > if omitted > 0 { room } else { MAX_WARNINGS_LENGTH } {
            texts.iter_mut().for_each(cut);
            let mut used = 0;
            let fits = |text: &&String| {
                used += text.chars().count();
                used <= room
            };
            let fitting = texts.iter().take_while(fits).count();
            omitted += texts.len() - fitting;
            texts.truncate(fitting);
        }
        if omitted > 0 {
            let plural = if omitted == 1 { "" } else { "s" };
            texts.push(format!("imageswap: {omitted} more warning{plural}"));
        }
        texts
    }
}

/// Cuts a warning at a character. Its bytes are valid UTF-8 before and after.
fn cut(text: &mut String) {
    if text.chars().nth(MAX_CUT_WARNING).is_some()
        && let Some((end, _)) = text.char_indices().nth(MAX_CUT_WARNING - CUT.len())
    {
        text.truncate(end);
        text.push_str(CUT);
    }
}

impl Denials {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds a line. The first one always fits, since each is bounded.
    pub(super) fn add(&mut self, line: String) {
        let length = self.length + line.len() + 1;
        if self.omitted == 0 && (self.lines.is_empty() || length <= MAX_DENIAL_LENGTH - COUNT) {
            self.length = length;
            self.lines.push(line);
        } else {
            self.omitted += 1;
        }
    }

    /// Returns the lines, and a last one with the number of the others; `None` if there are none.
    pub(super) fn text(&self, dry_run: bool) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let mut text = self.lines.join("\n");
        let verb = match self.omitted {
            _ if dry_run => "would be denied",
            1 => "is denied",
            _ => "are denied",
        };
        match self.omitted {
            0 => {}
            1 => text.push_str(&format!("\nimageswap: 1 more image {verb}")),
            omitted => text.push_str(&format!("\nimageswap: {omitted} more images {verb}")),
        }
        Some(text)
    }
}

impl<'a> NamedRules<'a> {
    pub(super) fn add(&mut self, rule: RuleId, name: impl FnOnce() -> Cow<'a, str>) {
        if self.named.iter().any(|(named, _)| *named == rule) {
            return;
        }
        if self.omitted.is_empty() && self.named.len() < MAX_RULES {
            let name = name();
            let length = self.length + name.len() + 1;
            if length <= MAX_RULES_LENGTH - COUNT {
                self.length = length;
                self.named.push((rule, name));
                return;
            }
        }
        self.omitted.insert(rule);
    }

    /// Returns the names, separated by commas, and as the last one the number of the others in parentheses, which no
    /// name has; `None` if there are none.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match (self.named.as_slice(), self.omitted.len()) {
            ([], 0) => None,
            ([(_, only)], 0) => Some(Cow::Borrowed(only)),
            (named, omitted) => {
                let mut names: Vec<&str> = named.iter().map(|(_, name)| name.as_ref()).collect();
                let more = format!("({omitted} more)");
                if omitted > 0 {
                    names.push(&more);
                }
                Some(names.join(",").into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn warnings(texts: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut warnings = Warnings::default();
        texts.into_iter().for_each(|text| warnings.add(text));
        warnings.into_texts()
    }

    /// Returns a text of this length, in characters of several bytes.
    fn text(number: usize, length: usize) -> String {
        let start = format!("imageswap: {number:04} ");
        let rest = "ö".repeat(length - start.len());
        start + &rest
    }

    #[test]
    fn warnings_at_the_limit_are_whole_and_one_character_more_cuts_all() {
        let at_limit = [text(0, 1000), text(1, 1000), text(2, 1072)];
        assert_eq!(warnings(at_limit.clone()), at_limit);
        let [first, second, _] = at_limit;
        let beyond = warnings([first, second, text(2, 1073), "imageswap: short".to_owned()]);
        assert_eq!(beyond.len(), 4);
        for cut in &beyond[..3] {
            assert_eq!(cut.chars().count(), 256);
            assert!(cut.ends_with("ö..."), "{cut}");
        }
        assert_eq!(beyond[3], "imageswap: short");
    }

    #[test]
    fn warnings_that_do_not_fit_are_counted() {
        let many = warnings((0..50).map(|number| text(number, 300)));
        assert_eq!(many.len(), 12);
        assert_eq!(many[11], "imageswap: 39 more warnings");
        // The limit of their number counts too.
        let many = warnings((0..90).map(|number| text(number, 30)));
        assert_eq!(
            (many.len(), many[50].as_str()),
            (51, "imageswap: 40 more warnings")
        );
        let one_more = warnings((0..51).map(|number| text(number, 30)));
        assert_eq!(one_more[50], "imageswap: 1 more warning");
        let repeated = warnings((0..1000).map(|_| text(0, 300)));
        assert_eq!(repeated, [text(0, 300)]);
    }

    #[test]
    fn denials_that_do_not_fit_are_counted() {
        let mut denials = Denials::default();
        assert_eq!(denials.text(false), None);
        (0..1000).for_each(|number| denials.add(text(number, 60)));
        let all = denials.text(false).unwrap();
        assert!(all.len() <= MAX_DENIAL_LENGTH && all.len() > MAX_DENIAL_LENGTH - 300);
        let shown = all.lines().count() - 1;
        let last = all.lines().last().unwrap();
        assert_eq!(
            last,
            format!("imageswap: {} more images are denied", 1000 - shown)
        );
        let dry = denials.text(true).unwrap();
        assert!(dry.ends_with(" more images would be denied"), "{dry}");
    }

    #[test]
    fn rules_that_do_not_fit_are_counted_once_each() {
        let mut rules = NamedRules::default();
        assert_eq!(rules.text(), None);
        for _ in 0..2 {
            for number in 0..150 {
                rules.add(RuleId::new(number).unwrap(), || format!("r{number}").into());
            }
        }
        let text = rules.text().unwrap();
        assert!(
            text.starts_with("r0,r1,") && text.ends_with(",r99,(50 more)"),
            "{text}"
        );
        let mut rules = NamedRules::default();
        for number in 0..50 {
            rules.add(RuleId::new(number).unwrap(), || format!("{number:0200}").into());
        }
        let text = rules.text().unwrap();
        assert!(text.len() <= MAX_RULES_LENGTH, "{}", text.len());
        assert!(text.ends_with(",(31 more)"), "{text}");
    }

    proptest! {
        #[test]
        fn every_warning_is_shown_or_counted_within_the_limit(
            texts in prop::collection::vec("[a-z\u{e9}\u{1f433}]{0,700}", 0..80),
        ) {
            let distinct: HashSet<&String> = texts.iter().collect();
            let shown = warnings(texts.clone());
            let count = |text: &String| text.chars().count();
            prop_assert!(shown.iter().map(count).sum::<usize>() <= MAX_WARNINGS_LENGTH);
            let more = shown.last().and_then(|last| {
                last.strip_prefix("imageswap: ")?.split(' ').next()?.parse::<usize>().ok()
            });
            let whole = shown.len() - usize::from(more.is_some());
            prop_assert!(whole + more.unwrap_or(0) >= distinct.len());
            for (shown, text) in shown.iter().take(whole).zip(&texts) {
                if let Some(start) = shown.strip_suffix(CUT) {
                    prop_assert!(texts.iter().any(|text| text.starts_with(start)));
                } else {
                    prop_assert!(texts.contains(shown), "{text}");
                }
            }
        }
    }
}

//! A list of findings, of bounded length.

use std::ops::Deref;

use super::finding::Diagnostic;
use super::severity::Severity;

/// Findings, in the order in which they were added, until they are sorted.
///
/// A text of 8 MiB can have millions. The first [`Findings::MAX`] are kept, errors before warnings and warnings before
/// notices, and the others are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    list: Vec<Diagnostic>,
    kept: Counts,
    omitted: Counts,
}

/// Numbers of findings, from notices to errors.
type Counts = [usize; 3];

const LEAST_FIRST: [Severity; 3] = [Severity::Notice, Severity::Warning, Severity::Error];

impl Findings {
    /// Maximum number of findings that are kept.
    pub const MAX: usize = 1000;

    /// Adds a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        let severity = finding.severity;
        if self.list.len() >= Self::MAX && !self.omit_lesser(severity) {
            *of(&mut self.omitted, severity) += 1;
            return;
        }
        *of(&mut self.kept, severity) += 1;
        self.list.push(finding);
    }

    /// Adds the findings of another list, and those that it only counts.
    pub fn append(&mut self, other: Self) {
        self.extend(other.list);
        for (omitted, others) in self.omitted.iter_mut().zip(other.omitted) {
            *omitted += others;
        }
    }

    /// Returns the number of findings of a severity, with those that are not kept.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let mut kept = self.kept;
        *of(&mut kept, severity) + self.omitted_of(severity)
    }

    /// Returns the number of findings that are not kept.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted.iter().sum()
    }

    /// Returns the number of findings of a severity that are not kept.
    #[must_use]
    pub fn omitted_of(&self, severity: Severity) -> usize {
        let mut omitted = self.omitted;
        *of(&mut omitted, severity)
    }

    /// Returns true if one of them is an error, so that the set does not load.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Sorts findings by position in the texts; at the same position, errors come first.
    pub fn sort(&mut self) {
        self.list
            .sort_by_key(|finding| (finding.span(), finding.severity != Severity::Error));
    }

    /// Removes the last of the findings with the lowest severity, if that is lower than this one.
    fn omit_lesser(&mut self, severity: Severity) -> bool {
        let mut lesser = LEAST_FIRST.into_iter().take_while(|lesser| *lesser < severity);
        let Some(lesser) = lesser.find(|lesser| *of(&mut self.kept, *lesser) > 0) else {
            return false;
        };
        if let Some(last) = self.list.iter().rposition(|finding| finding.severity == lesser) {
            self.list.remove(last);
            *of(&mut self.kept, lesser) -= 1;
            *of(&mut self.omitted, lesser) += 1;
        }
        true
    }
}

/// Returns the number of a severity.
fn of(counts: &mut Counts, severity: Severity) -> &mut usize {
    let [notices, warnings, errors] = counts;
    match severity {
        Severity::Notice => notices,
        Severity::Warning => warnings,
        Severity::Error => errors,
    }
}

impl Deref for Findings {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.list
    }
}

impl FromIterator<Diagnostic> for Findings {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(findings: I) -> Self {
        let mut list = Self::default();
        list.extend(findings);
        list
    }
}

impl Extend<Diagnostic> for Findings {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

// There is no `IntoIterator` by value: a list that is added by `extend` would lose the findings that it only counts.
impl<'f> IntoIterator for &'f Findings {
    type Item = &'f Diagnostic;
    type IntoIter = std::slice::Iter<'f, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::code::Code;
    use super::super::source::Span;
    use super::*;

    /// Returns a finding whose message is its number.
    fn finding(severity: Severity, number: usize) -> Diagnostic {
        Diagnostic::new(
            severity,
            Code::MAP_LINE_SKIPPED,
            number.to_string(),
            Span::default(),
        )
    }

    fn messages(findings: &Findings) -> Vec<&str> {
        findings.iter().map(|finding| finding.message.as_str()).collect()
    }

    #[test]
    fn error_after_many_warnings_is_kept() {
        let warnings = (0..Findings::MAX + 5).map(|number| finding(Severity::Warning, number));
        let mut findings: Findings = warnings.collect();
        assert!(!findings.has_errors());
        findings.push(finding(Severity::Error, 7777));
        findings.push(finding(Severity::Notice, 8888));
        assert!(findings.has_errors());
        assert_eq!((findings.len(), findings.omitted()), (Findings::MAX, 7));
        assert_eq!(findings.omitted_of(Severity::Warning), 6);
        assert_eq!(findings.last().map(|last| last.message.as_str()), Some("7777"));
        assert_eq!(findings.count(Severity::Warning), Findings::MAX + 5);
        assert_eq!(findings.count(Severity::Notice), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        // Files are parsed in several lists, whose number depends on the processors.
        #[test]
        fn lists_that_are_joined_equal_one_list(
            severities in prop::collection::vec(0..3usize, 0..3 * Findings::MAX), cut in 0..3 * Findings::MAX,
        ) {
            let all: Vec<Diagnostic> = (0..)
                .zip(severities)
                .map(|(number, severity)| finding(LEAST_FIRST[severity], number))
                .collect();
            let (first, second) = all.split_at(cut.min(all.len()));
            let mut joined: Findings = first.iter().cloned().collect();
            joined.append(second.iter().cloned().collect());
            let whole: Findings = all.iter().cloned().collect();
            prop_assert_eq!(joined.omitted(), whole.omitted());
            for severity in LEAST_FIRST {
                prop_assert_eq!(joined.count(severity), whole.count(severity));
            }
            prop_assert_eq!(messages(&joined), messages(&whole));
            let mut kept: Vec<&Diagnostic> = all.iter().collect();
            kept.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            kept.truncate(Findings::MAX);
            prop_assert!(kept.iter().all(|finding| whole.contains(finding)));
        }
    }
}

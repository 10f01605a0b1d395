//! The rules of several lists, in the order of the set.

use smallvec::SmallVec;

use crate::rules::id::RuleId;

/// Number of lists from which the smallest first element is searched. The rules of more lists are sorted.
const FEW: usize = 24;

/// Rules that may match an image, in the order of the set.
#[derive(Default)]
pub(crate) struct Candidates<'i> {
    lists: SmallVec<[&'i [RuleId]; 12]>,
    /// Rules of very many lists, the last one first.
    sorted: Vec<RuleId>,
    /// The last rule that was returned: a rule may be in several lists.
    last: Option<RuleId>,
}

impl<'i> Candidates<'i> {
    /// Returns every rule of a set.
    pub(crate) fn all(rules: &'i [RuleId]) -> Self {
        let mut found = Self::default();
        found.add(rules);
        found
    }

    /// Adds a list. One that is added again makes no difference.
    pub(super) fn add(&mut self, list: &'i [RuleId]) {
        if !list.is_empty() {
            self.lists.push(list);
        }
    }

    fn smallest(&mut self) -> Option<RuleId> {
        if self.lists.len() > FEW {
            // A text may have the same part many times.
            self.lists.sort_unstable_by_key(|list| list.as_ptr());
            self.lists.dedup_by_key(|list| list.as_ptr());
            self.sorted = self.lists.drain(..).flatten().copied().collect();
            self.sorted.sort_unstable_by(|one, other| other.cmp(one));
        }
        if let Some(rule) = self.sorted.pop() {
            return Some(rule);
        }
        // The lists are few and each is sorted, so the smallest first element is the next rule.
        let (at, rule) = self
            .lists
            .iter()
            .enumerate()
            .filter_map(|(at, list)| Some((at, *list.first()?)))
            .min_by_key(|(_, rule)| *rule)?;
        let list = self.lists.get_mut(at)?;
        *list = list.split_first()?.1;
        if list.is_empty() {
            self.lists.swap_remove(at);
        }
        Some(rule)
    }
}

impl Iterator for Candidates<'_> {
    type Item = RuleId;

    fn next(&mut self) -> Option<RuleId> {
        let mut next = self.smallest()?;
        while self.last == Some(next) {
            next = self.smallest()?;
        }
        self.last = Some(next);
        Some(next)
    }
}

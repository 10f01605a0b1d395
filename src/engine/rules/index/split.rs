//! A long list of the index, split by the parts that its rules need.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::needs::{Field, Lengths, NeededPart, Texts, each_part};
use crate::context::Context;
use crate::rules::id::RuleId;
use crate::rules::image::Image;

/// The parts by which a list is split.
#[derive(Debug)]
pub(super) struct ListSplit {
    /// Fields of the parts, and the lengths of the parts in each.
    fields: Box<[(Field, Lengths)]>,
}

impl ListSplit {
    /// Returns true if some rules are filed under values of the context.
    pub(super) fn has_values(&self) -> bool {
        self.fields
            .iter()
            .any(|(field, _)| matches!(field, Field::Value(_)))
    }

    /// Visits the hashes of the lists whose rules may match: those without a part, and those of the parts that an image
    /// and its context have.
    pub(super) fn each_list(
        &self,
        list: u64,
        image: &Image<'_>,
        context: &Context<'_>,
        mut visit: impl FnMut(u64),
    ) {
        visit(of_rest(list));
        each_part(&self.fields, image, context, |part| visit(of_part(list, part)));
    }
}

/// Parts of at most this many rules are equally good.
const RARE: u32 = 16;

/// Chooses the parts by which a list is split.
pub(super) struct Splitter<N> {
    rules: Vec<RuleId>,
    needs: N,
    /// Number of rules that need a part.
    counts: HashMap<u64, u32, FixedState>,
}

impl<N: Fn(RuleId) -> Vec<Texts>> Splitter<N> {
    pub(super) fn new(rules: impl Iterator<Item = RuleId>, needs: N) -> Self {
        let rules: Vec<RuleId> = rules.collect();
        let mut counts: HashMap<u64, u32, FixedState> = HashMap::default();
        for part in rules.iter().flat_map(|rule| needs(*rule)).flatten().flatten() {
            *counts.entry(part.hash).or_default() += 1;
        }
        Self { rules, needs, counts }
    }

    /// Files the rules under the parts that the fewest rules need; `None` if no rule needs any.
    pub(super) fn split(&self, list: u64, filed: &mut Vec<(u64, RuleId)>) -> Option<ListSplit> {
        let begin = filed.len();
        let mut fields: HashMap<Field, Lengths, FixedState> = HashMap::default();
        for rule in &self.rules {
            // The needs are not kept between the two passes, because they take much memory.
            let needs = (self.needs)(*rule);
            // The first of equally rare ones is that of the pattern. An explanation shows rules whose pattern matches, so
            // a list that is split by values is whole for it.
            let rarest = needs.iter().map(|texts| self.rarest(texts));
            let chosen = rarest.min_by_key(|(count, _)| count.saturating_sub(RARE));
            match chosen {
                // A rule that is filed under as many parts as there are rules is not found faster, and takes much memory: one
                // for hundreds of namespaces is in as many lists already.
                Some((count, mut parts)) if (count as usize) < self.rules.len() && !parts.is_empty() => {
                    for part in &parts {
                        *fields.entry(part.field).or_default() |= part.length;
                    }
                    // The same part twice would list the rule twice.
                    parts.sort_unstable_by_key(|part| part.hash);
                    parts.dedup_by_key(|part| part.hash);
                    filed.extend(parts.iter().map(|part| (of_part(list, part.hash), *rule)));
                }
                Some(_) | None => filed.push((of_rest(list), *rule)),
            }
        }
        if fields.is_empty() {
            filed.truncate(begin);
            return None;
        }
        let mut fields: Vec<(Field, Lengths)> = fields.into_iter().collect();
        fields.sort_unstable();
        Some(ListSplit {
            fields: fields.into(),
        })
    }

    /// Returns the rarest part of each text, and the number of rules that need these parts.
    fn rarest(&self, texts: &Texts) -> (u32, Vec<NeededPart>) {
        let mut sum = 0;
        let rarest = texts.iter().filter_map(|parts| {
            let count = |part: &NeededPart| self.counts.get(&part.hash).copied().unwrap_or_default();
            // Of equally rare parts, a longer one is in fewer images.
            let rarest = parts
                .iter()
                .min_by_key(|part| (count(part), std::cmp::Reverse(part.length)))?;
            sum += count(rarest);
            Some(*rarest)
        });
        let rarest = rarest.collect();
        (sum, rarest)
    }
}

fn of_rest(list: u64) -> u64 {
    of_part(list, 0x5a17)
}

fn of_part(list: u64, part: u64) -> u64 {
    (list.rotate_left(29) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

//! Fights: a controller puts the original image back into a place, and the webhook swaps it again, again and again.
//!
//! A place is an image of a named Pod, with its owner. Its original image comes back in two ways:
//! - An UPDATE replaces the image that the rules produce by one for which they produce it. The review itself shows this,
//!   so a replica that sees no other review of the Pod sees it too.
//! - A CREATE has the name of a Pod that was created before. [`Fights`] remembers the last places, and counts.
//!
//! Pods with generated names are other places each time, so many Pods of one owner are not a fight.

use std::borrow::Cow;

use super::read::{OwnerReference, group_of};
use super::workload::Workload;
use crate::context::Owner;
use crate::reference::canonical_name;

/// The places of a Pod to which an original image came.
#[derive(Debug)]
pub struct Arrivals<'a> {
    /// The controller that owns the Pod.
    pub owner: Option<PodOwner<'a>>,
    /// The places, at most [`MAX_ARRIVALS`].
    pub places: Vec<Arrival>,
}

/// The controller that owns a Pod.
#[derive(Debug)]
pub struct PodOwner<'a> {
    pub(super) api_version: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    /// Its name.
    pub name: Cow<'a, str>,
}

/// An original image that came to a place, and was swapped there.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Index of the image in the list of the review.
    pub image: usize,
    /// Hash of the place, of the image, and of the way in which it came.
    pub(super) place: u64,
    /// Number of arrivals that make a fight.
    pub(super) threshold: u8,
}

/// Maximum number of arrivals of a review. A Pod of a fight has a few images.
pub const MAX_ARRIVALS: usize = 16;

/// The last places to which an original image came. Its memory is fixed.
#[derive(Debug)]
pub struct Fights {
    sets: Box<[[KnownPlace; PLACES]]>,
}

/// A place, with the number of arrivals.
#[derive(Clone, Copy, Debug, Default)]
struct KnownPlace {
    hash: u64,
    arrivals: u8,
    is_known: bool,
}

/// Number of sets of places. The hash of a place selects one.
const SETS: usize = 512;
/// Number of places in a set, the last ones first.
const PLACES: usize = 8;

impl Default for Fights {
    fn default() -> Self {
        Self {
            sets: vec![[KnownPlace::default(); PLACES]; SETS].into(),
        }
    }
}

impl Fights {
    /// Counts an arrival. Returns true if it is one of a fight. `report` reports the first one since the place was
    /// forgotten, or since the last call of [`Self::age`]. If it returns false, the next one is reported instead.
    pub fn count(&mut self, arrival: &Arrival, report: impl FnOnce() -> bool) -> bool {
        let Arrival { place, threshold, .. } = *arrival;
        let set = usize::try_from(place % (SETS as u64)).unwrap_or_default();
        let Some(places) = self.sets.get_mut(set) else {
            return false;
        };
        let index = places
            .iter()
            .position(|known| known.hash == place && known.arrivals > 0);
        // The place becomes the first of its set, and a new one replaces the last.
        if let Some(older) = places.get_mut(..=index.unwrap_or(PLACES - 1)) {
            older.rotate_right(1);
        }
        let [first, ..] = places;
        if index.is_none() {
            *first = KnownPlace {
                hash: place,
                ..KnownPlace::default()
            };
        }
        // Not more than the threshold, so that a fight that has ended is soon forgotten.
        first.arrivals = first.arrivals.saturating_add(1).min(threshold);
        let is_fight = first.arrivals == threshold;
        first.is_known |= is_fight && !first.is_known && report();
        is_fight
    }

    /// Halves the number of arrivals everywhere. The caller has the clock: a place where few images arrive between two
    /// calls is not a fight, however long the process lives.
    pub fn age(&mut self) {
        for place in self.sets.iter_mut().flatten() {
            place.arrivals /= 2;
            place.is_known = false;
        }
    }
}

impl<'a> PodOwner<'a> {
    pub(super) fn new(owner: &OwnerReference<'a>) -> Self {
        Self {
            api_version: owner.api_version.clone().unwrap_or_default(),
            kind: owner.kind.clone().unwrap_or_default(),
            name: owner.name.clone().unwrap_or_default(),
        }
    }

    /// Returns its kind and group.
    #[must_use]
    pub fn owner(&self) -> Owner<'_> {
        Owner {
            kind: &self.kind,
            group: group_of(&self.api_version),
        }
    }

    /// Returns its kind as a label with a bounded range.
    #[must_use]
    pub fn workload(&self) -> Workload {
        let Owner { kind, group } = self.owner();
        Workload::from_kind(group, kind)
    }
}

/// Returns the rule that keeps an image of an owner's Pods; `None` if there is no owner, or one whose name is not valid.
#[must_use]
pub fn keep_rule(image: &str, owner: Option<&PodOwner<'_>>) -> Option<String> {
    let owner = owner?.owner();
    let is_valid = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    let is_kind =
        owner.kind.starts_with(|first: char| first.is_ascii_alphabetic()) && !owner.kind.contains('.');
    if !is_kind || !is_valid(owner.kind) || !is_valid(owner.group) {
        return None;
    }
    Some(format!("keep {} when owner {owner}", canonical_name(image)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(place: u64, threshold: u8) -> Arrival {
        Arrival {
            image: 0,
            place,
            threshold,
        }
    }

    /// Counts an arrival. Returns true for a fight that is reported, and false for one that is known.
    fn count(fights: &mut Fights, arrival: &Arrival) -> Option<bool> {
        let mut is_new = false;
        let report = || {
            is_new = true;
            true
        };
        fights.count(arrival, report).then_some(is_new)
    }

    #[test]
    fn arrivals_of_one_place_make_a_fight() {
        let mut fights = Fights::default();
        let counted = [1, 1, 2, 1, 1, 2, 3].map(|place| count(&mut fights, &arrival(place, 3)));
        assert_eq!(counted, [None, None, None, Some(true), Some(false), None, None]);
        assert!(fights.count(&arrival(9, 1), || false));
        assert_eq!(count(&mut fights, &arrival(9, 1)), Some(true));
    }

    #[test]
    fn rare_arrivals_are_not_a_fight_and_one_that_has_ended_is_forgotten() {
        let mut fights = Fights::default();
        for _ in 0..10 {
            assert_eq!(count(&mut fights, &arrival(1, 3)), None);
            fights.age();
        }
        for _ in 0..100 {
            count(&mut fights, &arrival(2, 3));
        }
        fights.age();
        fights.age();
        assert_eq!([(); 2].map(|()| count(&mut fights, &arrival(2, 3))), [None, None]);
    }

    #[test]
    fn last_places_are_remembered_and_older_ones_make_room() {
        let mut fights = Fights::default();
        // All in one set.
        let place = |number: u64| number * SETS as u64 + 7;
        let mut count = |number| count(&mut fights, &arrival(place(number), 2)).is_some();
        let fill = [1, 2, 3, 4, 5, 6, 7, 8].map(&mut count);
        assert!(fill.iter().all(|is_fight| !is_fight));
        assert!(count(1), "the oldest of a full set");
        assert!(!count(9), "it replaces the second, which is the oldest now");
        assert!(!count(2) && count(1) && count(8) && !count(3));
    }
}

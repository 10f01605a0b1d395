//! The search for a text that is in some languages and in none of others.
//!
//! It goes breadth first through what a text may have come to: one state of each language that it must be in,
//! and all states of those that it must not be in. Of the latter it is enough to keep one set for all together:
//! to be in none of them is not to be in their union.

use std::hash::BuildHasher;
use std::ops::ControlFlow;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::bytes::Bytes;
use super::language::{Edge, Language, START};

/// The search gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// A shortest text that is in all of `all` and in none of `none`; `None` where there is none.
///
/// The text is one of bytes: where languages take bytes above 127 apart from their characters, what comes out is
/// only similar to it.
///
/// # Errors
///
/// [`Exhausted`] where there are more than `budget` states to look at.
pub(crate) fn witness(
    all: &[&Language],
    none: &[&Language],
    budget: usize,
) -> Result<Option<String>, Exhausted> {
    let mut unbounded = usize::MAX;
    witness_within(all, none, budget, &mut unbounded)
}

/// The same, for many searches that together may do so much work: a step along an edge costs one, and as much of `work`
/// is taken away.
///
/// # Errors
///
/// [`Exhausted`] also where no work is left.
pub(crate) fn witness_within(
    all: &[&Language],
    none: &[&Language],
    budget: usize,
    work: &mut usize,
) -> Result<Option<String>, Exhausted> {
    let mut search = WitnessSearch {
        all,
        none,
        alphabet: all
            .iter()
            .fold(Bytes::all(), |both, language| both.intersect(language.alphabet)),
        budget,
        work,
        places: Vec::new(),
        nodes: Vec::new(),
        known: HashTable::new(),
    };
    match search.run() {
        ControlFlow::Break(Stop::Found(last)) => Ok(Some(search.text(last))),
        ControlFlow::Break(Stop::Exhausted) => Err(Exhausted),
        ControlFlow::Continue(()) => Ok(None),
    }
}

struct WitnessSearch<'a> {
    all: &'a [&'a Language],
    none: &'a [&'a Language],
    /// A byte outside of it is in no text that is sought.
    alphabet: Bytes,
    budget: usize,
    /// The steps that are left.
    work: &'a mut usize,
    /// The places of all nodes, one node behind the other: one in each of `all`, then those in `none`, in
    /// ascending order.
    places: Vec<SearchPlace>,
    /// In the order in which they were found.
    nodes: Vec<Node>,
    /// The nodes by their places.
    known: HashTable<usize>,
}

/// A state of one of the languages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SearchPlace {
    language: u32,
    state: u32,
}

/// What a text may have come to, and how.
struct Node {
    /// Behind its last place.
    places_end: usize,
    /// The text before its last byte, and that; not for the empty text.
    before: Option<(usize, u8)>,
    /// Of its places.
    hash: u64,
}

/// The node that is gone on from.
#[derive(Default)]
struct NodeOrigin<'a> {
    node: usize,
    /// Its places in `all`.
    all: Vec<SearchPlace>,
    /// What leaves its places in `none`, each with its language.
    none: Vec<(u32, &'a Edge)>,
    /// The places in `none` that a byte leads to, kept for their memory only.
    reached: Vec<SearchPlace>,
}

enum Stop {
    /// At this node.
    Found(usize),
    Exhausted,
}

impl<'a> WitnessSearch<'a> {
    fn run(&mut self) -> ControlFlow<Stop> {
        let (all, none) = (self.all, self.none);
        let start = |language| SearchPlace {
            language,
            state: START,
        };
        self.places.extend((0..).map(start).take(all.len()));
        self.places.extend((0..).map(start).take(none.len()));
        self.reach(None)?;
        let mut origin = NodeOrigin::default();
        let mut targets = Vec::with_capacity(all.len());
        while origin.node < self.nodes.len() {
            let (in_all, in_none) = self.node(origin.node);
            origin.all.clear();
            origin.all.extend_from_slice(in_all);
            origin.none.clear();
            for place in in_none {
                if let Some(language) = none.get(place.language as usize) {
                    let leaving = language.edges(place.state).iter();
                    origin.none.extend(leaving.map(|edge| (place.language, edge)));
                }
            }
            self.advance(&mut origin, Bytes::all(), &mut targets)?;
            origin.node += 1;
        }
        ControlFlow::Continue(())
    }

    /// Goes on with every byte that the languages of `all` take, from the one behind those that have got their
    /// target. (It calls itself once for each.)
    fn advance(
        &mut self,
        origin: &mut NodeOrigin<'a>,
        bytes: Bytes,
        targets: &mut Vec<SearchPlace>,
    ) -> ControlFlow<Stop> {
        let all = self.all;
        let (Some(language), Some(place)) = (all.get(targets.len()), origin.all.get(targets.len())) else {
            return self.split(origin, bytes, targets);
        };
        let place = *place;
        for edge in language.edges(place.state) {
            let common = bytes.intersect(edge.bytes);
            if !common.is_empty() {
                targets.push(SearchPlace {
                    state: edge.to,
                    ..place
                });
                self.advance(origin, common, targets)?;
                targets.pop();
            }
        }
        ControlFlow::Continue(())
    }

    /// Goes on with as few of the bytes as will do.
    ///
    /// A byte stands for all that is taken by each edge of `none` that takes it. Some of that may be taken by
    /// further edges, but it only leads to more places in `none`: what none of the languages takes from those,
    /// none takes from the fewer.
    fn split(
        &mut self,
        origin: &mut NodeOrigin<'a>,
        bytes: Bytes,
        targets: &[SearchPlace],
    ) -> ControlFlow<Stop> {
        let mut rest = bytes;
        while let Some(byte) = rest.readable() {
            match self.work.checked_sub(origin.none.len() + targets.len()) {
                Some(left) => *self.work = left,
                None => return ControlFlow::Break(Stop::Exhausted),
            }
            let mut class = rest;
            origin.reached.clear();
            for (language, edge) in &origin.none {
                if edge.bytes.contains(byte) {
                    class = class.intersect(edge.bytes);
                    origin.reached.push(SearchPlace {
                        language: *language,
                        state: edge.to,
                    });
                }
            }
            rest = rest.minus(class);
            origin.reached.sort_unstable();
            origin.reached.dedup();
            self.places.extend_from_slice(targets);
            self.places.extend_from_slice(&origin.reached);
            self.reach(Some((origin.node, byte)))?;
        }
        ControlFlow::Continue(())
    }

    /// Takes the places behind those of the last node for a node, unless it is known or leads nowhere.
    fn reach(&mut self, before: Option<(usize, u8)>) -> ControlFlow<Stop> {
        let node = self.nodes.len();
        let (in_all, in_none) = self.node(node);
        let leads_nowhere = in_none.iter().any(|place| {
            let language = self.none.get(place.language as usize);
            language.is_some_and(|language| language.accepts_all_from(place.state, self.alphabet))
        });
        let hash = FixedState::default().hash_one((in_all, in_none));
        let is_same = |other: &usize| self.node(*other) == (in_all, in_none);
        if leads_nowhere || self.known.find(hash, is_same).is_some() {
            self.places.truncate(self.begin(node));
            return ControlFlow::Continue(());
        }
        if node >= self.budget {
            return ControlFlow::Break(Stop::Exhausted);
        }
        let found = accepts_each(self.all, in_all) && !accepts_some(self.none, in_none);
        let places_end = self.places.len();
        self.nodes.push(Node {
            places_end,
            before,
            hash,
        });
        if found {
            return ControlFlow::Break(Stop::Found(node));
        }
        let nodes = &self.nodes;
        self.known.insert_unique(hash, node, |other| {
            nodes.get(*other).map_or(0, |other| other.hash)
        });
        ControlFlow::Continue(())
    }

    /// The places of a node in `all` and in `none`; for the one behind the last, those that are behind all.
    fn node(&self, node: usize) -> (&[SearchPlace], &[SearchPlace]) {
        let end = self
            .nodes
            .get(node)
            .map_or(self.places.len(), |node| node.places_end);
        let places = self.places.get(self.begin(node)..end).unwrap_or_default();
        places.split_at_checked(self.all.len()).unwrap_or_default()
    }

    fn begin(&self, node: usize) -> usize {
        let before = node.checked_sub(1).and_then(|before| self.nodes.get(before));
        before.map_or(0, |before| before.places_end)
    }

    /// The text that led to a node.
    fn text(&self, last: usize) -> String {
        let mut bytes = Vec::new();
        let mut node = self.nodes.get(last);
        while let Some((before, byte)) = node.and_then(|node| node.before) {
            bytes.push(byte);
            node = self.nodes.get(before);
        }
        bytes.reverse();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn accepts_each(languages: &[&Language], places: &[SearchPlace]) -> bool {
    languages
        .iter()
        .zip(places)
        .all(|(language, place)| language.accepts(place.state))
}

fn accepts_some(languages: &[&Language], places: &[SearchPlace]) -> bool {
    places.iter().any(|place| {
        let language = languages.get(place.language as usize);
        language.is_some_and(|language| language.accepts(place.state))
    })
}

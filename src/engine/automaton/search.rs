//! The search for a text that is in some languages and in none of others.
//!
//! It is a breadth-first search over the states that a text can reach: one state of each language that must contain
//! the text, and all states of those that must not. For the latter, one set for all of them together is enough,
//! because a text is in none of them exactly if it is not in their union.

use std::hash::BuildHasher;
use std::ops::ControlFlow;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::bytes::Bytes;
use super::language::{Edge, Language, START};

/// Error of a search that gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// Returns a shortest text that is in all of `all` and in none of `none`; `None` if there is none.
///
/// The text is made of bytes. If languages distinguish bytes above 127 within a character, the returned text is only
/// similar to the one that was found.
///
/// # Errors
///
/// Returns [`Exhausted`] if there are more than `budget` states to visit.
pub(crate) fn witness(
    all: &[&Language],
    none: &[&Language],
    budget: usize,
) -> Result<Option<String>, Exhausted> {
    let mut unbounded = usize::MAX;
    witness_within(all, none, budget, &mut unbounded)
}

/// Does the same for many searches that share a limit of work: a step along an edge takes one from `work`.
///
/// # Errors
///
/// Returns [`Exhausted`] also if no work is left.
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
    /// Bytes outside of it are in no wanted text.
    alphabet: Bytes,
    budget: usize,
    /// Remaining steps.
    work: &'a mut usize,
    /// Places of all nodes, one node after the other: for each, one place in each language of `all`, then those in
    /// `none` in ascending order.
    places: Vec<SearchPlace>,
    /// Nodes, in the order in which they were found.
    nodes: Vec<Node>,
    /// Nodes, by their places.
    known: HashTable<usize>,
}

/// A state of one of the languages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SearchPlace {
    language: u32,
    state: u32,
}

/// A set of states that a text reaches, and the text.
struct Node {
    /// Index after its last place.
    places_end: usize,
    /// The node of the text without its last byte, and this byte; `None` for the empty text.
    before: Option<(usize, u8)>,
    /// Hash of its places.
    hash: u64,
}

/// The node that the search expands.
#[derive(Default)]
struct NodeOrigin<'a> {
    node: usize,
    /// Its places in `all`.
    all: Vec<SearchPlace>,
    /// Edges from its places in `none`, each with its language.
    none: Vec<(u32, &'a Edge)>,
    /// Places in `none` that a byte leads to. The field keeps the allocation between calls.
    reached: Vec<SearchPlace>,
}

enum Stop {
    /// Found at this node.
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

    /// Expands a node by every byte that the languages of `all` have an edge for, beginning with the language at this
    /// index. (It calls itself once for each language.)
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

    /// Expands a node by as few of the bytes as necessary.
    ///
    /// One byte represents all bytes of each edge of `none` that contains it. Further edges may contain some of
    /// these, but they only lead to more places in `none`, and what the languages exclude from more places they
    /// exclude from fewer.
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

    /// Adds a node for the places after those of the last node, unless it is known or cannot lead to a wanted text.
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

    /// Returns the places of a node in `all` and in `none`; for the index after the last node, the places after those
    /// of all nodes.
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

    /// Returns the text that led to a node.
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

//! The construction of a language, from left to right.
//!
//! Every byte of a pattern has a state of its own: the state after that byte (Glushkov's construction). So there are
//! no empty transitions to remove. The exception is `any` after a byte: it loops in the state of that byte, so `a*b`
//! has no more states than `ab`.

use super::bytes::Bytes;
use super::language::{Edge, Language, START, State};

/// A language under construction: each call appends to all texts so far.
#[derive(Clone, Debug)]
pub(crate) struct Builder {
    /// Number of states.
    states: u32,
    edges: Vec<(u32, Edge)>,
    /// States in which texts so far may end, in ascending order. A call either adds the same transitions to all of
    /// them, or none.
    ends: Vec<u32>,
    /// True if there is one end without transitions, and no other state leads on from it.
    fresh: bool,
}

impl Language {
    /// Returns the texts of a pattern: `*` is any number of bytes of the set, every other character is itself.
    pub(crate) fn glob(pattern: &str, star: Bytes) -> Self {
        let mut builder = Builder::new();
        builder.glob(pattern, star);
        builder.finish()
    }
}

impl Builder {
    /// Returns the language of the empty text.
    pub(crate) fn new() -> Self {
        Self {
            states: START + 1,
            edges: Vec::new(),
            ends: vec![START],
            fresh: true,
        }
    }

    /// Appends a text.
    pub(crate) fn literal(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            self.one(Bytes::one(byte));
        }
        self
    }

    /// Appends one byte of the set.
    pub(crate) fn one(&mut self, bytes: Bytes) -> &mut Self {
        // The state is new, so it has no transitions, and what follows can begin in it.
        let state = self.state();
        self.lead_to(state, bytes);
        self.ends.clear();
        self.ends.push(state);
        self.fresh = true;
        self
    }

    /// Appends any number of bytes of the set, also none.
    pub(crate) fn any(&mut self, bytes: Bytes) -> &mut Self {
        // Other branches share these ends, so a loop in them would change the other branches too.
        if !self.fresh {
            let state = self.state();
            self.lead_to(state, bytes);
            self.edge(state, bytes, state);
            self.ends.push(state);
        } else if let Some(end) = self.ends.first() {
            self.edge(*end, bytes, *end);
        }
        self.fresh = false;
        self
    }

    /// Appends one or more bytes of the set.
    pub(crate) fn many(&mut self, bytes: Bytes) -> &mut Self {
        self.one(bytes).any(bytes)
    }

    /// Appends the texts of a pattern: `*` is any number of bytes of the set, every other character is itself.
    pub(crate) fn glob(&mut self, pattern: &str, star: Bytes) -> &mut Self {
        let mut last = None;
        for byte in pattern.bytes() {
            match byte {
                // `**` in a glob of one segment matches the same as `*`, without a second state.
                b'*' if last == Some(b'*') => {}
                b'*' => _ = self.any(star),
                _ => _ = self.one(Bytes::one(byte)),
            }
            last = Some(byte);
        }
        self
    }

    /// Appends the texts of `inside`, or nothing.
    pub(crate) fn optional(&mut self, inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.either(inside, |_| {})
    }

    /// Appends the texts of `inside`, any number of times.
    pub(crate) fn repeat(&mut self, inside: impl FnOnce(&mut Self)) -> &mut Self {
        let begins = self.ends.clone();
        let before = self.edges.len();
        // A later call must not add loops to the ends, which the repetition enters again.
        self.fresh = false;
        inside(self);
        // The transitions from where it begins are added to where it ends. They are the same for every beginning.
        if let Some(begin) = begins.first() {
            let inside = self.edges.iter().skip(before);
            let entries: Vec<Edge> = inside
                .filter(|(from, _)| from == begin)
                .map(|(_, edge)| *edge)
                .collect();
            for end in &self.ends {
                if begins.binary_search(end).is_err() {
                    self.edges.extend(entries.iter().map(|entry| (*end, *entry)));
                }
            }
        }
        self.join(begins);
        self
    }

    /// Appends the texts of one of two.
    pub(crate) fn either(
        &mut self,
        first: impl FnOnce(&mut Self),
        second: impl FnOnce(&mut Self),
    ) -> &mut Self {
        let begins = self.ends.clone();
        // The ends at the beginning are shared by both branches.
        self.fresh = false;
        first(self);
        let ends = std::mem::replace(&mut self.ends, begins);
        self.fresh = false;
        second(self);
        self.join(ends);
        self
    }

    /// Appends the texts of one of the items. Without items, the language is empty.
    pub(crate) fn any_of<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut inside: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        let begins = std::mem::take(&mut self.ends);
        let mut ends = Vec::new();
        for item in items {
            self.ends.clone_from(&begins);
            self.fresh = false;
            inside(self, item);
            ends.append(&mut self.ends);
        }
        self.join(ends);
        self
    }

    /// Returns the language.
    pub(crate) fn finish(mut self) -> Language {
        // Several transitions between two states become one, so that a search visits each pair once.
        self.edges.sort_unstable_by_key(|(from, edge)| (*from, edge.to));
        self.edges.dedup_by(|(from, edge), (kept_from, kept)| {
            let same = (*from, edge.to) == (*kept_from, kept.to);
            if same {
                kept.bytes = kept.bytes.union(edge.bytes);
            }
            same
        });
        let mut edges_end = 0;
        let mut leaving = self.edges.iter().peekable();
        let mut ends = self.ends.iter().peekable();
        let states = (START..self.states)
            .map(|state| {
                while leaving.next_if(|(from, _)| *from == state).is_some() {
                    edges_end += 1;
                }
                State {
                    edges_end,
                    accepting: ends.next_if_eq(&&state).is_some(),
                }
            })
            .collect();
        let edges: Box<[Edge]> = self.edges.iter().map(|(_, edge)| *edge).collect();
        Language {
            states,
            alphabet: edges
                .iter()
                .fold(Bytes::none(), |all, edge| all.union(edge.bytes)),
            edges,
        }
    }

    fn state(&mut self) -> u32 {
        let state = self.states;
        self.states += 1;
        state
    }

    fn edge(&mut self, from: u32, bytes: Bytes, to: u32) {
        if !bytes.is_empty() {
            self.edges.push((from, Edge { bytes, to }));
        }
    }

    /// Adds transitions from all ends to a state.
    fn lead_to(&mut self, to: u32, bytes: Bytes) {
        if !bytes.is_empty() {
            self.edges
                .extend(self.ends.iter().map(|end| (*end, Edge { bytes, to })));
        }
    }

    /// Adds ends.
    fn join(&mut self, mut ends: Vec<u32>) {
        self.ends.append(&mut ends);
        self.ends.sort_unstable();
        self.ends.dedup();
        self.fresh = false;
    }
}

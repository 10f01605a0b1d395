//! A language, as states and edges.

use super::bytes::Bytes;

/// A regular language.
#[derive(Clone, Debug)]
pub(crate) struct Language {
    /// States; texts begin in the first. There is always one.
    pub(super) states: Box<[State]>,
    /// Edges, in the order of the states that they leave: at most one between two states, and none without bytes.
    pub(super) edges: Box<[Edge]>,
    /// The bytes of all edges.
    pub(super) alphabet: Bytes,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// Index after its last edge; its first edge follows the last one of the state before.
    pub(super) edges_end: u32,
    /// True if a text may end here.
    pub(super) accepting: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) bytes: Bytes,
    pub(super) to: u32,
}

/// State in which texts begin.
pub(super) const START: u32 = 0;

impl Language {
    /// Returns true if the text is in the language: the direct check, for tests.
    #[cfg(test)]
    pub(crate) fn contains(&self, text: &str) -> bool {
        let mut states = vec![START];
        let mut next = Vec::new();
        // Byte at which each state was last reached, so that it is added once for each byte.
        let mut reached = vec![0; self.states.len()];
        for (byte, now) in text.bytes().zip(1usize..) {
            for edge in states.iter().flat_map(|state| self.edges(*state)) {
                if let Some(last) = reached.get_mut(edge.to as usize)
                    && *last != now
                    && edge.bytes.contains(byte)
                {
                    *last = now;
                    next.push(edge.to);
                }
            }
            states.clear();
            std::mem::swap(&mut states, &mut next);
        }
        states.iter().any(|state| self.accepts(*state))
    }

    pub(super) fn edges(&self, state: u32) -> &[Edge] {
        let edges_end = |state: usize| self.states.get(state).map_or(0, |state| state.edges_end as usize);
        let state = state as usize;
        let begin = state.checked_sub(1).map_or(0, edges_end);
        self.edges.get(begin..edges_end(state)).unwrap_or_default()
    }

    /// Returns true if a text may end in the state.
    pub(super) fn accepts(&self, state: u32) -> bool {
        self.states
            .get(state as usize)
            .is_some_and(|state| state.accepting)
    }

    /// Returns true if every continuation over the alphabet from this state is in the language. It recognizes only a
    /// single state that accepts everything, such as the one after a prefix.
    pub(super) fn accepts_all_from(&self, state: u32, alphabet: Bytes) -> bool {
        self.accepts(state)
            && self
                .edges(state)
                .iter()
                .any(|edge| edge.to == state && edge.bytes.covers(alphabet))
    }
}

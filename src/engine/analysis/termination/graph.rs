//! Cycles of a graph.

use std::collections::HashMap;

/// Edges, by the node that they leave.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) edges: Vec<Vec<u32>>,
}

impl Graph {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            edges: vec![Vec::new(); nodes],
        }
    }

    pub(super) fn add(&mut self, from: usize, to: usize) {
        if let (Some(edges), Ok(to)) = (self.edges.get_mut(from), u32::try_from(to)) {
            edges.push(to);
        }
    }

    fn targets(&self, node: usize) -> &[u32] {
        self.edges.get(node).map_or(&[], Vec::as_slice)
    }

    /// Returns the strongly connected component of each node: within one, each node leads to each other. (Tarjan's
    /// algorithm, with a stack on the heap instead of recursion, because a set may have 100,000 rules.)
    pub(super) fn components(&self) -> Vec<u32> {
        const NEW: u32 = u32::MAX;
        let count = self.edges.len();
        let (mut order, mut low, mut component) = (vec![NEW; count], vec![0; count], vec![NEW; count]);
        let (mut next_order, mut next_component) = (0u32, 0u32);
        let mut open: Vec<usize> = Vec::new();
        // A node, and the number of its edges that were followed; 0 at the first visit.
        let mut path: Vec<(usize, usize)> = Vec::new();
        for root in 0..count {
            if order.get(root) != Some(&NEW) {
                continue;
            }
            path.push((root, 0));
            while let Some((node, followed)) = path.last_mut() {
                let node = *node;
                if *followed == 0 {
                    set(&mut order, node, next_order);
                    set(&mut low, node, next_order);
                    next_order += 1;
                    open.push(node);
                }
                match self.targets(node).get(*followed) {
                    Some(target) => {
                        *followed += 1;
                        let target = *target as usize;
                        if get(&order, target) == NEW {
                            path.push((target, 0));
                        } else if get(&component, target) == NEW {
                            let lowest = get(&low, node).min(get(&order, target));
                            set(&mut low, node, lowest);
                        }
                    }
                    None => {
                        path.pop();
                        if get(&low, node) == get(&order, node) {
                            while let Some(member) = open.pop() {
                                set(&mut component, member, next_component);
                                if member == node {
                                    break;
                                }
                            }
                            next_component += 1;
                        }
                        if let Some((above, _)) = path.last() {
                            let lowest = get(&low, *above).min(get(&low, node));
                            set(&mut low, *above, lowest);
                        }
                    }
                }
            }
        }
        component
    }

    /// Returns a shortest cycle through a node and other nodes of interest, from the node to the last one before it;
    /// `None` if the node is in no such cycle.
    pub(super) fn shortest_cycle(
        &self,
        start: usize,
        is_of_interest: impl Fn(usize) -> bool,
    ) -> Option<Vec<usize>> {
        let mut before: HashMap<usize, usize> = HashMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for target in self.targets(node) {
                let target = *target as usize;
                if target == start {
                    let mut cycle = vec![node];
                    let mut at = node;
                    while at != start {
                        at = *before.get(&at)?;
                        cycle.push(at);
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                if is_of_interest(target) && !before.contains_key(&target) {
                    before.insert(target, node);
                    queue.push_back(target);
                }
            }
        }
        None
    }
}

fn get(values: &[u32], at: usize) -> u32 {
    values.get(at).copied().unwrap_or_default()
}

fn set(values: &mut [u32], at: usize, value: u32) {
    if let Some(place) = values.get_mut(at) {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: usize, edges: &[(usize, usize)]) -> Graph {
        let mut graph = Graph::new(nodes);
        for (from, to) in edges {
            graph.add(*from, *to);
        }
        graph
    }

    #[test]
    fn nodes_in_a_cycle_are_one_component() {
        let graph = graph(
            7,
            &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3), (5, 5), (5, 0)],
        );
        let component = graph.components();
        assert_eq!(component[0], component[1]);
        assert_eq!(component[1], component[2]);
        assert_eq!(component[3], component[4]);
        let mut all = component.clone();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn cycle_is_a_shortest_one() {
        let graph = graph(5, &[(0, 1), (1, 2), (2, 3), (3, 0), (1, 0), (4, 4)]);
        assert_eq!(graph.shortest_cycle(0, |_| true), Some(vec![0, 1]));
        assert_eq!(graph.shortest_cycle(3, |_| true), Some(vec![3, 0, 1, 2]));
        assert_eq!(graph.shortest_cycle(4, |_| true), Some(vec![4]));
        assert_eq!(graph.shortest_cycle(3, |node| node != 1), None);
    }

    #[test]
    fn long_chain_takes_no_stack() {
        let mut graph = Graph::new(200_000);
        for node in 1..200_000 {
            graph.add(node - 1, node);
        }
        graph.add(199_999, 0);
        assert!(graph.components().iter().all(|component| *component == 0));
        assert_eq!(
            graph.shortest_cycle(0, |_| true).map(|cycle| cycle.len()),
            Some(200_000)
        );
    }
}

//! Cycles of a graph.

use std::collections::{BTreeMap, BTreeSet};

/// Returns the sets of nodes that reach one another, of those with more than one node.
pub fn cycles(edges: &BTreeSet<(String, String)>) -> BTreeSet<BTreeSet<String>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        next.entry(from).or_default().insert(to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|node| (*node, reached(node, &next))).collect();
    let mut cycles = BTreeSet::new();
    for (node, others) in &reached {
        let is_back = |other: &&&str| reached.get(**other).is_some_and(|back| back.contains(node));
        let mut cycle: BTreeSet<String> = others
            .iter()
            .filter(is_back)
            .map(|other| (*other).to_owned())
            .collect();
        cycle.insert((*node).to_owned());
        if cycle.len() > 1 {
            cycles.insert(cycle);
        }
    }
    cycles
}

fn reached<'e>(start: &str, next: &BTreeMap<&'e str, BTreeSet<&'e str>>) -> BTreeSet<&'e str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = next.get(start).into_iter().flatten().copied().collect();
    while let Some(node) = open.pop() {
        if reached.insert(node) {
            open.extend(next.get(node).into_iter().flatten());
        }
    }
    reached
}

/// Returns the imports between the children of each directory: the files and directories in it, as `DIRECTORY/CHILD`.
/// The file `mod.rs` is the directory itself.
pub fn between_children(edges: &BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    let mut between = BTreeSet::new();
    for (from, to) in edges {
        let parts = |file: &str| file.split('/').map(str::to_owned).collect::<Vec<_>>();
        let (from, to) = (parts(from), parts(to));
        let common = from
            .iter()
            .zip(&to)
            .take_while(|(one, other)| one == other)
            .count();
        let child = |path: &[String]| {
            let name = path[common].trim_end_matches(".rs");
            (name != "mod").then(|| [&path[..common], &[name.to_owned()]].concat().join("/"))
        };
        if let (Some(from), Some(to)) = (child(&from), child(&to)) {
            between.insert((from, to));
        }
    }
    between
}

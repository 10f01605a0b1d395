//! The `home` prefixes, which patterns with a wildcard in their registry never match.

/// Prefixes whose images are at home, each with its `/`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Home {
    /// Prefixes in the order of the rules file.
    prefixes: Box<[Box<str>]>,
    /// Indexes of the prefixes in alphabetical order: a map may have as many targets as lines.
    sorted: Box<[u32]>,
}

impl Home {
    pub(crate) fn new(prefixes: Vec<Box<str>>) -> Self {
        let mut sorted: Vec<u32> = (0..).zip(&prefixes).map(|(place, _)| place).collect();
        sorted.sort_by_key(|place| prefixes.get(*place as usize));
        Self {
            prefixes: prefixes.into(),
            sorted: sorted.into(),
        }
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Box<str>> {
        self.prefixes.iter()
    }

    /// Returns true if a name is below one of them.
    pub(crate) fn holds(&self, name: &str) -> bool {
        let ends = name.match_indices('/').map(|(slash, _)| slash + 1);
        !self.prefixes.is_empty()
            && ends
                .take_while(|end| *end < name.len())
                .filter_map(|end| name.get(..end))
                .any(|above| self.has(above))
    }

    fn has(&self, above: &str) -> bool {
        let prefix = |place: &u32| self.prefixes.get(*place as usize).map_or("", |prefix| prefix);
        self.sorted
            .binary_search_by(|place| prefix(place).cmp(above))
            .is_ok()
    }
}

//! The order of modules.

use std::collections::BTreeSet;

use crate::imports::Import;

/// The modules of a crate, in import order: a module imports only from those above it.
pub struct Table<'t> {
    /// Directory of the crate's source.
    pub directory: &'t str,
    /// Paths of modules below it: of a file without its ending, or of a directory.
    pub rows: &'t [&'t str],
}

impl Table<'_> {
    /// Returns the row of a file; none for a file of another crate, and for one that belongs to no row.
    pub fn row(&self, file: &str) -> Option<usize> {
        let path = file.strip_prefix(self.directory)?.strip_prefix('/')?;
        let is_in = |row: &&str| {
            let rest = path.strip_prefix(*row);
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        let row = self
            .rows
            .iter()
            .filter(|row| is_in(row))
            .max_by_key(|row| row.len())?;
        self.rows.iter().position(|other| other == row)
    }

    /// Returns the imports from a lower row, as the two files.
    pub fn upward(&self, imports: &BTreeSet<Import>) -> BTreeSet<(String, String)> {
        let is_upward = |import: &&Import| match (self.row(&import.from), self.row(&import.to)) {
            (Some(from), Some(to)) => to > from,
            (None, _) | (_, None) => false,
        };
        imports
            .iter()
            .filter(is_upward)
            .map(|import| (import.from.clone(), import.to.clone()))
            .collect()
    }
}

//! Unified diff of a text and its formatted form.
//!
//! Two texts that differ only in white space are at the same point if both have had the same number of other
//! characters. So one pass finds all differences, in linear time.

use imageswap_engine::diagnostic::visible;

use crate::cli::color::{Tone, paint};

/// Number of unchanged lines before and after a change.
const CONTEXT: usize = 3;

/// Line of one text or of both, with its line break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change<'t> {
    Same(&'t str),
    Removed(&'t str),
    Added(&'t str),
}

/// Difference of two texts that differ only in white space.
pub(super) struct Difference<'t>(Vec<Change<'t>>);

impl<'t> Difference<'t> {
    /// Compares two texts.
    pub(super) fn new(old: &'t str, new: &'t str) -> Self {
        let mut changes = Vec::new();
        let mut old = old.split_inclusive('\n').peekable();
        let mut new = new.split_inclusive('\n').peekable();
        while old.peek().is_some() || new.peek().is_some() {
            if old.peek() == new.peek() {
                changes.extend(old.next().map(Change::Same));
                new.next();
                continue;
            }
            let (mut removed, mut added) = (Vec::new(), Vec::new());
            let (mut gone, mut come) = (0, 0);
            loop {
                if gone <= come
                    && let Some(line) = old.next()
                {
                    gone += characters(line);
                    removed.push(Change::Removed(line));
                } else if let Some(line) = new.next() {
                    come += characters(line);
                    added.push(Change::Added(line));
                }
                let is_at_end = old.peek().is_none() && new.peek().is_none();
                if gone == come || is_at_end {
                    break;
                }
            }
            changes.append(&mut removed);
            changes.append(&mut added);
        }
        Self(changes)
    }

    /// Returns the first changed line of the old text, from 1.
    pub(super) fn first_line(&self) -> usize {
        let is_same = |change: &&Change<'_>| matches!(change, Change::Same(_));
        self.0.iter().take_while(is_same).count() + 1
    }

    /// Returns the lines of a unified diff.
    pub(super) fn unified(&self, name: &str, color: bool) -> Vec<String> {
        let painted = |tone, line: String| if color { paint(tone, &line) } else { line };
        let name = visible(name);
        let mut lines = vec![
            painted(Tone::Headline, format!("--- {name}")),
            painted(Tone::Headline, format!("+++ {name}")),
        ];
        let (mut old, mut new) = (1, 1);
        let mut at = 0;
        for hunk in self.hunks() {
            for change in &self.0[at..hunk.start] {
                old += change.in_old();
                new += change.in_new();
            }
            let changes = &self.0[hunk.clone()];
            let (gone, come) = (
                changes.iter().map(Change::in_old).sum::<usize>(),
                changes.iter().map(Change::in_new).sum::<usize>(),
            );
            // In a unified diff, a side without lines has the number of the line before it.
            let start = |line: usize, count: usize| line - usize::from(count == 0);
            let place = format!("@@ -{},{gone} +{},{come} @@", start(old, gone), start(new, come));
            lines.push(painted(Tone::Place, place));
            for run in changes.chunk_by(|one, other| one.is_same() == other.is_same()) {
                let in_order = run.iter().filter(|change| !matches!(change, Change::Added(_)));
                let added = run.iter().filter(|change| matches!(change, Change::Added(_)));
                for change in in_order.chain(added) {
                    let (tone, sign, line) = match change {
                        Change::Same(line) => (Tone::Plain, ' ', line),
                        Change::Removed(line) => (Tone::Removed, '-', line),
                        Change::Added(line) => (Tone::Added, '+', line),
                    };
                    lines.push(painted(tone, format!("{sign}{}", shown(line))));
                    if !line.ends_with('\n') {
                        lines.push("\\ No newline at end of file".to_owned());
                    }
                }
            }
            old += gone;
            new += come;
            at = hunk.end;
        }
        lines
    }

    /// Returns the runs of changes, each with the lines around it.
    fn hunks(&self) -> Vec<std::ops::Range<usize>> {
        let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
        for (at, _) in self.0.iter().enumerate().filter(|(_, change)| !change.is_same()) {
            let range = at.saturating_sub(CONTEXT)..(at + 1 + CONTEXT).min(self.0.len());
            match hunks.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = range.end,
                None => hunks.push(range),
            }
        }
        hunks
    }
}

impl Change<'_> {
    fn is_same(&self) -> bool {
        matches!(self, Self::Same(_))
    }

    fn in_old(&self) -> usize {
        usize::from(!matches!(self, Self::Added(_)))
    }

    fn in_new(&self) -> usize {
        usize::from(!matches!(self, Self::Removed(_)))
    }
}

/// Returns the number of characters that formatting keeps: all but white space and a byte order mark.
fn characters(line: &str) -> usize {
    let stays = |character: &char| !character.is_whitespace() && *character != '\u{feff}';
    line.chars().filter(stays).count()
}

/// Returns a printable line. Tabs stay, because a diff of white space is about them and they are harmless.
fn shown(line: &str) -> String {
    let cells: Vec<_> = line.trim_end_matches('\n').split('\t').map(visible).collect();
    cells.join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(old: &str, new: &str) -> Vec<String> {
        let difference = Difference::new(old, new);
        difference.unified("a", false).split_off(2)
    }

    #[test]
    fn changes_are_shown_with_three_lines_around_them() {
        let same = |from: usize, to: usize| (from..=to).map(|line| format!("{line}\n")).collect::<String>();
        let old = format!("{}a  b\n{}c d\n{}", same(1, 5), same(6, 20), same(21, 30));
        let new = format!("{}a b\n{}c\n  d\n{}", same(1, 5), same(6, 20), same(21, 30));
        let expected = "\
@@ -3,7 +3,7 @@
 3
 4
 5
-a  b
+a b
 6
 7
 8
@@ -19,7 +19,8 @@
 18
 19
 20
-c d
+c
+  d
 21
 22
 23";
        assert_eq!(lines(&old, &new).join("\n"), expected);
        assert_eq!(Difference::new(&old, &new).first_line(), 6);
    }

    #[test]
    fn joined_split_and_removed_lines_change_no_other_lines() {
        let (old, new) = ("\n\na\nb\n  c\n\n\nd\n\n", "a\nb c\n\nd\n");
        let expected = "@@ -1,9 +1,4 @@\n-\n-\n a\n-b\n-  c\n+b c\n \n-\n d\n-";
        assert_eq!(lines(old, new).join("\n"), expected);
        assert_eq!(
            lines("a", "a\n"),
            ["@@ -1,1 +1,1 @@", "-a", "\\ No newline at end of file", "+a"]
        );
        assert_eq!(
            lines("\u{feff}a\r\nb\n", "a\nb\n"),
            ["@@ -1,2 +1,2 @@", "-\\u{feff}a\\r", "+a", " b"]
        );
        assert_eq!(lines("\n", ""), ["@@ -1,1 +0,0 @@", "-"]);
    }
}

//! The lines of a map file that count, with the comments beside them.

use std::collections::HashMap;

use imageswap_engine::diagnostic::{SourceId, Span};
use imageswap_engine::syntax::map::{Key, Statement, lines};

/// A map file as its author wrote it.
#[derive(Debug, Default)]
pub(crate) struct OldMap {
    /// Comments above an empty line, before all others.
    pub(crate) heading: Vec<String>,
    /// The effective lines. If several lines have the same key, the last one counts, at the position of the first.
    pub(crate) lines: Vec<Line>,
    /// Comments below the last line.
    pub(crate) closing: Vec<String>,
    /// Number of lines that are not empty and not comments, including skipped ones.
    pub(crate) count: usize,
    /// Start, number and text of each of them.
    places: Vec<(u32, usize, String)>,
}

/// A line of a map file.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) key: String,
    pub(crate) value: String,
    /// Comments on lines of their own above it.
    pub(crate) above: Vec<String>,
    /// The comment at its end.
    pub(crate) beside: Option<String>,
}

impl Line {
    /// Returns the images that the line is for.
    pub(crate) fn key(&self) -> Key<'_> {
        Key::parse(&self.key)
    }
}

impl OldMap {
    /// Returns the place and the line of a key.
    pub(crate) fn find(&self, key: Key<'_>) -> Option<(usize, &Line)> {
        self.lines.iter().enumerate().find(|(_, line)| line.key() == key)
    }

    pub(crate) fn read(source: SourceId, text: &str) -> Self {
        let mut map = Self::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut statements = lines(source, text).peekable();
        let mut above = Vec::new();
        let (mut end, mut number) = (0, 0);
        for whole in text.split_inclusive(['\n', '\r']) {
            // `split_inclusive` splits between the characters of `\r\n`.
            let is_rest = whole == "\n" && text.get(..end).is_some_and(|before| before.ends_with('\r'));
            end += whole.len();
            if is_rest {
                continue;
            }
            number += 1;
            let comment = whole.split_once('#').and_then(|(_, comment)| cleaned(comment));
            let Some(line) = statements.next_if(|line| (line.span.start as usize) < end) else {
                let is_blank = whole.trim_matches(['\u{feff}', '\n', '\r', ' ', '\t']).is_empty();
                if is_blank && map.lines.is_empty() && map.heading.is_empty() {
                    map.heading.append(&mut above);
                }
                above.extend(comment);
                continue;
            };
            map.count += 1;
            let content = text.get(line.span.range()).unwrap_or_default();
            map.places.push((line.span.start, number, content.to_owned()));
            let Statement::Pair { key, value, .. } = line.statement else {
                above.extend(comment);
                continue;
            };
            let mut line = Line {
                number,
                key: key.into_owned(),
                value: value.into_owned(),
                above: std::mem::take(&mut above),
                beside: comment,
            };
            match known.get(&line.key) {
                Some(at) => {
                    let first = &mut map.lines[*at];
                    line.above.splice(0..0, first.above.drain(..));
                    *first = line;
                }
                None => {
                    known.insert(line.key.clone(), map.lines.len());
                    map.lines.push(line);
                }
            }
        }
        map.closing = above;
        map
    }

    /// Returns the span of a line by its number.
    pub(crate) fn span(&self, source: SourceId, number: usize) -> Option<Span> {
        let at = self
            .places
            .binary_search_by_key(&number, |(_, number, _)| *number)
            .ok()?;
        let (start, _, content) = self.places.get(at)?;
        Some(Span {
            source,
            start: *start,
            end: start + u32::try_from(content.len()).ok()?,
        })
    }

    /// Returns the number and the text of the line that begins at a byte.
    pub(crate) fn place(&self, start: u32) -> Option<(usize, String)> {
        let at = self
            .places
            .binary_search_by_key(&start, |(start, ..)| *start)
            .ok()?;
        self.places
            .get(at)
            .map(|(_, number, content)| (*number, content.clone()))
    }
}

/// Returns the text of a comment, without `#` and control characters. `None` if it is empty.
pub(crate) fn cleaned(comment: &str) -> Option<String> {
    let comment: String = comment
        .trim_start_matches(['#', ' ', '\t'])
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    let comment = comment.trim();
    (!comment.is_empty()).then(|| comment.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_belong_to_their_line() {
        let text = "# Ours.\n\n# the hub\ndocker.io::h.io/hub ### many\r\nquay.io:: \n#gcr.io:: # off\nno line # why\n\ndefault:h.io\n# end";
        let map = OldMap::read(SourceId::default(), text);
        assert_eq!(map.heading, ["Ours."]);
        let line = |at: usize| {
            let line = &map.lines[at];
            (
                line.number,
                line.key.as_str(),
                line.above.join("|"),
                line.beside.as_deref(),
            )
        };
        assert_eq!(line(0), (4, "docker.io", "the hub".to_owned(), Some("many")));
        assert_eq!(line(1), (5, "quay.io", String::new(), None));
        assert_eq!(line(2), (9, "default", "gcr.io:: # off|why".to_owned(), None));
        assert_eq!(map.closing, ["end"]);
        assert_eq!(map.count, 4);
    }

    #[test]
    fn last_line_of_a_key_counts_at_the_position_of_the_first() {
        let map = OldMap::read(SourceId::default(), "# one\na::1\nb::2\n# two\na::3 # three\n");
        let keys: Vec<_> = map
            .lines
            .iter()
            .map(|line| (line.key.as_str(), line.value.as_str()))
            .collect();
        assert_eq!(keys, [("a", "3"), ("b", "2")]);
        assert_eq!(map.lines[0].above, ["one", "two"]);
        assert_eq!(map.lines[0].number, 5);
    }
}

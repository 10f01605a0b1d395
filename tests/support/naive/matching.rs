//! Matching by trying: each wildcard takes as little as it can, the left ones first.

/// What the `*` of a glob take from a text that it matches. A shell's glob has `?` and sets too.
pub(super) fn glob(pattern: &str, text: &str, is_shell: bool) -> Option<Vec<String>> {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    characters(&pattern, &text, is_shell)
}

fn characters(pattern: &[char], text: &[char], is_shell: bool) -> Option<Vec<String>> {
    let Some((first, behind)) = pattern.split_first() else {
        return text.is_empty().then(Vec::new);
    };
    if *first == '*' {
        return (0..=text.len()).find_map(|length| {
            let (taken, rest) = text.split_at(length);
            let mut others = characters(behind, rest, is_shell)?;
            others.insert(0, taken.iter().collect());
            Some(others)
        });
    }
    let (character, rest) = text.split_first()?;
    if is_shell && *first == '?' {
        return characters(behind, rest, is_shell);
    }
    if is_shell && *first == '[' {
        // A `]` in first place is a member, behind the `!` as well.
        let negated = behind.first() == Some(&'!');
        let start = usize::from(negated);
        let end = start
            + 1
            + behind[start + 1..]
                .iter()
                .position(|character| *character == ']')
                .unwrap();
        return (is_member(&behind[start..end], *character) != negated)
            .then(|| characters(&behind[end + 1..], rest, is_shell))
            .flatten();
    }
    (first == character)
        .then(|| characters(behind, rest, is_shell))
        .flatten()
}

fn is_member(set: &[char], character: char) -> bool {
    match set {
        [] => false,
        [first, '-', last, others @ ..] => {
            (*first <= character && character <= *last) || is_member(others, character)
        }
        [one, others @ ..] => *one == character || is_member(others, character),
    }
}

/// What the wildcards of segments take, from the left, and at the end what lies below a trailing `/`. A `**` in first
/// place takes the registry at least.
pub(super) fn segments(wanted: &[&str], below: bool, given: &[&str], is_first: bool) -> Option<Vec<String>> {
    let Some((first, behind)) = wanted.split_first() else {
        return (below != given.is_empty()).then(|| vec![given.join("/")]);
    };
    if *first == "**" {
        return (usize::from(is_first)..=given.len()).find_map(|length| {
            let (taken, rest) = given.split_at(length);
            let mut others = segments(behind, below, rest, false)?;
            others.insert(0, taken.join("/"));
            Some(others)
        });
    }
    let (segment, rest) = given.split_first()?;
    let mut taken = glob(first, segment, false)?;
    taken.extend(segments(behind, below, rest, false)?);
    Some(taken)
}

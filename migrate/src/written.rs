//! Globs of a map as patterns `written GLOB` of a rule.

use imageswap_engine::glob::Glob;

/// Characters that an image can have.
const OF_IMAGES: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ._-/:@[]";

/// Longer than any image: a name has at most 255 characters and a tag 128, and a digest follows.
const LONGEST_IMAGE: usize = 1024;

/// A part of a glob.
enum Token<'g> {
    Any,
    One,
    Literal(char),
    /// A set, with its brackets.
    Set(&'g str),
}

/// Returns a glob that matches exactly this text. `None` if no image contains it.
pub(crate) fn literal(text: &str) -> Option<String> {
    let is_of_image = text.chars().all(|character| OF_IMAGES.contains(character));
    (is_of_image && text.len() <= LONGEST_IMAGE).then(|| text.replace('[', "[[]"))
}

/// Converts a glob of a map to a glob of a rule. `None` if it matches no image.
pub(crate) fn glob(text: &str) -> Option<String> {
    let fixed = tokens(text).filter(|token| !matches!(token, Token::Any));
    if text.is_empty() || fixed.count() > LONGEST_IMAGE {
        return None;
    }
    let mut glob = String::new();
    for token in tokens(text) {
        match token {
            Token::Any if glob.ends_with('*') => {}
            Token::Any => glob.push('*'),
            Token::One => glob.push('?'),
            Token::Literal('[') => glob.push_str("[[]"),
            Token::Literal(character) if OF_IMAGES.contains(character) => glob.push(character),
            Token::Literal(_) => return None,
            Token::Set(set) => glob.push_str(&self::set(set)?),
        }
    }
    Some(glob)
}

/// Converts a set to one that a rule can have. `None` if it has no member that an image can have.
fn set(text: &str) -> Option<String> {
    let is_plain = |character: char| OF_IMAGES.contains(character) || character == '!';
    if text.chars().all(is_plain) {
        return Some(text.to_owned());
    }
    let matches = Glob::parse(text);
    let members: String = OF_IMAGES
        .chars()
        .filter(|character| matches.matches(character.encode_utf8(&mut [0; 4])))
        .collect();
    // In a set, a `]` is a member only at the start, and a `-` only at the end.
    let (bracket, hyphen) = (members.contains(']'), members.contains('-'));
    let others = members.replace([']', '-'], "");
    let text = format!(
        "{}{others}{}",
        if bracket { "]" } else { "" },
        if hyphen { "-" } else { "" }
    );
    (!text.is_empty()).then(|| format!("[{text}]"))
}

/// Returns the text with which all matches of a glob begin.
pub(crate) fn fixed_start(glob: &str) -> &str {
    glob.split(['*', '?', '[']).next().unwrap_or_default()
}

/// The fixed starts of globs, sorted.
pub(crate) struct Starts<'g>(Vec<&'g str>);

impl<'g> Starts<'g> {
    pub(crate) fn new(globs: impl Iterator<Item = &'g str>) -> Self {
        let mut starts: Vec<&str> = globs.map(fixed_start).collect();
        starts.sort_unstable();
        Self(starts)
    }

    /// Returns true if one of the globs begins with a prefix.
    pub(crate) fn are_for(&self, prefix: &str) -> bool {
        let first = self.0.partition_point(|start| *start < prefix);
        self.0.get(first).is_some_and(|start| start.starts_with(prefix))
    }
}

/// Returns true if a glob has a wildcard in its registry. Its rule then never matches images at home.
pub(crate) fn is_open(glob: &str) -> bool {
    fixed_start(glob).split_once('/').is_none()
}

/// Returns true if a glob matches some text that begins with `start`.
pub(crate) fn may_begin(glob: &str, start: &str) -> bool {
    let fixed = fixed_start(glob);
    if !start.starts_with(fixed) {
        return fixed.starts_with(start);
    }
    if glob.get(fixed.len()..).is_some_and(|rest| rest.starts_with('*')) {
        return true;
    }
    let tokens: Vec<Token<'_>> = tokens(glob).collect();
    let mut places = vec![false; tokens.len() + 1];
    if let Some(first) = places.first_mut() {
        *first = true;
    }
    skip_stars(&tokens, &mut places);
    for character in start.chars() {
        let mut next = vec![false; places.len()];
        for (at, token) in tokens.iter().enumerate() {
            let (matches, advances) = match token {
                Token::Any => (true, false),
                Token::One => (true, true),
                Token::Literal(literal) => (*literal == character, true),
                Token::Set(set) => (Glob::parse(set).matches(character.encode_utf8(&mut [0; 4])), true),
            };
            if places[at] && matches {
                next[at + usize::from(advances)] = true;
            }
        }
        places = next;
        skip_stars(&tokens, &mut places);
    }
    places.contains(&true)
}

fn skip_stars(tokens: &[Token<'_>], places: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if places[at] && matches!(token, Token::Any) {
            places[at + 1] = true;
        }
    }
}

/// Returns a text that a glob matches, with `any` for each `*`.
pub(crate) fn filled(glob: &str, any: &str) -> String {
    tokens(glob)
        .map(|token| match token {
            Token::Any => any.to_owned(),
            Token::One => "1".to_owned(),
            Token::Literal(literal) => literal.to_string(),
            Token::Set(set) => {
                let set = Glob::parse(set);
                let mut members = OF_IMAGES.chars().map(String::from);
                members.find(|member| set.matches(member)).unwrap_or_default()
            }
        })
        .collect()
}

fn tokens(glob: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = glob;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match first {
            '[' => end_of_set(rest).unwrap_or(1),
            _ => first.len_utf8(),
        };
        let (token, remaining) = rest.split_at(end);
        rest = remaining;
        Some(match first {
            '*' => Token::Any,
            '?' => Token::One,
            '[' if end > 1 => Token::Set(token),
            _ => Token::Literal(first),
        })
    })
}

/// Returns the end of a set. `None` if it is not closed, so the bracket is a literal character.
fn end_of_set(text: &str) -> Option<usize> {
    let members = text.strip_prefix('[')?;
    let members = members.strip_prefix('!').unwrap_or(members);
    // A `]` at the start is a member.
    let first = members.chars().next()?.len_utf8();
    let close = members.get(first..)?.find(']')? + first;
    Some(text.len() - members.len() + close + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glob_that_no_image_can_match_is_none() {
        assert_eq!(glob("*redis*").as_deref(), Some("*redis*"));
        assert_eq!(glob("a**b").as_deref(), Some("a*b"));
        assert_eq!(glob("docker.io/[a-m]*").as_deref(), Some("docker.io/[a-m]*"));
        assert_eq!(glob("[^a]x").as_deref(), Some("[a]x"));
        assert_eq!(glob("[a,-]x").as_deref(), Some("[a-]x"));
        assert_eq!(glob("[::1]/x").as_deref(), Some("[::1]/x"));
        assert_eq!(glob("a[b").as_deref(), Some("a[[]b"));
        assert_eq!(glob("a{b}*"), None);
        assert_eq!(glob("[,]"), None);
        assert_eq!(literal("[::1]:5000/x").as_deref(), Some("[[]::1]:5000/x"));
        assert_eq!(literal("a*"), None);
        assert_eq!(literal(&"a".repeat(LONGEST_IMAGE + 1)), None);
        assert_eq!(glob(&"*a".repeat(LONGEST_IMAGE + 1)), None);
    }

    #[test]
    fn may_begin_finds_globs_that_match_below_a_prefix() {
        for (glob, start, expected) in [
            ("docker.io/[a-m]*", "docker.io/mirror/", true),
            ("docker.io/[a-l]*", "docker.io/mirror/", false),
            ("quay.io/*/grafana:*", "quay.io/x/", true),
            ("nginx:1.?", "h.io/", false),
            ("*redis*", "h.io/", true),
            ("h.io/x", "h.io/x/", false),
        ] {
            assert_eq!(may_begin(glob, start), expected, "{glob} {start}");
        }
    }

    #[test]
    fn glob_matches_its_filled_text() {
        for text in ["registry.k8s.io/[!p]*", "nginx:1.?", "*@sha256:*", "[]a]?"] {
            assert!(Glob::parse(text).matches(&filled(text, "x")), "{text}");
        }
    }
}

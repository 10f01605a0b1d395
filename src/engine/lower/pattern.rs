//! Reading patterns.

use super::fault::Fault;
use crate::diagnostic::Code;
use crate::glob::Glob;
use crate::reference::{DOCKER_HUB, OFFICIAL, OFFICIAL_IMAGES, normalized};
use crate::rules::pattern::{Pattern, PatternParts, Written};

/// Reads a pattern over the parts of an image.
pub(super) fn parts(text: &str) -> Result<PatternParts, Fault> {
    check_characters(text)?;
    let Split {
        name,
        below,
        tag,
        digest,
    } = split(text, Role::Pattern)?;
    let segments: Vec<&str> = name.split('/').collect();
    for segment in &segments {
        if segment.is_empty() {
            return Err(empty_segment(text));
        }
        if *segment != "**" && segment.contains("**") {
            return Err(Fault::new(Code::STARS_IN_SEGMENT, "`**` with other characters in a segment")
                .at_part(text, segment)
                .help("write `**` as a segment of its own, which matches any number of segments, or `*`, which \
                 matches any text in a segment"));
        }
    }
    let (first, rest) = segments.split_first().ok_or_else(|| empty_segment(text))?;
    let is_alone = rest.is_empty() && !below;
    if is_alone {
        check_alone(text, first, tag)?;
    }
    let is_registry = *first == "**" || (!is_alone && (*first == "*" || is_registry_text(first)));
    let (registry, path) = if is_registry {
        if !first.starts_with('*') || first.len() > 2 {
            check_registry(text, first)?;
        }
        (normalized(first), rest)
    } else {
        (DOCKER_HUB.into(), segments.as_slice())
    };
    for segment in path {
        if let Some(at) = segment.find(|character| !is_path_character(character)) {
            let character = segment
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .unwrap_or_default();
            return Err(bad_character(text, segment, at, character));
        }
    }
    let is_short = registry == DOCKER_HUB && path.len() == 1 && !below && path.first() != Some(&"**");
    let mut name = registry.into_owned();
    if !path.is_empty() {
        name.push('/');
        if is_short {
            name.push_str(OFFICIAL);
        }
        name.push_str(&path.join("/"));
    }
    Ok(PatternParts {
        is_literal: !name.contains('*'),
        name: name.into(),
        below,
        tag: tag.map(Into::into),
        digest: digest.map(Into::into),
    })
}

/// Reads a glob over the original image.
pub(super) fn written(text: &str) -> Result<Written, Fault> {
    let mut rest = text;
    while let Some((_, set)) = rest.split_once('[') {
        let start = text.len() - set.len() - 1;
        if set.starts_with('^') {
            return Err(
                Fault::new(Code::WRITTEN_GLOB, "the set of a glob begins with `^`")
                    .at(start..start + 2)
                    .help("write `[!...]` for all other characters"),
            );
        }
        let members = set.strip_prefix('!').unwrap_or(set);
        let mut characters = members.chars();
        // A `]` as the first character is a member.
        characters.next();
        match characters.as_str().split_once(']') {
            Some((_, behind)) => rest = behind,
            None => {
                return Err(Fault::new(Code::WRITTEN_GLOB, "the `[` is not closed")
                    .at(start..text.len())
                    .help("write a set as `[a-z]`; a `]` in first place is a member of it"));
            }
        }
    }
    Ok(Written {
        glob: Glob::parse(text),
        text: text.into(),
    })
}

/// Reads a prefix of `home`: the registry and segments, with the `/` at the end.
pub(super) fn home(text: &str) -> Result<Box<str>, Fault> {
    let fault = |message: &str| Fault::new(Code::HOME_PREFIX, message);
    if text.contains('*') {
        return Err(fault("a wildcard in a prefix of `home`")
            .help("write each registry, as in `home harbor.example.com/, ghcr.io/acme/`"));
    }
    if !text.ends_with('/') {
        return Err(fault("a prefix of `home` does not end in `/`").write(format!("{text}/")));
    }
    Ok(format!("{}/", parts(text)?.name).into())
}

/// A text, split at its separators: registry and repository, trailing `/`, tag and digest.
pub(super) struct Split<'t> {
    pub(super) name: &'t str,
    pub(super) below: bool,
    pub(super) tag: Option<&'t str>,
    pub(super) digest: Option<&'t str>,
}

/// The role of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Pattern,
    Target,
}

impl Role {
    /// Returns the text that matches everything below.
    fn all_below(self) -> &'static str {
        match self {
            Self::Pattern => "**",
            Self::Target => "{path}",
        }
    }
}

/// Splits a pattern or a target.
pub(super) fn split(text: &str, used: Role) -> Result<Split<'_>, Fault> {
    let (before, digest) = match text.split_once('@') {
        Some((before, digest)) => (before, Some(digest)),
        None => (text, None),
    };
    let last = before.rsplit('/').next().unwrap_or_default();
    // An IPv6 address in brackets has colons of its own.
    let (name, tag) = match last.split_once(':').filter(|_| !last.starts_with('[')) {
        Some((_, tag)) => (
            before.get(..before.len() - tag.len() - 1).unwrap_or_default(),
            Some(tag),
        ),
        None => (before, None),
    };
    if let Some(digest) = digest {
        if digest.is_empty() {
            return Err(empty_tag(text, "digest", "@"));
        }
        if digest.contains('@') || digest.matches(':').count() > 1 {
            return Err(two_tags(text, digest, "expected nothing after the digest"));
        }
    }
    if let Some((digest, at)) = digest.and_then(|digest| Some((digest, digest.find('/')?))) {
        return Err(bad_character(text, digest, at, '/'));
    }
    if let Some(tag) = tag {
        if tag.is_empty() {
            return Err(empty_tag(text, "tag", ":"));
        }
        if tag.contains(':') {
            return Err(two_tags(text, tag, "two tags"));
        }
    }
    if name.is_empty() && (tag.is_some() || digest.is_some()) {
        return Err(Fault::new(
            Code::EMPTY_SEGMENT,
            "the tag or digest has no image name before it",
        )
        .label("expected an image before it")
        .help("write the name of an image before it, or `**` for any image"));
    }
    if name.ends_with('/') && (tag.is_some() || digest.is_some()) {
        let behind = text.get(name.len()..).unwrap_or_default();
        return Err(Fault::new(Code::TAG_AFTER_SLASH, "a tag or a digest after a `/`")
            .at_part(text, behind)
            .label("expected an image before it")
            .write(format!("{name}{}{behind}", used.all_below())));
    }
    let below = name.ends_with('/');
    let name = name.strip_suffix('/').unwrap_or(name);
    Ok(Split {
        name,
        below,
        tag,
        digest,
    })
}

/// Returns true if the text of a first segment looks like a registry.
pub(super) fn is_registry_text(segment: &str) -> bool {
    segment == "localhost"
        || segment.contains(['.', ':', '['])
        || segment.contains(|c: char| c.is_ascii_uppercase())
}

pub(super) fn empty_segment(text: &str) -> Fault {
    let at = text.find("//").map_or(0, |at| at + 1);
    Fault::new(Code::EMPTY_SEGMENT, "an empty segment")
        .at(at..at + 1)
        .help("remove the extra `/`, or write the missing segment")
}

fn empty_tag(text: &str, what: &str, sign: &str) -> Fault {
    let at = text.rfind(sign).unwrap_or_default();
    Fault::new(Code::EMPTY_TAG, format!("an empty {what}"))
        .at(at..at + 1)
        .help(format!(
            "write the {what} after the `{sign}`, or remove the `{sign}`"
        ))
}

fn two_tags(text: &str, part: &str, message: &str) -> Fault {
    Fault::new(Code::TWO_TAGS, message)
        .at_part(text, part)
        .help("write `NAME:TAG@DIGEST`, each once")
}

/// Checks a text of one segment. It is a repository of Docker Hub, which is not what a user intends by a registry or
/// by `*`.
fn check_alone(text: &str, segment: &str, tag: Option<&str>) -> Result<(), Fault> {
    if segment == "*" {
        let behind = text.get(segment.len()..).unwrap_or_default();
        return Err(Fault::new(Code::STAR_ALONE, "`*` alone is not a valid pattern")
            .label("one segment, but of which registry?")
            .help(format!(
                "write `**{behind}` for every image, or `{OFFICIAL_IMAGES}/*{behind}` for Docker Hub's official \
                 images"
            )));
    }
    if segment.contains('.') && segment != "**" || segment == "localhost" || segment.starts_with('[') {
        let is_port = tag.is_some_and(|tag| tag.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*'));
        let registry = if is_port || segment.starts_with('[') {
            text
        } else {
            segment
        };
        // With a tag or a digest, the user intends only some of its images.
        let behind = text.get(registry.len()..).filter(|behind| !behind.is_empty());
        return Err(Fault::new(
            Code::BARE_REGISTRY_PATTERN,
            format!("the registry `{registry}` has no `/` after it"),
        )
        .label("as an image, this is not a registry")
        .write(match behind {
            Some(behind) => format!("{registry}/**{behind}"),
            None => format!("{registry}/"),
        }));
    }
    Ok(())
}

fn check_registry(text: &str, registry: &str) -> Result<(), Fault> {
    let fault = |label: &str| {
        Fault::new(
            Code::PATTERN_REGISTRY,
            format!("`{registry}` is not a valid registry"),
        )
        .at_part(text, registry)
        .label(label)
        .help("use a host name or an address, and optionally `:` and the number of a port")
    };
    let (host, port) = if let Some(rest) = registry.strip_prefix('[') {
        let (address, port) = rest
            .split_once(']')
            .ok_or_else(|| fault("the `[` is not closed"))?;
        if address.is_empty()
            || !address
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b':')
        {
            return Err(fault("not a valid IPv6 address"));
        }
        match (port.strip_prefix(':'), port.is_empty()) {
            (port, false) if port.is_none() => return Err(fault("only a port is allowed after the `]`")),
            (port, _) => ("", port),
        }
    } else {
        match registry.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (registry, None),
        }
    };
    if host.contains('_') {
        return Err(fault("a host has no `_`"));
    }
    if host.contains(['[', ']', '+']) || host.is_empty() && !registry.starts_with('[') {
        return Err(fault("not a valid host name"));
    }
    match port {
        Some("") => Err(fault("the port is missing")),
        Some(port) if !port.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*') => {
            Err(fault("a port has only digits"))
        }
        _ => Ok(()),
    }
}

fn check_characters(text: &str) -> Result<(), Fault> {
    if let Some(at) = text.find("://") {
        return Err(scheme(text, at));
    }
    let allowed = |character: char| {
        is_path_character(character) || matches!(character, ':' | '/' | '@' | '[' | ']' | '+')
    };
    match text.char_indices().find(|(_, character)| !allowed(*character)) {
        Some((at, character)) => Err(bad_character(text, text, at, character)),
        None => Ok(()),
    }
}

/// Returns the fault of a text with the scheme of a URL.
pub(super) fn scheme(text: &str, at: usize) -> Fault {
    Fault::new(Code::PATTERN_CHARACTER, "an image has no scheme")
        .at(0..at + 3)
        .write(text.get(at + 3..).unwrap_or_default())
}

fn is_path_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | '*')
}

fn bad_character(text: &str, part: &str, at: usize, character: char) -> Fault {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize) + at;
    let fault = Fault::new(
        Code::PATTERN_CHARACTER,
        format!("no image has `{}` here", character.escape_debug()),
    )
    .at(start..start + character.len_utf8());
    match character {
        '?' | '[' | ']' => {
            fault.help("use the wildcards `*` and `**`; shell globs follow the word `written`")
        }
        '^' | '$' | '(' | ')' | '|' | '\\' => {
            fault.help("use the wildcards `*` and `**`: a pattern is not a regular expression")
        }
        '#' => fault.help("write a space before the `#` of a comment"),
        ',' => fault.help("write a rule for each pattern"),
        '>' => fault.help("write a space on both sides of `->`"),
        '/' => fault.help("write a tag and a digest after the last segment"),
        ':' => fault.help("write a port in the registry, and a tag after the last segment"),
        _ => fault.help("write REGISTRY/PATH:TAG@DIGEST, with letters, digits and `.`, `_`, `-`"),
    }
}

/// Parses a pattern over the parts of an image, for a suggestion that has to be tried before it is made.
pub(crate) fn read_pattern(text: &str) -> Option<Pattern> {
    parts(text).ok().map(Pattern::Parts)
}

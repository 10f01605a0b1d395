//! Reading targets.

use super::fault::Fault;
use super::pattern::{Role, Split, empty_segment, is_registry_text, scheme, split};
use crate::diagnostic::Code;
use crate::reference::{
    DEFAULT_PORT, DOCKER_HUB, is_digest, is_domain, is_path_component, is_tag, normalized, reads_as_registry,
};
use crate::rules::pattern::{CaptureKind, Pattern};
use crate::rules::target::Target;
use crate::rules::template::{Placeholder, TemplatePiece, has_placeholder, pieces};

/// Maximum length of a repository, in bytes.
const MAX_PATH: usize = 255;

/// Reads the target of a swap with this pattern. Its braces hold placeholders only.
pub(super) fn target(text: &str, pattern: &Pattern) -> Result<Target, Fault> {
    let kinds = pattern.capture_kinds();
    check_captures(text, &kinds)?;
    if let Some(at) = text.find("://") {
        return Err(scheme(text, at));
    }
    if let Some(at) = text.find('*') {
        return Err(Fault::new(Code::TARGET_WILDCARD, "a wildcard in a target")
            .at(at..at + 1)
            .help(match kinds.len() {
                0 => "write the result without a wildcard: the pattern has none, so there is no capture"
                    .to_owned(),
                _ => "write `{1}` for the capture of the pattern's first wildcard".to_owned(),
            }));
    }
    let Split {
        name,
        below,
        tag,
        digest,
    } = split(text, Role::Target)?;
    if name.split('/').any(str::is_empty) {
        return Err(empty_segment(text));
    }
    let (registry, path) = match name.split_once('/') {
        Some((registry, path)) => (registry, path),
        None if below || is_registry_text(name) => (name, ""),
        None => ("", name),
    };
    let is_of_registry = pieces(registry).any(|piece| match piece {
        TemplatePiece::Placeholder(Placeholder::Domain | Placeholder::Host | Placeholder::Port) => true,
        TemplatePiece::Placeholder(Placeholder::Capture(number)) => is_of_a_registry(&kinds, number),
        _ => false,
    });
    if is_of_registry {
        check_registry(text, registry, &kinds)?;
    }
    if !is_registry_text(registry) {
        return Err(Fault::new(Code::NO_REGISTRY, "a target without a registry")
            .at_part(text, if registry.is_empty() { name } else { registry })
            .label("no registry: it has neither a `.` nor a port")
            .help("write the registry of the target")
            .write(format!("{DOCKER_HUB}/{text}")));
    }
    check_registry(text, registry, &kinds)?;
    if path.is_empty() && !below {
        let behind = text.get(registry.len()..).unwrap_or_default();
        let is_port = tag.is_some_and(|tag| tag.bytes().all(|byte| byte.is_ascii_digit()));
        let fault = Fault::new(Code::NO_PATH, format!("`{text}` is a registry without a path"))
            .label("expected the path of an image");
        return Err(match is_below(pattern) {
            true if is_port || behind.is_empty() => fault.write(format!("{text}/")),
            _ if is_port => fault.write(format!("{text}/{{path}}")),
            _ => fault.write(format!("{registry}/{{path}}{behind}")),
        });
    }
    check_path(text, path)?;
    check_tag(text, tag, digest)?;
    if below && !is_below(pattern) {
        let captures = if kinds.is_empty() {
            ""
        } else {
            ", or captures such as `{1}`"
        };
        let fault = Fault::new(
            Code::NOTHING_BELOW,
            "the target ends in `/`, but the pattern does not, so there is no path to append",
        )
        .label("expected the path to append");
        // A user who writes `quay.io/*` or `quay.io/**` mostly means everything below.
        let fault = match ends_in_wildcard(pattern) {
            true => fault.help("end the pattern in `/`, without a `*`, to match everything below it"),
            false => fault,
        };
        return Err(fault.help(format!(
            "write `{text}{{path}}` for the whole repository, `{text}{{name}}` for its last segment{captures}"
        )));
    }
    if !below && is_below(pattern) && !has_placeholder(text) {
        return Err(Fault::new(
            Code::ALL_BECOME_ONE,
            "all images below the pattern would get the same name",
        )
        .label("one name")
        .write(match text.get(name.len()..) {
            Some(behind) if !behind.is_empty() => format!("{name}/{{path}}{behind}"),
            _ => format!("{name}/"),
        }));
    }
    Ok(Target::new(registry, path, below, tag, digest, &kinds))
}

fn is_below(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::Parts(parts) if parts.below)
}

/// Returns true if its last segment is `*` or `**`.
fn ends_in_wildcard(pattern: &Pattern) -> bool {
    let is_wildcard = |name: &str| matches!(name.rsplit('/').next(), Some("*" | "**"));
    matches!(pattern, Pattern::Parts(parts) if parts.tag.is_none() && is_wildcard(&parts.name))
}

fn check_captures(text: &str, kinds: &[CaptureKind]) -> Result<(), Fault> {
    let mut rest = text;
    while let Some((_, from)) = rest.split_once('{') {
        let Some((name, behind)) = from.split_once('}') else {
            break;
        };
        rest = behind;
        let Some(Placeholder::Capture(number)) = Placeholder::parse(name) else {
            continue;
        };
        if number == 0 || number > kinds.len() {
            let shown = name.get(..20).unwrap_or(name);
            let start = text.len() - from.len() - 1;
            return Err(Fault::new(
                Code::UNKNOWN_PLACEHOLDER,
                format!("unknown placeholder `{{{shown}}}`"),
            )
            .at(start..start + name.len() + 2)
            .label(match kinds.len() {
                0 => "the pattern has no wildcard".to_owned(),
                1 => "the pattern has one wildcard".to_owned(),
                count => format!("the pattern has {count} wildcards"),
            })
            .help(match kinds.len() {
                0 => {
                    "write a part of the image, such as `{path}` or `{name}`; captures need wildcards in the \
                 pattern"
                }
                _ => "write `{1}` for the first wildcard of the pattern, `{2}` for the second, and so on",
            }));
        }
    }
    Ok(())
}

/// Returns the template with a text for each placeholder, to check whether the other text is valid next to one.
fn filled(template: &str) -> String {
    pieces(template)
        .map(|piece| match piece {
            TemplatePiece::Literal(literal) => literal,
            TemplatePiece::Placeholder(_) => "a",
        })
        .collect()
}

/// Returns true if a capture is a text of a registry.
fn is_of_a_registry(kinds: &[CaptureKind], capture: usize) -> bool {
    let kind = capture.checked_sub(1).and_then(|at| kinds.get(at));
    matches!(kind, Some(CaptureKind::Registry { .. }))
}

fn check_registry(text: &str, registry: &str, kinds: &[CaptureKind]) -> Result<(), Fault> {
    let all: Vec<TemplatePiece<'_>> = pieces(registry).collect();
    for (number, piece) in all.iter().enumerate() {
        let TemplatePiece::Placeholder(placeholder) = piece else {
            continue;
        };
        let fault = |message: &str| {
            Fault::new(Code::REGISTRY_PLACEHOLDER, message)
                .at_part(text, registry)
                .help("write the registry as text, with constants, or with captures from the registry of the pattern that a \
                 dot follows, as in `{1}.example.com`")
        };
        match placeholder {
            Placeholder::Capture(capture) if is_of_a_registry(kinds, *capture) => {}
            Placeholder::Capture(_) => {
                return Err(fault(
                    "the registry of the target has a capture that is not from the registry of the pattern",
                ));
            }
            _ => return Err(fault("the registry of the target contains a part of the image")),
        }
        let has_dot = all
            .iter()
            .skip(number)
            .any(|piece| matches!(piece, TemplatePiece::Literal(literal) if literal.contains('.')));
        if !has_dot {
            return Err(fault(
                "the registry of the target has a capture without a literal dot after it",
            ));
        }
    }
    let fault = |label: &str| {
        Fault::new(
            Code::TARGET_REGISTRY,
            format!("`{registry}` is not a valid registry of a target"),
        )
        .at_part(text, registry)
        .label(label)
        .help("use a host name with a dot, or a host and a port other than 443, or `localhost`")
    };
    if has_placeholder(registry) {
        let lower = registry.to_ascii_lowercase();
        if lower.ends_with(DOCKER_HUB) || lower.ends_with(DEFAULT_PORT) {
            return Err(fault(&format!(
                "with a capture, it must not end in `{DOCKER_HUB}` or `{DEFAULT_PORT}`"
            )));
        }
    }
    let registry = filled(registry);
    let host = normalized(&registry);
    if !is_domain(&host) {
        return Err(fault("not a valid host name"));
    }
    if !reads_as_registry(&host) {
        return Err(fault("read as a path of Docker Hub in an image"));
    }
    Ok(())
}

fn check_path(text: &str, path: &str) -> Result<(), Fault> {
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if !is_path_component(&filled(segment)) {
            let fault = Fault::new(
                Code::TARGET_CHARACTER,
                format!("`{segment}` is not a valid segment of a repository"),
            )
            .at_part(text, segment);
            if segment.starts_with(['$', '\\']) {
                return Err(
                    fault.help("write `{1}` for the capture of a wildcard, and `{NAME}` for a constant")
                );
            }
            return Err(fault.help(
                "use lower-case letters and digits, and between them one `.`, one or two `_`, or hyphens",
            ));
        }
    }
    if !has_placeholder(path) && path.len() > MAX_PATH {
        return Err(Fault::new(
            Code::TARGET_CHARACTER,
            format!("the repository of the target has {} bytes", path.len()),
        )
        .at_part(text, path)
        .help(format!("shorten it to at most {MAX_PATH} bytes")));
    }
    Ok(())
}

fn check_tag(text: &str, tag: Option<&str>, digest: Option<&str>) -> Result<(), Fault> {
    if let Some(tag) = tag {
        if pieces(tag).any(|piece| piece == TemplatePiece::Placeholder(Placeholder::Digest)) {
            return Err(Fault::new(
                Code::DIGEST_AS_TAG,
                "a tag has no colon, so it cannot be a digest",
            )
            .at_part(text, tag)
            .help("write `@{digest}`, or `:{tag}@{digest}` for both"));
        }
        if !is_tag(&filled(tag)) {
            return Err(Fault::new(Code::TARGET_CHARACTER, format!("`{tag}` is not a valid tag"))
                .at_part(text, tag)
                .help("use 1 to 128 letters, digits, `_`, `.` or `-`, and begin with a letter, a digit or `_`"));
        }
    }
    if let Some(digest) = digest {
        if digest.contains(':')
            && pieces(digest).any(|piece| piece == TemplatePiece::Placeholder(Placeholder::Digest))
        {
            return Err(Fault::new(Code::TWO_TAGS, "a tag after the digest")
                .at_part(text, digest)
                .help("write `NAME:TAG@DIGEST`, each once: `:{tag}@{digest}` keeps both"));
        }
        let is_whole = digest == "{digest}";
        let is_valid = if has_placeholder(digest) {
            is_whole
                || pieces(digest).all(|piece| match piece {
                    TemplatePiece::Placeholder(Placeholder::Digest) => false,
                    TemplatePiece::Literal(literal) => literal
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b':'),
                    TemplatePiece::Placeholder(_) => true,
                })
        } else {
            is_digest(digest)
        };
        if !is_valid {
            return Err(Fault::new(
                Code::TARGET_CHARACTER,
                format!("`{digest}` is not a valid digest"),
            )
            .at_part(text, digest)
            .help("use `sha256:` with 64, or `sha512:` with 128, lower-case hexadecimal digits"));
        }
    }
    Ok(())
}

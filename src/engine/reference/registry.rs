//! Registries: the names of Docker Hub, and functions that split a registry off an image and compare registries.

use std::borrow::Cow;

/// Registry of a short name.
pub const DOCKER_HUB: &str = "docker.io";
/// Another name of Docker Hub.
pub const DOCKER_HUB_ALIAS: &str = "index.docker.io";
/// Path that completes a repository of one segment on Docker Hub.
pub const OFFICIAL: &str = "library/";
/// Docker Hub's official images: the registry with the path that completes a repository of one segment.
pub const OFFICIAL_IMAGES: &str = "docker.io/library";
/// Default port of every registry.
pub const DEFAULT_PORT: &str = ":443";
const LOCALHOST: &str = "localhost";

/// Returns a registry in the form in which registries are compared: in lower case, without the default port, and with
/// the first name of Docker Hub.
#[must_use]
pub fn normalized(registry: &str) -> Cow<'_, str> {
    let host = registry.strip_suffix(DEFAULT_PORT).unwrap_or(registry);
    let host = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    };
    if host == DOCKER_HUB_ALIAS {
        Cow::Borrowed(DOCKER_HUB)
    } else {
        host
    }
}

/// Returns true if the text is a registry even without a `/` and a repository after it, which mark the registry of an
/// image.
#[must_use]
pub fn reads_as_registry(text: &str) -> bool {
    text == LOCALHOST || text.contains(['.', ':'])
}

/// Splits off the first segment of the original image if it is a registry: it contains `.` or `:`, is `localhost`, or
/// has an upper-case letter.
#[must_use]
pub fn split_registry(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((first, rest))
            if first == LOCALHOST || first.contains(['.', ':']) || first.chars().any(char::is_uppercase) =>
        {
            (Some(first), rest)
        }
        _ => (None, text),
    }
}

/// Splits a registry into host and port. The host of an IPv6 address keeps its brackets.
#[must_use]
pub fn split_port(registry: &str) -> (&str, Option<&str>) {
    match registry.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (registry, None),
    }
}

/// Returns true if the text is a registry: a host name, an IPv4 address or an IPv6 address in brackets, with an
/// optional port.
#[must_use]
pub fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => {
                let valid =
                    !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
                return valid && port.strip_prefix(':').map_or(port.is_empty(), is_port);
            }
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    port.is_none_or(is_port) && host.split('.').all(is_domain_component)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_domain_component(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

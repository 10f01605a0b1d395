//! Rules to write instead of a line that relies on a trap.

use imageswap_engine::reference::split_port;

use crate::location::{Location, is_registry};

/// Returns a rule for all images below a key, whose results stay distinct.
pub(crate) fn below(key: &str, value: &str) -> Option<String> {
    let plain = key.replace('*', "a");
    let (registry, _) = plain.split_once('/').unwrap_or((&plain, ""));
    if key != "**" && !(is_registry(registry) && Location::parse(&plain).is_ok()) {
        return None;
    }
    let allow = match key.strip_prefix("*.") {
        Some(_) => "  allow bare-registry",
        None => "",
    };
    if value.is_empty() {
        return Some(format!("keep {}/{allow}", key.trim_end_matches('/')));
    }
    let location = Location::parse(value.trim_end_matches('-')).ok()?;
    let prefix = location.prefix();
    Some(match key {
        "**" => format!("swap ** -> {prefix}{{domain}}/{{path}}"),
        _ if key.starts_with("*.") => format!(
            "swap {}/ -> {prefix}{{domain}}/{allow}",
            key.trim_end_matches('/')
        ),
        _ => format!("swap {}/ -> {prefix}", key.trim_end_matches('/')),
    })
}

/// Returns rules that keep the registries among the entries. `None` if no entry is a registry.
pub(crate) fn kept(entries: &str) -> Option<String> {
    let entries: Vec<&str> = entries.split(',').collect();
    if !entries.iter().any(|entry| is_registry(entry)) {
        return None;
    }
    let rules: Vec<String> = entries.into_iter().filter_map(keep).collect();
    Some(rules.join("\n"))
}

/// Returns rules that keep the images that an entry is meant for.
pub(crate) fn keep(entry: &str) -> Option<String> {
    if is_registry(entry) {
        let (_, port) = split_port(entry);
        return Some(match port {
            Some(_) => format!("keep {entry}/"),
            None if entry == "localhost" => format!("keep {entry}/\nkeep {entry}:*/"),
            // An entry is often the end of a host name, such as `amazonaws.com`.
            None => format!("keep {entry}/\nkeep {entry}:*/\nkeep *.{entry}/\nkeep *.{entry}:*/"),
        });
    }
    Some(format!("keep written *{}*", crate::written::literal(entry)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kept_entry_has_its_rule() {
        assert_eq!(
            kept("h.io,localhost,k.io:5000,team/app,*").as_deref(),
            Some(
                "keep h.io/\nkeep h.io:*/\nkeep *.h.io/\nkeep *.h.io:*/\nkeep localhost/\nkeep localhost:*/\n\
                 keep k.io:5000/\nkeep written *team/app*"
            )
        );
        assert_eq!(kept("team/app"), None);
    }

    #[test]
    fn rules_for_a_domain_wildcard_allow_bare_registry() {
        assert_eq!(
            below("*.a.io", "").as_deref(),
            Some("keep *.a.io/  allow bare-registry")
        );
        assert_eq!(
            below("*.a.io", "h.io/a").as_deref(),
            Some("swap *.a.io/ -> h.io/a/{domain}/  allow bare-registry")
        );
    }
}

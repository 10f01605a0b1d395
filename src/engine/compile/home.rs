//! The home of a set without a `home` line.

use std::collections::BTreeSet;

use crate::analysis::languages;
use crate::automaton::witness;
use crate::diagnostic::{Code, Diagnostic};
use crate::reference::DOCKER_HUB;
use crate::rules::index::shape_prefix;
use crate::rules::pattern::{Pattern, match_glob};
use crate::rules::rule::{FileScope, Rule};
use crate::rules::target::Target;

/// Returns the home of a set: its `home` line, else the only registry that its swaps target.
///
/// # Errors
///
/// Returns an error if swaps target several registries, or Docker Hub, and a pattern with a wildcard in its registry
/// matches one of these.
pub(super) fn resolve(
    rules: &[Rule],
    files: &[FileScope],
    named: Vec<Box<str>>,
) -> Result<Vec<Box<str>>, Box<Diagnostic>> {
    // A named home replaces the inferred one, also if it does not contain the targets.
    if !named.is_empty() {
        return Ok(named);
    }
    let targets = || rules.iter().filter_map(|rule| rule.target.as_ref());
    let registries: BTreeSet<&str> = targets().filter_map(Target::literal_registry).collect();
    let mut each = registries.iter();
    match (each.next(), each.next()) {
        (None, _) => return Ok(Vec::new()),
        (Some(registry), None) if *registry != DOCKER_HUB => return Ok(vec![format!("{registry}/").into()]),
        _ => {}
    }
    let is_at_fault = |rule: &&Rule| {
        rule.target.is_some()
            && rule.pattern.is_open()
            && registries
                .iter()
                .any(|registry| may_match(&rule.pattern, registry))
    };
    let mut at_fault = rules.iter().filter(is_at_fault);
    let Some(first) = at_fault.next() else {
        return Ok(Vec::new());
    };
    let prefixes: BTreeSet<String> = targets().filter_map(prefix_of).collect();
    let line = format!(
        "home {}",
        prefixes.into_iter().collect::<Vec<String>>().join(", ")
    );
    let to = match registries.len() {
        1 => "target Docker Hub",
        _ => "target several registries",
    };
    let message = "this pattern also matches the targets of the rules, so the set needs a `home` line";
    let mut finding = Diagnostic::error(Code::NO_HOME, message, first.span)
        .label("has a wildcard in its registry, and would swap the results again")
        .note(format!("the rules {to}"));
    // A few are enough to see the problem, and a set may have thousands.
    for rule in at_fault.take(3) {
        finding = finding.also(rule.span, "and this one");
    }
    let message = format!("write `{line}`");
    // A `home` line in a file with a condition is an error.
    let place = rules.iter().find(|rule| rule.is_in_open_file(files));
    Err(Box::new(match place {
        Some(rule) => finding.suggest(message, rule.span.start(), format!("{line}\n")),
        None => finding.help(format!("{message} in a file whose header has no `when`")),
    }))
}

/// Returns the prefix of a target's results: on Docker Hub its literal part, else the registry.
fn prefix_of(target: &Target) -> Option<String> {
    let registry = target.literal_registry()?;
    if registry != DOCKER_HUB {
        return Some(format!("{registry}/"));
    }
    let prefix = match target.shape() {
        Some(shape) => shape_prefix(registry, shape),
        None if target.below => target.name().to_owned(),
        None => target
            .name()
            .rsplit_once('/')
            .map_or_else(|| registry.to_owned(), |(path, _)| path.to_owned()),
    };
    Some(format!("{prefix}/"))
}

/// Returns true if a pattern with a wildcard in its registry may match an image of this registry.
fn may_match(pattern: &Pattern, registry: &str) -> bool {
    match pattern {
        Pattern::Parts(parts) => parts.registry() == "**" || match_glob(parts.registry(), registry),
        Pattern::Written(written) => {
            // A glob may match across the `/`, so only a comparison of languages tells.
            let below = languages::from(&format!("{registry}/"));
            // A search that gives up counts as a match: the set then needs a `home` line that does no harm.
            !matches!(
                witness(&[&written.glob.language(), &below], &[], languages::BUDGET),
                Ok(None)
            )
        }
    }
}

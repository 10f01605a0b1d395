//! Lints about different sources that get one name, and about parts of a name that a target drops.

use std::collections::{HashMap, HashSet};

use super::allowed::is_allowed;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::Compiled;
use crate::rules::pattern::{CaptureKind, Pattern, match_glob};
use crate::rules::rule::Rule;
use crate::rules::target::Target;
use crate::rules::template::{Placeholder, TemplatePiece, pieces};

/// Reports a target that drops a part in which the images of its pattern differ.
pub(super) fn loses_names(rule: &Rule) -> Option<Diagnostic> {
    let target = rule.target.as_ref()?;
    let lost = lost(&rule.pattern, target)?;
    Some(
        Diagnostic::warning(
            Code::SHARED_TARGET,
            format!("different images get one name: the target drops {lost}"),
            rule.span,
        )
        .help("add the part that tells the images apart: `{domain}`, `{path}` or a capture"),
    )
}

/// Returns the part of the names of a pattern that the target drops.
fn lost(pattern: &Pattern, target: &Target) -> Option<&'static str> {
    let tag = target.tag().unwrap_or_default();
    let used: Vec<Placeholder> = pieces(target.name())
        .chain(pieces(tag))
        .filter_map(|piece| match piece {
            TemplatePiece::Placeholder(placeholder) => Some(placeholder),
            TemplatePiece::Literal(_) => None,
        })
        .collect();
    let has = |placeholder| used.contains(&placeholder);
    let has_path = has(Placeholder::Path) || has(Placeholder::Written);
    let parts = match pattern {
        Pattern::Parts(parts) => parts,
        Pattern::Written(written) => {
            let is_captured = (1..=written.glob.stars()).all(|number| has(Placeholder::Capture(number)))
                // `?` and sets match text that no capture has.
                && !written.text.contains(['?', '[']);
            let is_fixed = !written.text.contains(['*', '?', '[']);
            let is_open = pattern.is_open();
            return match () {
                () if is_fixed || is_captured || (has_path && (has(Placeholder::Domain) || !is_open)) => None,
                () if has_path => Some("the registry"),
                () => Some("the capture of the glob"),
            };
        }
    };
    let kinds = pattern.capture_kinds();
    let mut last_is_open = parts.path().is_empty() && parts.below;
    if let Some(last) = parts.path().rsplit('/').next()
        && !parts.below
    {
        last_is_open = last.contains('*') && last != "**";
    }
    let segments_are_open = parts
        .path()
        .rsplit_once('/')
        .is_some_and(|(before, _)| before.contains('*'));
    for (number, kind) in (1..).zip(&kinds) {
        let is_captured = has(Placeholder::Capture(number));
        let is_kept = match kind {
            CaptureKind::Registry { .. } => {
                is_captured || has(Placeholder::Domain) || is_port_kept(&parts.name, &used)
            }
            CaptureKind::RegistryAndSegments => is_captured || (has(Placeholder::Domain) && has_path),
            CaptureKind::Segments => is_captured || has_path,
            CaptureKind::Segment { .. } => {
                is_captured || has_path || (has(Placeholder::Name) && last_is_open && !segments_are_open)
            }
            // Images that differ only in tag or digest are versions of one image.
            CaptureKind::Tag | CaptureKind::Digest | CaptureKind::Written => true,
        };
        if !is_kept {
            return Some(match kind {
                CaptureKind::Registry { .. } => "the capture of a wildcard in the registry",
                CaptureKind::RegistryAndSegments if has_path => "the registry",
                _ => "the capture of a wildcard",
            });
        }
    }
    (parts.below && !target.below && !has_path).then_some("the path below the pattern")
}

/// Returns true if the only wildcard of a registry is its port, and the target keeps the port.
fn is_port_kept(name: &str, used: &[Placeholder]) -> bool {
    let registry = name.split('/').next().unwrap_or_default();
    used.contains(&Placeholder::Port)
        && registry
            .strip_suffix(":*")
            .is_some_and(|host| !host.contains('*'))
}

/// Reports rules for different registries or prefixes that have the same target.
pub(super) fn shared_targets(set: &Compiled, report: &mut dyn FnMut(Diagnostic)) {
    let mut first_to: HashMap<&str, &Rule> = HashMap::new();
    for rule in &set.rules {
        let Some(target) = rule.target.as_ref().filter(|target| target.below) else {
            continue;
        };
        let Pattern::Parts(parts) = &rule.pattern else {
            continue;
        };
        // With placeholders, different sources get different names unless a part is dropped, which `lost` reports.
        if target.shape().is_some() {
            continue;
        }
        let first = *first_to.entry(target.name()).or_insert(rule);
        let is_same_source = matches!(&first.pattern, Pattern::Parts(known) if known.name == parts.name);
        if is_same_source {
            continue;
        }
        let finding = Diagnostic::warning(
            Code::SHARED_TARGET,
            format!(
                "images of `{}/` get the same names as those that `{}` swaps",
                parts.name,
                set.name_of(first)
            ),
            rule.span,
        )
        .label("has the same target")
        .also(first.span, "as this rule")
        .help(
            "choose a target of its own for each source; if both sources hold the same images, write `allow \
         shared-target`",
        );
        if !is_allowed(rule, &finding) {
            report(finding);
        }
    }
}

/// Reports patterns for the hosts below a registry, if no rule is for the registry itself.
pub(super) fn bare_registries(set: &Compiled, report: &mut dyn FnMut(Diagnostic)) {
    /// Patterns with wildcards in unusual places are compared one by one, so their number is bounded.
    const COMPARED: usize = 64;
    let registries = || {
        set.rules.iter().filter_map(|rule| match &rule.pattern {
            Pattern::Parts(parts) => Some((rule, parts.registry())),
            Pattern::Written(_) => None,
        })
    };
    let host_below = |registry: &'_ str| -> Option<String> {
        let host = registry.strip_prefix("*.")?;
        (!host.contains('*')).then(|| host.to_owned())
    };
    let (mut literal, mut suffixes, mut others) = (HashSet::new(), HashSet::new(), Vec::new());
    for (_, registry) in registries() {
        if let Some(host) = host_below(registry) {
            suffixes.insert(host);
        } else if !registry.contains('*') {
            literal.insert(registry);
        } else if registry != "*" && registry != "**" && others.len() < COMPARED {
            others.push(registry);
        }
    }
    let is_for = |host: &str| {
        let above = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
        literal.contains(host)
            || above.into_iter().any(|above| suffixes.contains(above))
            || others.iter().any(|glob| match_glob(glob, host))
    };
    registries()
        .filter_map(|(rule, registry)| {
            let host = host_below(registry).filter(|host| host.contains('.') && !is_for(host))?;
            let finding = Diagnostic::warning(
                Code::BARE_REGISTRY,
                format!("no rule matches `{host}` itself"),
                rule.span,
            )
            .label(format!("`*.{host}` matches only the hosts below it"))
            .help(format!(
                "add a rule for `{host}/`; if no image is there, write `allow {}`",
                Code::BARE_REGISTRY
            ));
            (!is_allowed(rule, &finding)).then_some(finding)
        })
        .for_each(report);
}

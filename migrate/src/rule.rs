//! Rules of the file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use imageswap_engine::compile::is_reserved;
use imageswap_engine::reference::DOCKER_HUB;

use crate::written;

/// The kind of a rule. Each kind has its own section in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Exact,
    AtTarget,
    Glob,
    Registry,
    Port,
    Noswap,
    Default,
}

/// The pattern of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Over images in canonical form: `quay.io/`, `**`.
    Canonical(String),
    /// A glob over original images, after the keyword `written`.
    Written(String),
}

/// A rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) kind: Kind,
    pub(crate) pattern: Pattern,
    /// Target of a swap: the registry, and the rest. `None` for a `keep`.
    pub(crate) target: Option<(String, String)>,
    /// True if the rule has the condition `unqualified`.
    pub(crate) unqualified: bool,
    /// Lints that the rule allows, because the map has the same effect.
    pub(crate) allow: Vec<&'static str>,
    /// Lines of the map that it comes from, as indexes of the effective lines.
    pub(crate) lines: Vec<usize>,
    /// Sample images, the simplest first.
    pub(crate) samples: Vec<String>,
}

impl Pattern {
    /// Returns the glob over original images, if it is one.
    pub(crate) fn glob(&self) -> Option<&str> {
        match self {
            Self::Written(glob) => Some(glob),
            Self::Canonical(_) => None,
        }
    }

    /// Returns the pattern over images in canonical form, if it is one.
    pub(crate) fn canonical(&self) -> Option<&str> {
        match self {
            Self::Canonical(pattern) => Some(pattern),
            Self::Written(_) => None,
        }
    }
}

impl From<String> for Pattern {
    fn from(pattern: String) -> Self {
        Self::Canonical(pattern)
    }
}

impl From<&str> for Pattern {
    fn from(pattern: &str) -> Self {
        Self::Canonical(pattern.to_owned())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canonical(pattern) => f.write_str(pattern),
            Self::Written(glob) => write!(f, "written {glob}"),
        }
    }
}

impl Rule {
    pub(crate) fn keep(kind: Kind, pattern: impl Into<Pattern>) -> Self {
        Self {
            kind,
            pattern: pattern.into(),
            target: None,
            unqualified: false,
            allow: Vec::new(),
            lines: Vec::new(),
            samples: Vec::new(),
        }
    }

    pub(crate) fn swap(
        kind: Kind,
        pattern: impl Into<Pattern>,
        registry: impl Into<String>,
        rest: impl Into<String>,
    ) -> Self {
        Self {
            target: Some((registry.into(), rest.into())),
            ..Self::keep(kind, pattern)
        }
    }

    /// Returns true if the pattern of a swap has a wildcard in its registry.
    pub(crate) fn is_open(&self) -> bool {
        self.target.is_some()
            && match &self.pattern {
                Pattern::Written(glob) => written::is_open(glob),
                Pattern::Canonical(pattern) => {
                    pattern.split('/').next().is_some_and(|first| first.contains('*'))
                }
            }
    }

    pub(crate) fn when_unqualified(mut self) -> Self {
        self.unqualified = true;
        self
    }

    pub(crate) fn with_lines(mut self, lines: impl IntoIterator<Item = usize>) -> Self {
        self.lines.extend(lines);
        self
    }

    pub(crate) fn sampled(mut self, samples: impl IntoIterator<Item = String>) -> Self {
        self.samples.extend(samples);
        self
    }

    /// Returns the statement, with constants for registries.
    pub(crate) fn text(&self, constants: &Constants) -> String {
        let pattern = match &self.pattern {
            Pattern::Canonical(pattern) if self.kind == Kind::AtTarget => constants.at_start(pattern),
            pattern => pattern.to_string(),
        };
        let mut text = match &self.target {
            None => format!("keep {pattern}"),
            Some((registry, rest)) => format!("swap {pattern} -> {}{rest}", constants.text(registry)),
        };
        if self.unqualified {
            text.push_str(" when unqualified");
        }
        if !self.allow.is_empty() {
            text.push_str(&format!(" allow {}", self.allow.join(", ")));
        }
        text
    }
}

/// The constants of the file, by registry.
#[derive(Debug, Default)]
pub(crate) struct Constants(BTreeMap<String, String>);

impl Constants {
    /// Names the registries that are targets of several rules.
    pub(crate) fn new(rules: &[Rule]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (registry, _) in rules.iter().filter_map(|rule| rule.target.as_ref()) {
            *counts.entry(registry).or_default() += 1;
        }
        counts.retain(|registry, count| *count > 1 && *registry != DOCKER_HUB);
        let mut constants = Self::default();
        if let [registry] = counts.keys().copied().collect::<Vec<_>>().as_slice() {
            constants.0.insert((*registry).to_owned(), "hub".to_owned());
            return constants;
        }
        let mut used = HashSet::new();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for registry in counts.into_keys() {
            let label = name_for(registry);
            let mut name = label.to_owned();
            while !used.insert(name.clone()) {
                let number = numbers.entry(label).or_insert(1);
                *number += 1;
                name = format!("{label}-{number}");
            }
            constants.0.insert(registry.to_owned(), name);
        }
        constants
    }

    /// Returns the registries and the names of their constants.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(registry, name)| (registry.as_str(), name.as_str()))
    }

    /// Returns a registry, or its constant.
    pub(crate) fn text(&self, registry: &str) -> String {
        match self.0.get(registry) {
            Some(name) => format!("{{{name}}}"),
            None => registry.to_owned(),
        }
    }

    /// Returns a text that begins with a registry and a `/`, with the constant of the registry.
    pub(crate) fn at_start(&self, text: &str) -> String {
        match text.split_once('/') {
            Some((registry, rest)) => format!("{}/{rest}", self.text(registry)),
            None => text.to_owned(),
        }
    }
}

/// Returns a name for a constant: `harbor` for `harbor.example.com:5000`.
fn name_for(registry: &str) -> &str {
    let label = registry.split(['.', ':']).next().unwrap_or_default();
    let is_name = label.starts_with(|first: char| first.is_ascii_lowercase()) && !is_reserved(label);
    match is_name {
        true => label,
        false => "registry",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_several_rules_get_constants() {
        let swap = |registry: &str| Rule::swap(Kind::Registry, "x/", registry, "/");
        let constants = Constants::new(&["h.io", "h.io", "q.io"].map(swap));
        assert_eq!(constants.iter().collect::<Vec<_>>(), [("h.io", "hub")]);
        assert_eq!(constants.at_start("h.io/a/"), "{hub}/a/");
        let twice = [
            "10.0.0.5", "10.0.0.5", "home.io", "home.io", "m.a.io", "m.a.io", "m.b.io", "m.b.io",
        ];
        let constants = Constants::new(&twice.map(swap));
        let names: Vec<_> = constants.iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["registry", "registry-2", "m", "m-2"]);
    }
}

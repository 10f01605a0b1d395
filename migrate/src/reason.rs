//! Reasons for differences between the old configuration and the rules.

use std::borrow::Cow;
use std::collections::HashSet;

use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Setting;
use imageswap_engine::reference::{
    DEFAULT_PORT, DOCKER_HUB, DOCKER_HUB_ALIAS, canonical, canonical_name, normalized, split_port,
    split_registry,
};
use imageswap_engine::rules::Effect;

use crate::location::{Location, LocationError};
use crate::outcome::Outcome;
use crate::plan::Facts;

/// A known reason for a difference. Each has a row in the page about migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The image is at home or at a target, and is kept.
    AlreadySwapped,
    /// Its registry is not in canonical form, and rules compare the canonical form.
    RegistrySpelling,
    /// Lines swap the results of one another, and the rules do so in one evaluation.
    Chain,
    /// A value that ends in `-` becomes a part of the registry, which rules express only for registries that they name.
    PrefixOnRegistry,
    /// The old configuration passes the port to the target, which rules express only for ports that they name.
    PortHandedOn,
    /// The image gives Docker Hub a port, which it does not have.
    HubWithPort,
    /// The result of the old configuration is not a valid image.
    InvalidOutput,
    /// The old configuration swaps it to a registry that no rule can name.
    UnnameableRegistry,
}

/// The reasons, in the order of the report.
pub const REASONS: [Reason; 8] = [
    Reason::AlreadySwapped,
    Reason::RegistrySpelling,
    Reason::Chain,
    Reason::PrefixOnRegistry,
    Reason::PortHandedOn,
    Reason::HubWithPort,
    Reason::InvalidOutput,
    Reason::UnnameableRegistry,
];

/// Finds the reasons of differences.
pub(crate) struct Reasons<'m> {
    old: &'m RuleSet,
    facts: &'m Facts,
    /// Prefixes of the targets of the old configuration.
    targets: HashSet<String>,
    /// Prefixes of the home of the rules.
    home: HashSet<String>,
    /// Canonical names of the whole images that lines swap to.
    images: HashSet<String>,
    /// Hosts that can get the port of an image.
    hosts: HashSet<&'m str>,
}

impl Reason {
    /// Returns its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlreadySwapped => "already-swapped",
            Self::RegistrySpelling => "registry-spelling",
            Self::Chain => "chain",
            Self::PrefixOnRegistry => "prefix-on-registry",
            Self::PortHandedOn => "port-handed-on",
            Self::HubWithPort => "hub-with-port",
            Self::InvalidOutput => "invalid-output",
            Self::UnnameableRegistry => "unnameable-registry",
        }
    }

    /// Returns its text in the report, which continues "each".
    #[must_use]
    pub fn text(self) -> Cow<'static, str> {
        let text = match self {
            Self::AlreadySwapped => "is already at a target of the old configuration, so the rules keep it",
            Self::RegistrySpelling => {
                return Cow::Owned(format!(
                    "has a registry with `{DEFAULT_PORT}`, with capital letters or named `{DOCKER_HUB_ALIAS}`; rules compare \
                     the canonical form"
                ));
            }
            Self::Chain => {
                "was swapped again at its next admission; the rules swap it to the end of the chain at once"
            }
            Self::PrefixOnRegistry => {
                "has a registry that the file does not name; give the images in use with `--images` or `--manifests`"
            }
            Self::PortHandedOn => {
                "has a port that the file does not name; give the images in use with `--images` or `--manifests`"
            }
            Self::HubWithPort => "has Docker Hub with a port, which Docker Hub does not have",
            Self::InvalidOutput => {
                "was kept, because its result was not a valid image; the rules drop the port, so the result is valid"
            }
            Self::UnnameableRegistry => {
                "was swapped to a registry without a dot, which no rule can name; the rules keep it"
            }
        };
        Cow::Borrowed(text)
    }
}

impl<'m> Reasons<'m> {
    pub(crate) fn new(old: &'m RuleSet, facts: &'m Facts, home: &[Location]) -> Self {
        let hosts = facts
            .targets
            .iter()
            .map(|location| match location.registry.as_str() {
                DOCKER_HUB if !location.path.is_empty() => location.path.as_str(),
                registry => registry,
            });
        Self {
            old,
            facts,
            targets: facts.targets.iter().map(Location::prefix).collect(),
            home: home.iter().map(Location::prefix).collect(),
            images: facts
                .images
                .iter()
                .filter_map(|image| canonical_name(image))
                .collect(),
            hosts: hosts.collect(),
        }
    }

    /// Returns the reason why the outcome of an image differs. `None` if it is unknown.
    pub(crate) fn reason(&self, image: &str, old: &Outcome, new: &Outcome) -> Option<Reason> {
        if self.is_at_target(image) && (*new == Outcome::Kept || self.is_at_home(image)) {
            return Some(Reason::AlreadySwapped);
        }
        if self.is_chain(old, new) {
            return Some(Reason::Chain);
        }
        if *new == Outcome::Kept && old.image().is_some_and(is_of_bare_word) {
            return Some(Reason::UnnameableRegistry);
        }
        let (registry, _) = split_registry(image);
        if let Some(reason) = registry.and_then(|registry| self.reason_of_registry(registry, old, new)) {
            return Some(reason);
        }
        let is_spelled_differently = registry.is_some_and(|registry| normalized(registry) != registry);
        if is_spelled_differently {
            return Some(Reason::RegistrySpelling);
        }
        (*old == Outcome::Invalid).then_some(Reason::InvalidOutput)
    }

    fn reason_of_registry(&self, registry: &str, old: &Outcome, new: &Outcome) -> Option<Reason> {
        let (host, port) = split_port(registry);
        if port.is_some_and(|port| port != "443") && [DOCKER_HUB, DOCKER_HUB_ALIAS].contains(&host) {
            return Some(Reason::HubWithPort);
        }
        let is_at_port = |image: &str| {
            let port_of = split_registry(image)
                .0
                .and_then(|registry| split_port(registry).1);
            port.is_some() && port_of == port
        };
        if self.facts.handed_on.contains(host) && old.image().is_some_and(is_at_port) {
            return Some(Reason::PortHandedOn);
        }
        let named = self.facts.on_registry.as_ref()?;
        let is_unnamed = !named.contains(normalized(registry).as_ref());
        (is_unnamed && *new == Outcome::Kept).then_some(Reason::PrefixOnRegistry)
    }

    /// Returns true if an image is at a target or at home.
    fn is_at_target(&self, image: &str) -> bool {
        let Some(name) = canonical_name(image) else {
            return false;
        };
        is_below(&self.targets, &name)
            || is_below(&self.home, &name)
            || self
                .facts
                .hyphen_prefixes
                .iter()
                .any(|prefix| name.starts_with(prefix))
            || self.images.contains(&name)
            || self.is_at_passed_port(&name)
    }

    fn is_at_home(&self, image: &str) -> bool {
        let name = canonical_name(image).unwrap_or_default();
        is_below(&self.home, &name)
    }

    /// Returns true if a name is at a target that can get the port of an image, and has a port.
    fn is_at_passed_port(&self, name: &str) -> bool {
        let (registry, _) = name.split_once('/').unwrap_or((name, ""));
        let (host, port) = split_port(registry);
        !self.facts.handed_on.is_empty() && port.is_some() && self.hosts.contains(host)
    }

    /// Returns true if repeated evaluations with the old configuration produce the new outcome.
    fn is_chain(&self, old: &Outcome, new: &Outcome) -> bool {
        /// Maximum length of a chain. The difference of a longer chain stays without a reason.
        const MAX_CHAIN: usize = 64;
        let Some(new) = new.image().and_then(canonical) else {
            return false;
        };
        let mut at = old.image().and_then(canonical);
        for _ in 0..MAX_CHAIN {
            let Some(image) = at else { return false };
            let next = self.evaluate(&image);
            at = next.image().and_then(canonical).filter(|next| *next != image);
            if at.as_ref() == Some(&new) {
                return true;
            }
        }
        false
    }

    fn evaluate(&self, image: &str) -> Outcome {
        let setting = Setting::default();
        Outcome::from(match self.old.evaluate(image, &setting.context()).into_effect() {
            Effect::Deny => Effect::Keep,
            effect => effect,
        })
    }
}

/// Returns true if the registry of an image is a bare word. It has a capital letter, because any other word would be a
/// part of the path.
fn is_of_bare_word(image: &str) -> bool {
    let (registry, _) = split_registry(image);
    registry.is_some_and(|registry| Location::parse(registry) == Err(LocationError::Unnameable))
}

/// Returns true if a name begins with one of the prefixes, each of which ends in `/`.
fn is_below(prefixes: &HashSet<String>, name: &str) -> bool {
    let mut slashes = name.match_indices('/');
    slashes.any(|(slash, _)| name.get(..=slash).is_some_and(|above| prefixes.contains(above)))
}

//! Why the rules treat an image otherwise than the old configuration did.

use std::borrow::Cow;
use std::collections::HashSet;

use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Setting;
use imageswap_engine::reference::{
    DEFAULT_PORT, DOCKER_HUB, DOCKER_HUB_ALIAS, Reference, canonical, canonical_name, normalized, split_port,
    split_registry,
};
use imageswap_engine::rules::Effect;

use crate::location::{Location, LocationError};
use crate::outcome::Outcome;
use crate::plan::Facts;

/// A reason that is known. Each has a row in the page about migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is at home, or at a target, and stays.
    AlreadySwapped,
    /// Its registry is spelled in another way, which rules see through.
    RegistrySpelling,
    /// Lines that follow one another: it goes to the end at once.
    Chain,
    /// A value that ends in `-` becomes a part of the registry, which a rule says only of registries that it names.
    PrefixOnRegistry,
    /// A port that the old configuration hands on to the target, which a rule says only of ports that it names.
    PortHandedOn,
    /// Docker Hub with a port, which it does not have.
    HubWithPort,
    /// The old configuration made no image of it.
    InvalidOutput,
    /// It went to a registry that no rule can name.
    UnnameableRegistry,
}

/// The reasons, in the order in which they are told.
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

/// What reasons are found by.
pub(crate) struct Reasons<'m> {
    old: &'m RuleSet,
    facts: &'m Facts,
    /// The prefixes of where images are swapped to, and of where they come to rest by the rules.
    targets: HashSet<String>,
    home: HashSet<String>,
    /// The names of whole images that lines lead to.
    images: HashSet<String>,
    /// The values that a port may be handed on to.
    hosts: HashSet<&'m str>,
}

impl Reason {
    /// Its code.
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

    /// What it says, in a line.
    #[must_use]
    pub fn text(self) -> Cow<'static, str> {
        let text = match self {
            Self::AlreadySwapped => {
                "is already where the old configuration sends images, and what has keeps_at_targets stays"
            }
            Self::RegistrySpelling => {
                return Cow::Owned(format!(
                    "spells its registry with `{DEFAULT_PORT}`, in other letters or as `{DOCKER_HUB_ALIAS}`; rules see \
                     through that"
                ));
            }
            Self::Chain => "would have been moved on the next time; it goes to the end of the chain at once",
            Self::PrefixOnRegistry => {
                "is of a registry that the file does not name; give the images in use by `--images` or `--manifests`"
            }
            Self::PortHandedOn => {
                "has a port that the file does not name; give the images in use by `--images` or `--manifests`"
            }
            Self::HubWithPort => "gives Docker Hub a port, which it does not have",
            Self::InvalidOutput => "became no valid image; a valid one comes of it, without the port",
            Self::UnnameableRegistry => "went to a registry without a dot, which no rule can name; it stays",
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

    /// Why an image is treated otherwise; none where that is not known.
    pub(crate) fn reason(&self, image: &str, old: &Outcome, new: &Outcome) -> Option<Reason> {
        if self.is_at_target(image) && (*new == Outcome::Kept || self.is_at_home(image)) {
            return Some(Reason::AlreadySwapped);
        }
        if self.is_chain(old, new) {
            return Some(Reason::Chain);
        }
        if old.image().is_some_and(|old| Reference::parse(old).is_err()) {
            return Some(Reason::InvalidOutput);
        }
        if *new == Outcome::Kept && old.image().is_some_and(is_of_bare_word) {
            return Some(Reason::UnnameableRegistry);
        }
        let (registry, _) = split_registry(image);
        if let Some(reason) = registry.and_then(|registry| self.reason_of_registry(registry, old, new)) {
            return Some(reason);
        }
        let is_spelled_differently = registry.is_some_and(|registry| normalized(registry) != registry);
        is_spelled_differently.then_some(Reason::RegistrySpelling)
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

    /// Whether an image stands where images are swapped to.
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

    /// Whether it stands at a target with a port that was handed on.
    fn is_at_passed_port(&self, name: &str) -> bool {
        let (registry, _) = name.split_once('/').unwrap_or((name, ""));
        let (host, port) = split_port(registry);
        !self.facts.handed_on.is_empty() && port.is_some() && self.hosts.contains(host)
    }

    /// Whether the new outcome is where the old configuration leads to if it is asked again and again.
    fn is_chain(&self, old: &Outcome, new: &Outcome) -> bool {
        /// Longer chains than that are told as what they are: not explained.
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

/// Whether the registry of an image is a bare word: one with a capital letter, as all others are paths.
fn is_of_bare_word(image: &str) -> bool {
    let (registry, _) = split_registry(image);
    registry.is_some_and(|registry| Location::parse(registry) == Err(LocationError::Unnameable))
}

/// Whether a name begins with one of some prefixes, each with its `/`.
fn is_below(prefixes: &HashSet<String>, name: &str) -> bool {
    let mut slashes = name.match_indices('/');
    slashes.any(|(slash, _)| name.get(..=slash).is_some_and(|above| prefixes.contains(above)))
}

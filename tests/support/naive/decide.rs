//! Rules of files that load, and what they decide.

use imageswap_engine::context::Context;

use super::image::Image;
use super::read::{Action, Rule, Set};

/// A decision, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `keep`, `swap`, `deny` or `invalid`.
    pub effect: &'static str,
    /// The image of a swap.
    pub result: Option<String>,
    /// The rule that decided last.
    pub rule: Option<String>,
    /// The rules that warn, in order.
    pub warnings: Vec<String>,
    /// The pull secrets of the rules that decided, in order.
    pub secrets: Vec<String>,
    /// Number of swaps.
    pub swaps: usize,
}

/// The rules of files that load.
#[derive(Debug)]
pub struct Naive {
    set: Set,
    /// The files as they were given, for messages.
    text: String,
}

impl Naive {
    /// Reads files, given as names and texts, in order.
    pub fn new<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let files: Vec<(&str, &str)> = files.into_iter().collect();
        Self {
            text: files
                .iter()
                .map(|(name, text)| format!("--- {name}\n{text}"))
                .collect(),
            set: Set::read(files),
        }
    }

    /// The same rules, of which none is off: as tests have them.
    pub fn with_nothing_off(mut self) -> Self {
        self.set.rules.iter_mut().for_each(|rule| rule.is_off = false);
        self
    }

    /// The number of rules that move an image.
    pub fn swaps(&self) -> usize {
        self.set
            .rules
            .iter()
            .filter(|rule| rule.action == Action::Swap)
            .count()
    }

    /// Decides an image.
    pub fn decide(&self, manifest: &str, context: &Context<'_>) -> Decision {
        let mut decision = Decision {
            effect: "keep",
            result: None,
            rule: None,
            warnings: Vec::new(),
            secrets: Vec::new(),
            swaps: 0,
        };
        if manifest == "auto" {
            return decision;
        }
        let mut spelled = manifest.to_owned();
        // More rounds than this, and the set does not end.
        while decision.swaps <= 1_000 {
            let Some(image) = Image::parse(&spelled) else {
                decision.effect = "invalid";
                return decision;
            };
            let Some(rule) = self.first(&image, context, &mut decision.warnings) else {
                break;
            };
            decision.rule = Some(rule.name.clone());
            if rule.action == Action::Deny {
                decision.effect = "deny";
                decision.secrets.clear();
                return decision;
            }
            if let Some(secret) = &rule.secret
                && !decision.secrets.contains(secret)
            {
                decision.secrets.push(secret.clone());
            }
            let Some(target) = &rule.target else { break };
            let taken = rule.pattern.matches(&image).unwrap();
            let Some(result) = target.result(&image, &taken) else {
                decision.effect = "invalid";
                decision.secrets.clear();
                return decision;
            };
            spelled = result;
            decision.swaps += 1;
        }
        if spelled != manifest {
            decision.effect = "swap";
            decision.result = Some(spelled);
        }
        decision
    }

    /// Returns true if the rules leave an image to the map next to them.
    pub fn leaves_to_a_map(&self, manifest: &str, context: &Context<'_>) -> bool {
        let Some(image) = Image::parse(manifest) else {
            return false;
        };
        let targets = self.set.rules.iter().filter_map(|rule| rule.target.as_ref());
        manifest != "auto"
            && self.first(&image, context, &mut Vec::new()).is_none()
            && !self.is_at_home(&image)
            && !targets.into_iter().any(|target| target.has_shape_of(&image))
    }

    fn is_at_home(&self, image: &Image) -> bool {
        let name = image.name();
        let mut home = self.set.home.iter();
        home.any(|home| name.len() > home.len() && name.starts_with(home))
    }

    fn first(&self, image: &Image, context: &Context<'_>, warnings: &mut Vec<String>) -> Option<&Rule> {
        for rule in &self.set.rules {
            if !self.matches(rule, image, context) {
                continue;
            }
            if rule.action != Action::Warn {
                return Some(rule);
            }
            if !warnings.contains(&rule.name) {
                warnings.push(rule.name.clone());
            }
        }
        None
    }

    fn matches(&self, rule: &Rule, image: &Image, context: &Context<'_>) -> bool {
        !rule.is_off
            && rule.pattern.matches(image).is_some()
            && rule.when.iter().all(|condition| condition.holds(image, context))
            && rule.target.as_ref().is_none_or(|target| {
                !(target.has_shape_of(image) || rule.pattern.is_open() && self.is_at_home(image))
            })
    }
}

impl std::fmt::Display for Naive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

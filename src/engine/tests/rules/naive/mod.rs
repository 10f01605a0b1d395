//! A second reading of the language, slow and plain, for sets that load: from the text of files to a decision. It
//! shares no code with the engine but the parser of references, keeps nothing between two questions, and tries
//! whatever there is to try. Where it and the engine differ, one of them is wrong.

mod matching;
mod pattern;
mod read;
mod target;

use imageswap_engine::context::{Context, Operation, Place};
use imageswap_engine::reference::Reference;

use self::matching::{glob, segments};
use self::pattern::Pattern;
use self::read::{Action, Condition, Rule, Set};

/// What is decided, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// `keep`, `swap`, `deny` or `invalid`.
    pub(crate) effect: &'static str,
    pub(crate) result: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) secrets: Vec<String>,
    /// How often a swap was made.
    pub(crate) swaps: usize,
}

/// An image, taken apart.
struct Image {
    spelled: String,
    registry: String,
    path: Vec<String>,
    written: String,
    tag: Option<String>,
    digest: Option<String>,
    unqualified: bool,
}

/// The rules of files that load.
#[derive(Debug)]
pub(crate) struct Naive {
    set: Set,
    /// The files as they were given, for messages.
    text: String,
}

impl Naive {
    /// Reads files, given as names and texts, in order.
    pub(crate) fn new<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
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
    pub(crate) fn with_nothing_off(mut self) -> Self {
        self.set.rules.iter_mut().for_each(|rule| rule.is_off = false);
        self
    }

    /// The number of rules that move an image.
    pub(crate) fn swaps(&self) -> usize {
        self.set
            .rules
            .iter()
            .filter(|rule| rule.action == Action::Swap)
            .count()
    }

    /// Decides an image.
    pub(crate) fn decide(&self, manifest: &str, context: &Context<'_>) -> Decision {
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

    /// Whether a map beside the rules is asked.
    pub(crate) fn leaves_to_a_map(&self, manifest: &str, context: &Context<'_>) -> bool {
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

impl Image {
    fn parse(spelled: &str) -> Option<Self> {
        let reference = Reference::parse(spelled).ok()?;
        let registry = compared(reference.domain?);
        let written = reference.path.written().to_owned();
        let mut path: Vec<String> = written.split('/').map(ToOwned::to_owned).collect();
        if registry == "docker.io" && path.len() == 1 {
            path.insert(0, "library".to_owned());
        }
        Some(Self {
            spelled: spelled.to_owned(),
            registry,
            path,
            written,
            tag: reference.tag.map(ToOwned::to_owned),
            digest: reference.digest.map(ToOwned::to_owned),
            unqualified: !spelled
                .split_once('/')
                .is_some_and(|(first, _)| looks_like_a_registry(first)),
        })
    }

    fn name(&self) -> String {
        format!("{}/{}", self.registry, self.path.join("/"))
    }
}

/// Registries are compared as hosts are.
fn compared(registry: &str) -> String {
    let registry = registry.to_lowercase();
    let registry = registry.strip_suffix(":443").unwrap_or(&registry);
    if registry == "index.docker.io" {
        "docker.io"
    } else {
        registry
    }
    .to_owned()
}

fn looks_like_a_registry(segment: &str) -> bool {
    segment.contains(['.', ':']) || segment == "localhost" || segment.chars().any(char::is_uppercase)
}

impl Pattern {
    /// What the wildcards take, and at the end what lies below a trailing `/`; none where it does not match.
    fn matches(&self, image: &Image) -> Option<Vec<String>> {
        match self {
            Self::Written(text) => {
                let mut taken = glob(text, &image.spelled, true)?;
                taken.push(String::new());
                Some(taken)
            }
            Self::Parts {
                registry,
                path,
                below,
                tag,
                digest,
            } => {
                let wanted: Vec<&str> = std::iter::once(registry)
                    .chain(path)
                    .map(String::as_str)
                    .collect();
                let given: Vec<&str> = std::iter::once(&image.registry)
                    .chain(&image.path)
                    .map(String::as_str)
                    .collect();
                let mut taken = segments(&wanted, *below, &given, true)?;
                let rest = taken.pop()?;
                if let Some(wanted) = tag {
                    let given = match (&image.tag, &image.digest) {
                        (None, None) => "latest",
                        (None, Some(_)) => return None,
                        (Some(tag), _) => tag,
                    };
                    let of_tag = glob(wanted, given, false)?;
                    taken.extend(match image.tag {
                        Some(_) => of_tag,
                        None => vec![String::new(); of_tag.len()],
                    });
                }
                if let Some(wanted) = digest {
                    taken.extend(glob(wanted, image.digest.as_ref()?, false)?);
                }
                taken.push(rest);
                Some(taken)
            }
        }
    }

    /// Whether it has a wildcard where a registry stands.
    fn is_open(&self) -> bool {
        match self {
            Self::Written(text) => text.split('/').next().unwrap().contains(['*', '?', '[']),
            Self::Parts { registry, .. } => registry.contains('*'),
        }
    }
}

impl Condition {
    fn holds(&self, image: &Image, context: &Context<'_>) -> bool {
        let one = |value: Option<&str>| {
            value.is_some_and(|value| {
                self.values
                    .iter()
                    .any(|wanted| glob(wanted, value, false).is_some())
            })
        };
        let pair = |pairs: &[(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)]| {
            pairs
                .iter()
                .any(|(key, value)| *key == self.key && (self.values.is_empty() || one(Some(value))))
        };
        let holds = match self.subject.as_str() {
            "namespace" => one(context.namespace),
            "label" => pair(context.labels),
            "annotation" => pair(context.annotations),
            "owner" => context.owner.is_some_and(|owner| {
                let long = match owner.group {
                    "" => owner.kind.to_owned(),
                    group => format!("{}.{group}", owner.kind),
                };
                self.values.iter().any(|wanted| {
                    let given = if wanted.contains('.') { &long } else { owner.kind };
                    glob(wanted, given, false).is_some()
                })
            }),
            "container" => one(context.container),
            "place" => one(Some(match context.place {
                Place::Main => "main",
                Place::Init => "init",
                Place::Sidecar => "sidecar",
                Place::Ephemeral => "ephemeral",
                Place::Volume => "volume",
            })),
            "kind" => one(context.kind),
            "operation" => match context.operation {
                Some(Operation::Create) => one(Some("create")),
                Some(Operation::Update) => one(Some("update")),
                _ => false,
            },
            "user" => one(context.user),
            "hook" => one(context.hook),
            "unqualified" => image.unqualified,
            other => panic!("the condition `{other}`"),
        };
        holds != self.negated
    }
}

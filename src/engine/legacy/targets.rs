//! The images that are at a target of the map already.

use super::text::{MapText, Table, TextPiece};
use crate::reference::{DOCKER_HUB, OFFICIAL, Reference, reads_as_registry, split_registry};

/// Targets of the lines of a map. Every call gets the text that they are pieces of.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// Targets such as `h.io/hub`, for images below them. The empty one is all of Docker Hub, if it is a target
    /// itself.
    below: TargetPlaces,
    /// Targets such as `h.io/hub-`, for images that begin with them.
    dashed: TargetPlaces,
    /// Targets that are whole images.
    images: TargetPlaces,
}

/// Texts, separately for Docker Hub, without `docker.io/` and `library/`, and for other registries. So an image has
/// one spelling, and it is a slice of the original image.
#[derive(Debug, Default)]
struct TargetPlaces {
    hub: Table<()>,
    elsewhere: Table<()>,
}

/// A repository, or the path above repositories.
#[derive(Clone, Copy, Debug)]
pub(super) struct TargetPlace<'a> {
    on_hub: bool,
    name: &'a str,
}

impl Targets {
    /// Adds the value of a line for a registry, for globs or for the rest.
    pub(super) fn add(&mut self, text: &MapText, value: TextPiece) {
        let spelled = text.get(value);
        // An empty value keeps images, so it has no target.
        if spelled.is_empty() {
            return;
        }
        if spelled.ends_with('-') {
            if spelled.contains('/') {
                self.dashed.insert(text, value, TargetPlace::from_text(spelled));
            } else {
                // The registry that follows it determines whether the first segment is a domain, so both are added.
                for on_hub in [true, false] {
                    self.dashed.insert(
                        text,
                        value,
                        TargetPlace {
                            on_hub,
                            name: spelled,
                        },
                    );
                }
            }
        } else {
            self.below
                .insert(text, value, TargetPlace::from_text(spelled.trim_end_matches('/')));
        }
    }

    /// Adds the value of a line for one image.
    pub(super) fn add_image(&mut self, text: &MapText, value: TextPiece) {
        let spelled = text.get(value);
        // An invalid value is reported, and no image can equal it.
        if Reference::parse(spelled).is_ok() {
            self.images.insert(text, value, TargetPlace::from_image(spelled));
        }
    }

    /// Returns true if an image is at a target, unless the key that matches it is at or below the target: such a key
    /// swaps the image again on purpose.
    pub(super) fn hold(
        &self,
        text: &MapText,
        image: &str,
        reference: &Reference<'_>,
        key: Option<TargetPlace<'_>>,
    ) -> bool {
        let whole = TargetPlace::from_image(image);
        if self.images.contain(text, whole.on_hub, whole.name) {
            return true;
        }
        let repository = TargetPlace::from_reference(image, reference);
        // The completed part of the reference is not in the image: `nginx` is below `library`.
        let completed =
            (reference.path.is_completed() && repository.on_hub).then_some(OFFICIAL.trim_end_matches('/'));
        let above = repository
            .name
            .match_indices('/')
            .filter_map(|(slash, _)| repository.name.get(..slash));
        // A target that is all of Docker Hub has an empty name, which no prefix of a path equals.
        let root = repository.on_hub.then_some("");
        let below = above.chain(completed).chain(root).any(|target| {
            self.below.contain(text, repository.on_hub, target)
                && !key.is_some_and(|key| key.is_at_or_below(repository.on_hub, target))
        });
        let dashes = repository.name.match_indices('-');
        let dashed = dashes.filter_map(|(dash, _)| repository.name.split_at_checked(dash + 1));
        below
            // After the `-` comes the name of a registry, so a `/` must follow.
            || dashed.filter(|(_, rest)| rest.contains('/')).any(|(target, _)| {
                self.dashed.contain(text, repository.on_hub, target)
                    && !key.is_some_and(|key| key.on_hub == repository.on_hub && key.name.starts_with(target))
            })
    }
}

impl TargetPlaces {
    /// Adds a place whose name is part of the value.
    fn insert(&mut self, text: &MapText, value: TextPiece, place: TargetPlace<'_>) {
        let places = if place.on_hub {
            &mut self.hub
        } else {
            &mut self.elsewhere
        };
        // A place leaves out `docker.io/` and the like at the start of a value, and `/` at its end.
        let spelled = text.get(value);
        let behind = spelled.len() - spelled.trim_end_matches('/').len();
        let before = spelled.len() - behind - place.name.len();
        places.insert(text, value.trimmed(before, behind), ());
    }

    fn contain(&self, text: &MapText, on_hub: bool, name: &str) -> bool {
        let places = if on_hub { &self.hub } else { &self.elsewhere };
        places.get(text, name).is_some()
    }
}

impl<'a> TargetPlace<'a> {
    /// Returns the place of a registry, of a registry with a path, or of a path of Docker Hub.
    pub(super) fn from_text(text: &'a str) -> Self {
        match split_registry(text) {
            (Some(DOCKER_HUB), path) => Self {
                on_hub: true,
                name: path,
            },
            (Some(_), _) => Self {
                on_hub: false,
                name: text,
            },
            (None, DOCKER_HUB) => Self {
                on_hub: true,
                name: "",
            },
            // A registry alone has no `/` after it, which marks the registry of an image.
            (None, _) if !text.contains('/') && reads_as_registry(text) => Self {
                on_hub: false,
                name: text,
            },
            (None, path) => Self {
                on_hub: true,
                name: path,
            },
        }
    }

    /// Returns the place of an image with its tag and digest.
    fn from_image(image: &'a str) -> Self {
        match split_registry(image) {
            (Some(DOCKER_HUB) | None, name) => Self {
                on_hub: true,
                // Only a name of one segment is written without it.
                name: name
                    .strip_prefix(OFFICIAL)
                    .filter(|rest| !rest.contains('/'))
                    .unwrap_or(name),
            },
            (Some(_), _) => Self {
                on_hub: false,
                name: image,
            },
        }
    }

    /// Returns the place of an image's repository, without tag and digest.
    fn from_reference(image: &'a str, reference: &Reference<'a>) -> Self {
        let path = reference.path.written();
        match split_registry(image) {
            (Some(DOCKER_HUB) | None, _) => Self {
                on_hub: true,
                name: path,
            },
            (Some(registry), _) => Self {
                on_hub: false,
                name: image.get(..registry.len() + 1 + path.len()).unwrap_or(image),
            },
        }
    }

    fn is_at_or_below(self, on_hub: bool, target: &str) -> bool {
        self.on_hub == on_hub
            && self
                .name
                .strip_prefix(target)
                .is_some_and(|rest| target.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }
}

//! The Pod of an object, or its Pod template, and the images in it.

use std::borrow::Cow;
use std::fmt;

use super::read::{Container, Elements, GroupKind, Metadata, Object, PodSpec, Volume};
use super::workload::PodPath;
use crate::context::Place;

/// The Pod of an object, or its Pod template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pod<'r, 'a> {
    path: PodPath,
    /// Metadata of the Pod or of the template.
    pub(super) metadata: &'r Metadata<'a>,
    spec: &'r PodSpec<'a>,
}

/// An image of a Pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct ImageField<'r, 'a> {
    /// Location of its field in the object.
    pub(super) pointer: JsonPointer,
    /// Its place in the Pod.
    pub(super) place: Place,
    /// Name of its container, or of its volume.
    pub(super) container: Option<&'r Cow<'a, str>>,
    /// The image; `None` if the field is missing, empty or not a string.
    pub(super) image: Option<&'r Cow<'a, str>>,
}

/// Location of an image field in an object (RFC 6901). None of its tokens needs an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JsonPointer {
    path: PodPath,
    pub(super) list: ImageList,
    pub(super) index: usize,
}

/// An element of a Pod that has an image: its list and index, as in `containers[0]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PodElement(JsonPointer);

/// A list of a Pod that has images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ImageList {
    Containers,
    InitContainers,
    EphemeralContainers,
    Volumes,
}

impl ImageList {
    /// Returns the name of the list in a Pod.
    fn as_str(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::InitContainers => "initContainers",
            Self::EphemeralContainers => "ephemeralContainers",
            Self::Volumes => "volumes",
        }
    }

    /// Returns the place of images in this list. (An init container that is a sidecar has a place of its own.)
    fn place(self) -> Place {
        match self {
            Self::Containers => Place::Main,
            Self::InitContainers => Place::Init,
            Self::EphemeralContainers => Place::Ephemeral,
            Self::Volumes => Place::Volume,
        }
    }
}

impl JsonPointer {
    /// Returns the element of a Pod that has the field.
    #[must_use]
    pub fn element(self) -> PodElement {
        PodElement(self)
    }
}

impl PodElement {
    /// Returns `volume` or `container`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self.0.list {
            ImageList::Volumes => "volume",
            ImageList::Containers | ImageList::InitContainers | ImageList::EphemeralContainers => "container",
        }
    }
}

impl<'r, 'a> Pod<'r, 'a> {
    /// Returns the Pod of an object of this kind, or `None` if the object has none.
    pub(super) fn find(kind: &GroupKind<'_>, object: &'r Object<'a>) -> Option<Self> {
        let path = kind.workload().pod_path();
        let (metadata, spec) = path.find(object)?;
        Some(Self { path, metadata, spec })
    }

    /// Returns true if this is a Pod itself and not a template.
    pub(super) fn is_pod(&self) -> bool {
        self.path == PodPath::Object
    }

    /// Returns the names of the Pod's pull secrets; `None` if the Pod has no list of them.
    pub(super) fn pull_secrets(&self) -> Option<impl Iterator<Item = &'r str>> {
        let secrets = self.spec.image_pull_secrets.as_ref()?;
        Some(secrets.iter().map(AsRef::as_ref))
    }

    /// Returns a number that the images of [`Self::images`] do not exceed.
    pub(super) fn max_images(&self) -> usize {
        let spec = self.spec;
        let containers = spec.containers.len() + spec.init_containers.len() + spec.ephemeral_containers.len();
        containers + spec.volumes.len()
    }

    /// Returns the number of further fields without an image.
    pub(super) fn more_without_image(&self) -> usize {
        let spec = self.spec;
        let containers = [
            &spec.containers,
            &spec.init_containers,
            &spec.ephemeral_containers,
        ];
        let further = containers.into_iter().map(Elements::without_image);
        further.sum::<usize>() + spec.volumes.without_image()
    }

    /// Returns every image, in the order of the lists and of their elements. Of many fields without an image, it returns
    /// only the first ones.
    pub(super) fn images(&self) -> impl Iterator<Item = ImageField<'r, 'a>> {
        let path = self.path;
        // Init containers first, in the order in which the kubelet starts them, for warnings and denials.
        let containers = [
            (ImageList::InitContainers, &self.spec.init_containers),
            (ImageList::Containers, &self.spec.containers),
            (ImageList::EphemeralContainers, &self.spec.ephemeral_containers),
        ];
        let containers = containers.into_iter().flat_map(move |(list, containers)| {
            containers.iter().map(move |(index, container)| {
                ImageField::from_container(JsonPointer { path, list, index }, container)
            })
        });
        let volumes = self.spec.volumes.iter().filter_map(move |(index, volume)| {
            ImageField::from_volume(
                JsonPointer {
                    path,
                    list: ImageList::Volumes,
                    index,
                },
                volume,
            )
        });
        containers.chain(volumes)
    }

    /// Returns the image at an index of a list, if there is one.
    pub(super) fn image_at(&self, list: ImageList, index: usize) -> Option<ImageField<'r, 'a>> {
        let pointer = JsonPointer {
            path: self.path,
            list,
            index,
        };
        let containers = match list {
            ImageList::Containers => &self.spec.containers,
            ImageList::InitContainers => &self.spec.init_containers,
            ImageList::EphemeralContainers => &self.spec.ephemeral_containers,
            ImageList::Volumes => return ImageField::from_volume(pointer, self.spec.volumes.get(index)?),
        };
        containers
            .get(index)
            .map(|container| ImageField::from_container(pointer, container))
    }
}

impl<'r, 'a> ImageField<'r, 'a> {
    fn from_container(pointer: JsonPointer, container: &'r Container<'a>) -> Self {
        let place = match pointer.list {
            ImageList::InitContainers if container.restarts_always => Place::Sidecar,
            list => list.place(),
        };
        // An empty image counts as a missing one: the API server rejects both, unless a later webhook fills the field.
        let image = container.image.as_ref().filter(|image| !image.is_empty());
        Self {
            pointer,
            place,
            container: container.name.as_ref(),
            image,
        }
    }

    fn from_volume(pointer: JsonPointer, volume: &'r Volume<'a>) -> Option<Self> {
        let image = volume
            .image
            .as_ref()?
            .reference
            .as_ref()
            .filter(|image| !image.is_empty());
        Some(Self {
            pointer,
            place: pointer.list.place(),
            container: volume.name.as_ref(),
            image,
        })
    }
}

impl fmt::Display for JsonPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = match self.list {
            ImageList::Containers | ImageList::InitContainers | ImageList::EphemeralContainers => "image",
            ImageList::Volumes => "image/reference",
        };
        let list = self.list.as_str();
        write!(f, "{}/{list}/{}/{field}", self.path.as_str(), self.index)
    }
}

impl fmt::Display for PodElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.0.list.as_str(), self.0.index)
    }
}

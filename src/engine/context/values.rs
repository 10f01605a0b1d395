//! The context of an image: the values that conditions read from its object and from the request.

use std::borrow::Cow;
use std::fmt;

use crate::label;

/// Keys with their values, as in labels and annotations.
pub type Pairs<'a> = &'a [(Cow<'a, str>, Cow<'a, str>)];

/// Values of the object and the request, and the place of the image in the object. A missing value is `None` or
/// empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Namespace of the object.
    pub namespace: Option<&'a str>,
    /// Labels of the Pod, or of the Pod template.
    pub labels: Pairs<'a>,
    /// Annotations of the Pod, or of the Pod template.
    pub annotations: Pairs<'a>,
    /// Controller that owns the object.
    pub owner: Option<Owner<'a>>,
    /// Name of the container, or of the image volume.
    pub container: Option<&'a str>,
    /// Place of the image in the Pod.
    pub place: Place,
    /// Kind of the object, such as `Pod`.
    pub kind: Option<&'a str>,
    /// Operation on the object.
    pub operation: Option<Operation>,
    /// Name of the user who makes the request.
    pub user: Option<&'a str>,
    /// Entry of the webhook configuration that called, if its path names one.
    pub hook: Option<&'a str>,
}

impl Context<'_> {
    /// Returns true if its values are longer than this together, in bytes.
    pub(crate) fn is_longer_than(&self, most: usize) -> bool {
        let owner = self.owner.iter().flat_map(|owner| [owner.kind, owner.group]);
        let texts = [self.namespace, self.container, self.kind, self.user, self.hook];
        let texts = texts.into_iter().flatten().chain(owner);
        let pairs = [self.labels, self.annotations].into_iter().flatten();
        let mut lengths = texts
            .map(str::len)
            .chain(pairs.map(|(key, text)| key.len() + text.len()));
        // An empty value takes time, too.
        let left = lengths.try_fold(most, |left, length| left.checked_sub(length + 1));
        left.is_none()
    }
}

/// A controller that owns an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Its kind, such as `ReplicaSet`.
    pub kind: &'a str,
    /// Its group, such as `apps`; empty for core kinds.
    pub group: &'a str,
}

impl<'a> Owner<'a> {
    /// Reads `KIND` or `KIND.GROUP`.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        Self { kind, group }
    }
}

/// Writes `KIND.GROUP`, or `KIND` for a core kind.
impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        Ok(())
    }
}

/// Place of an image in a Pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a container.
    #[default]
    Main,
    /// In an init container that ends before the others begin.
    Init,
    /// In an init container that always restarts.
    Sidecar,
    /// In an ephemeral container.
    Ephemeral,
    /// In an image volume.
    Volume,
}

// Words in the language, in the order in which help lists them.
label!(Place {
    Main => "main",
    Init => "init",
    Sidecar => "sidecar",
    Ephemeral => "ephemeral",
    Volume => "volume",
});

impl Place {
    /// Words of all places.
    pub(super) const WORDS: [&'static str; 5] = {
        let [main, init, sidecar, ephemeral, volume] = Self::ALL;
        [
            main.as_str(),
            init.as_str(),
            sidecar.as_str(),
            ephemeral.as_str(),
            volume.as_str(),
        ]
    };

    /// Returns the place of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.as_str() == word)
    }
}

/// Operation on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The request creates it.
    Create,
    /// The request updates it.
    Update,
    /// The request deletes it.
    Delete,
    /// The request connects to it.
    Connect,
}

// Names as the API server sends them.
label!(Operation {
    Create => "CREATE",
    Update => "UPDATE",
    Delete => "DELETE",
    Connect => "CONNECT",
});

impl Operation {
    /// Words of the operations that conditions can name.
    pub(super) const WORDS: [&'static str; 2] = ["create", "update"];

    /// Returns the operation for a name from the API server.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }

    /// Word in the language; `None` for operations whose objects the webhook does not evaluate.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        let [create, update] = Self::WORDS;
        match self {
            Self::Create => Some(create),
            Self::Update => Some(update),
            Self::Delete | Self::Connect => None,
        }
    }

    /// Returns the operation of a word of the language.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.word() == Some(word))
    }
}

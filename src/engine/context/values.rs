//! The context of an image: what conditions read of its object and of the request.

use std::borrow::Cow;
use std::fmt;

use crate::label;

/// Keys with their values, as labels and annotations are.
pub type Pairs<'a> = &'a [(Cow<'a, str>, Cow<'a, str>)];

/// The object, the request, and where in the object the image stands. What the object does not have is `None`
/// or empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The object's namespace.
    pub namespace: Option<&'a str>,
    /// The labels of the Pod, or of the Pod template.
    pub labels: Pairs<'a>,
    /// The annotations of the Pod, or of the Pod template.
    pub annotations: Pairs<'a>,
    /// The controller that owns the object.
    pub owner: Option<Owner<'a>>,
    /// The name of the container; of an image volume, the volume's.
    pub container: Option<&'a str>,
    /// Where in the Pod the image stands.
    pub place: Place,
    /// The kind of the object, `Pod`.
    pub kind: Option<&'a str>,
    /// What is being done to the object.
    pub operation: Option<Operation>,
    /// The name of the user who does it.
    pub user: Option<&'a str>,
    /// The entry of the webhook configuration that called, where it has a name of its own.
    pub hook: Option<&'a str>,
}

/// A controller that owns an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Its kind, `ReplicaSet`.
    pub kind: &'a str,
    /// Its group, `apps`; empty for core kinds.
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

/// `KIND.GROUP`, or `KIND` of a core kind.
impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        Ok(())
    }
}

/// Where in a Pod an image stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Place {
    /// A container.
    #[default]
    Main,
    /// An init container that ends before the others begin.
    Init,
    /// An init container that restarts always.
    Sidecar,
    /// An ephemeral container.
    Ephemeral,
    /// An image volume.
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

/// What is being done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// It is created.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
    /// One connects to it.
    Connect,
}

// Names that an API server gives.
label!(Operation {
    Create => "CREATE",
    Update => "UPDATE",
    Delete => "DELETE",
    Connect => "CONNECT",
});

impl Operation {
    /// Words of the operations that conditions can name.
    pub(super) const WORDS: [&'static str; 2] = ["create", "update"];

    /// Returns the operation of a name that an API server gives.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }

    /// Word in the language; `None` for operations of which no object is evaluated.
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

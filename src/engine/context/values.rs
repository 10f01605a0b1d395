//! What conditions can see of the object that an image belongs to.

use std::borrow::Cow;

/// The object, the request, and where in the object the image stands. What the object does not have is `None`
/// or empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The object's namespace.
    pub namespace: Option<&'a str>,
    /// The labels of the Pod, or of the Pod template.
    pub labels: &'a [(Cow<'a, str>, Cow<'a, str>)],
    /// The annotations of the Pod, or of the Pod template.
    pub annotations: &'a [(Cow<'a, str>, Cow<'a, str>)],
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

impl Operation {
    /// The name that an API server gives it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

//! The table of the values that conditions read.
//!
//! A new condition needs a row here, a field of [`Context`], code in `admission` that sets the field, its word in the
//! grammar, and its documentation. Parser, findings, lowering, evaluation, `explain`, JSON and completions iterate
//! over the table.

use super::values::{Context, Operation, Owner, Pairs, Place};

/// Static data of a subject.
struct Row {
    word: &'static str,
    kind: ValueKind,
    origin: ValueOrigin,
    form: &'static str,
    description: &'static str,
    default: Option<&'static str>,
}

/// Defines [`Subject`] with its table, so that a subject without a row or missing in [`Subject::ALL`] cannot exist.
macro_rules! subjects {
    ($($(#[$doc:meta])* $name:ident => $row:expr, $value:expr;)+) => {
        /// A value that conditions read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Subject {
            $($(#[$doc])* $name,)+
        }

        impl Subject {
            /// All subjects, in the order in which help, findings and JSON list them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            const fn row(self) -> &'static Row {
                match self {
                    $(Self::$name => const { &$row },)+
                }
            }

            /// Returns its value in a context.
            // Inlined, since a rule reads it for each of its conditions.
            #[inline]
            #[must_use]
            pub fn value<'c>(self, context: &Context<'c>) -> ContextValue<'c> {
                match self {
                    $(Self::$name => {
                        let value: for<'v> fn(&Context<'v>) -> ContextValue<'v> = $value;
                        value(context)
                    })+
                }
            }
        }
    };
}

subjects! {
    /// Namespace of the object.
    Namespace => Row {
        word: "namespace",
        kind: ValueKind::Text(Characters::Name),
        origin: ValueOrigin::Request,
        form: "NAME",
        description: "Namespace of the object",
        default: Some("default"),
    }, |context| ContextValue::Text(context.namespace);
    /// Label of the Pod or its template.
    Label => Row {
        word: "label",
        kind: ValueKind::Pairs(Characters::Name),
        origin: ValueOrigin::Object,
        form: "KEY=VALUE",
        description: "Label of the Pod",
        default: None,
    }, |context| ContextValue::Pairs(context.labels);
    /// Annotation of the Pod or its template.
    Annotation => Row {
        word: "annotation",
        kind: ValueKind::Pairs(Characters::Any),
        origin: ValueOrigin::Object,
        form: "KEY=VALUE",
        description: "Annotation of the Pod",
        default: None,
    }, |context| ContextValue::Pairs(context.annotations);
    /// Controller that owns the object.
    Owner => Row {
        word: "owner",
        kind: ValueKind::Owner,
        origin: ValueOrigin::Object,
        form: "KIND.GROUP",
        description: "Controller that owns the object",
        default: None,
    }, |context| ContextValue::Owner(context.owner);
    /// Name of the container.
    Container => Row {
        word: "container",
        kind: ValueKind::Text(Characters::Name),
        origin: ValueOrigin::Object,
        form: "NAME",
        description: "Name of the container",
        default: Some("main"),
    }, |context| ContextValue::Text(context.container);
    /// Location of the image in the Pod.
    Place => Row {
        word: "place",
        kind: ValueKind::Word(&Place::WORDS),
        origin: ValueOrigin::Object,
        form: "PLACE",
        description: "Place of the image in the Pod",
        default: Some(Place::Main.as_str()),
    }, |context| ContextValue::Text(Some(context.place.as_str()));
    /// Kind of the object.
    Kind => Row {
        word: "kind",
        kind: ValueKind::Text(Characters::Name),
        origin: ValueOrigin::Object,
        form: "KIND",
        description: "Kind of the object",
        default: Some("Pod"),
    }, |context| ContextValue::Text(context.kind);
    /// Operation on the object.
    Operation => Row {
        word: "operation",
        kind: ValueKind::Word(&Operation::WORDS),
        origin: ValueOrigin::Request,
        form: "OPERATION",
        description: "Operation on the object",
        default: Operation::Create.word(),
    }, |context| ContextValue::Text(match context.operation {
        Some(operation) => operation.word(),
        None => None,
    });
    /// User of the request.
    User => Row {
        word: "user",
        kind: ValueKind::Text(Characters::Any),
        origin: ValueOrigin::Request,
        form: "NAME",
        description: "User of the request",
        default: None,
    }, |context| ContextValue::Text(context.user);
    /// Entry of the webhook configuration that called.
    Hook => Row {
        word: "hook",
        kind: ValueKind::Text(Characters::Any),
        origin: ValueOrigin::Entry,
        form: "NAME",
        description: "Entry of the webhook configuration that called",
        default: None,
    }, |context| ContextValue::Text(context.hook);
    /// Absence of a registry in the original image.
    Unqualified => Row {
        word: "unqualified",
        kind: ValueKind::None,
        origin: ValueOrigin::Image,
        form: "",
        description: "Original image without a registry",
        default: None,
    }, |_| ContextValue::OfImage;
}

impl Subject {
    /// Word in the language, and name of the option of `explain`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().word
    }

    /// Returns the subject of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|subject| subject.as_str() == word)
    }

    /// Words of all subjects.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|subject| subject.as_str())
    }

    /// Kind of its values.
    #[must_use]
    pub fn kind(self) -> ValueKind {
        self.row().kind
    }

    /// Source of its value.
    #[must_use]
    pub fn origin(self) -> ValueOrigin {
        self.row().origin
    }

    /// Form of a value, for help: `KEY=VALUE`.
    #[must_use]
    pub fn form(self) -> &'static str {
        self.row().form
    }

    /// Description for help, without a full stop.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().description
    }

    /// Value in a setting that does not name it; `None` if the context then has no such value.
    #[must_use]
    pub fn default(self) -> Option<&'static str> {
        self.row().default
    }

    /// Returns true if it has a value for each key, as labels do.
    #[must_use]
    pub fn has_keys(self) -> bool {
        matches!(self.kind(), ValueKind::Pairs(_))
    }

    /// Words of a closed set of values; `None` if its values are open.
    #[must_use]
    pub fn closed(self) -> Option<&'static [&'static str]> {
        match self.kind() {
            ValueKind::Word(words) => Some(words),
            ValueKind::Text(_) | ValueKind::Owner | ValueKind::Pairs(_) | ValueKind::None => None,
        }
    }
}

/// Value of a subject in a context.
#[derive(Clone, Copy, Debug)]
pub enum ContextValue<'c> {
    /// A text.
    Text(Option<&'c str>),
    /// A controller.
    Owner(Option<Owner<'c>>),
    /// Keys with their values.
    Pairs(Pairs<'c>),
    /// Not a value of the context, but a property of the image.
    OfImage,
}

/// Kind of the values of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A text.
    Text(Characters),
    /// One of these words.
    Word(&'static [&'static str]),
    /// `KIND` or `KIND.GROUP`.
    Owner,
    /// `KEY=VALUE`.
    Pairs(Characters),
    /// No value: the condition is its word alone.
    None,
}

/// Characters of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Characters {
    /// Letters, digits, `-`, `_` and `.`, as in names of Kubernetes.
    Name,
    /// Any character.
    Any,
}

/// Source of the value of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueOrigin {
    /// The request of an admission review.
    Request,
    /// The object.
    Object,
    /// The path of the webhook's entry.
    Entry,
    /// The image.
    Image,
}

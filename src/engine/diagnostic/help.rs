//! Help of a finding.

use std::borrow::Cow;

/// Text that says what to do: a sentence, or the values of a command or an option, whose form the engine does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Help {
    /// A sentence.
    Text(String),
    /// A set may have more rules if its limit is raised.
    MoreRules,
    /// The explanation of an image shows the steps of its evaluation.
    Explain {
        /// The image.
        image: String,
        /// The context of the image: words of conditions, each with its value. A label is `KEY=VALUE`.
        context: Vec<(&'static str, String)>,
    },
}

impl Help {
    /// Returns the sentence; `None` if the help names a command or an option.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::MoreRules | Self::Explain { .. } => None,
        }
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

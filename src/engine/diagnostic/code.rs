//! The registry of codes. A code is never used again for something else, and each has a heading in
//! `docs/errors.md`.

use std::fmt;

/// What kind of finding it is: a letter and four digits for errors and notes on files, a name for lints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self($code);)*

            /// Every code there is, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    // W09: map files.

    /// A line of a map file is neither `KEY::VALUE` nor `KEY:VALUE` and is skipped.
    MAP_LINE_SKIPPED = "W0901";
    /// A line of a map file is split at a single colon.
    MAP_SINGLE_COLON = "W0902";
    /// A line of a map file has no effect, since a later one has the same key.
    MAP_KEY_REPLACED = "W0903";
    /// No valid image can come of the value of a line of a map file.
    MAP_UNUSABLE_VALUE = "W0904";
}

impl Code {
    /// The code as it is shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

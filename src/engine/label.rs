//! Enums whose variants are the values of a label: in metrics, logs and JSON.

/// Declares an enum from its variants and their texts.
///
/// `ALL` and `as_str` come from one list, so that neither can lack a variant, and `ALL[value as usize]` is the value.
#[macro_export]
macro_rules! label {
    (
        $(#[$about:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$meaning:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $visibility enum $name {
            $($(#[$meaning])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of the declaration.
            $visibility const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the text of the label.
            #[must_use]
            $visibility const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

//! The values of labels: in metrics, logs and JSON.

/// Defines the list of values, `ALL`, and their texts, `as_str`, of an enum.
///
/// An enum with a variant that the list lacks does not compile, and neither does another order than that of the
/// declaration. So `ALL[value as usize]` is the value, and it is an index into any array of the length of `ALL`.
#[macro_export]
macro_rules! label {
    ($name:ident { $($variant:ident => $text:literal,)+ }) => {
        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: [Self; [$($name::$variant),+].len()] = [$(Self::$variant),+];

            /// Returns the text of the value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        const _: () = {
            let mut position = 0;
            $(
                assert!($name::$variant as usize == position);
                position += 1;
            )+
            assert!(position == $name::ALL.len());
        };
    };
}

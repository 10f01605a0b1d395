//! The values of labels: in metrics, logs and JSON.

/// Gives an enum its list of values, `ALL`, and their texts, `as_str`.
///
/// A variant that the list lacks does not compile. Neither does another order than that of the declaration, so that
/// `ALL[value as usize]` is the value, and an array of the length of `ALL` can be indexed by it.
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

//! Reading JSON that may hold anything: a value of the wrong type is passed over, never an error.
//!
//! An API server calls a webhook before it validates the object, and for kinds that nobody here knows. So the
//! shape of what is looked for is a hope. Of two members with one name the last one counts, as it does for the
//! API server.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The members of a JSON object that are wanted.
pub(super) trait Fields<'de>: Default {
    /// Takes the value of a member: it must be read from `map` in any case, [`skip`] passes it over.
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

impl<'de, T: Fields<'de>> Fields<'de> for Box<T> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        T::field(self, key, map)
    }
}

/// Reads the value of a member into its place, which is empty where the value is no object.
///
/// In place, because an object is large: to hand it up from value to value costs more than to read it.
pub(super) fn fill<'de, T, A>(place: &mut T, map: &mut A) -> Result<(), A::Error>
where
    T: Fields<'de>,
    A: MapAccess<'de>,
{
    *place = T::default();
    map.next_value_seed(Fill(place)).map(|_| ())
}

/// The same for a place that tells an object from the lack of one.
pub(super) fn fill_option<'de, T, A>(place: &mut Option<T>, map: &mut A) -> Result<(), A::Error>
where
    T: Fields<'de>,
    A: MapAccess<'de>,
{
    let is_object = map.next_value_seed(Fill(place.insert(T::default())))?;
    if !is_object {
        *place = None;
    }
    Ok(())
}

/// Passes over the value of a member.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// A JSON object that is read into its place. What comes back says whether the value is one.
pub(super) struct Fill<'t, T>(pub(super) &'t mut T);

/// A list of JSON objects, each at its index; empty where the value is no list.
pub(super) struct List<T>(pub(super) Vec<T>);

/// A string, or nothing where the value is none.
pub(super) struct Text<'de>(pub(super) Option<Cow<'de, str>>);

/// The members of an object whose values are strings, in order.
pub(super) struct Pairs<'de>(pub(super) Vec<(Cow<'de, str>, Cow<'de, str>)>);

/// Whether the value is `true`.
pub(super) struct Flag(pub(super) bool);

/// Whether there is a value that is not `null`.
pub(super) struct Present(pub(super) bool);

/// What every visitor here does with values that it has no use for.
macro_rules! passes_over {
    ($value:expr; $($visit:ident: $type:ty),* $(,)?) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok($value)
        })*

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

macro_rules! passes_over_lists {
    ($value:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
}

macro_rules! passes_over_objects {
    ($value:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
}

impl<'de, T: Fields<'de>> DeserializeSeed<'de> for Fill<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Fields<'de>> Visitor<'de> for Fill<'_, T> {
    type Value = bool;

    passes_over!(false; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
    passes_over_lists!(false);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            self.0.field(&key.unwrap_or_default(), &mut map)?;
        }
        Ok(true)
    }
}

impl<'de, T: Fields<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);

        impl<'de, T: Fields<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            passes_over!(List(Vec::new()); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
            passes_over_objects!(List(Vec::new()));

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                let mut element = T::default();
                while list.next_element_seed(Fill(&mut element))?.is_some() {
                    elements.push(std::mem::take(&mut element));
                }
                Ok(List(elements))
            }
        }

        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            passes_over!(Text(None); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
            passes_over_lists!(Text(None));
            passes_over_objects!(Text(None));

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            passes_over!(Pairs(Vec::new()); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
            passes_over_lists!(Pairs(Vec::new()));

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Text(key), Text(value))) = map.next_entry()? {
                    if let (Some(key), Some(value)) = (key, value) {
                        pairs.push((key, value));
                    }
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_any(PairsVisitor)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagVisitor;

        impl<'de> Visitor<'de> for FlagVisitor {
            type Value = Flag;

            passes_over!(Flag(false); visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
            passes_over_lists!(Flag(false));
            passes_over_objects!(Flag(false));

            fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Flag(flag))
            }
        }

        deserializer.deserialize_any(FlagVisitor)
    }
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<IgnoredAny>::deserialize(deserializer).map(|value| Self(value.is_some()))
    }
}

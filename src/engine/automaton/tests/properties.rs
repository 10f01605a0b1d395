//! Properties of languages and witnesses, against a matcher that tries everything.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{found, language};
use crate::automaton::{Builder, Bytes, Language};

/// The calls of a builder.
#[derive(Clone, Debug)]
enum Shape {
    Literal(String),
    One(Set),
    Any(Set),
    Many(Set),
    Glob(String, Set),
    Optional(Box<Shape>),
    Repeat(Box<Shape>),
    Either(Box<Shape>, Box<Shape>),
    AnyOf(Vec<Shape>),
    Sequence(Vec<Shape>),
}

/// These characters, or all but these.
#[derive(Clone, Debug)]
struct Set {
    characters: String,
    negated: bool,
}

impl Set {
    fn bytes(&self) -> Bytes {
        match self.negated {
            true => Bytes::all().except(self.characters.as_bytes()),
            false => Bytes::from_slice(self.characters.as_bytes()),
        }
    }

    fn takes(&self, character: u8) -> bool {
        self.characters.as_bytes().contains(&character) != self.negated
    }
}

impl Shape {
    fn language(&self) -> Language {
        language(|builder| self.build(builder))
    }

    fn build(&self, builder: &mut Builder) {
        match self {
            Self::Literal(text) => builder.literal(text),
            Self::One(set) => builder.one(set.bytes()),
            Self::Any(set) => builder.any(set.bytes()),
            Self::Many(set) => builder.many(set.bytes()),
            Self::Glob(pattern, star) => builder.glob(pattern, star.bytes()),
            Self::Optional(shape) => builder.optional(|inside| shape.build(inside)),
            Self::Repeat(shape) => builder.repeat(|inside| shape.build(inside)),
            Self::Either(first, second) => {
                builder.either(|inside| first.build(inside), |inside| second.build(inside))
            }
            Self::AnyOf(shapes) => builder.any_of(shapes, |inside, shape| shape.build(inside)),
            Self::Sequence(shapes) => {
                shapes.iter().for_each(|shape| shape.build(builder));
                builder
            }
        };
    }

    fn matches(&self, text: &str) -> bool {
        self.ends(text.as_bytes(), 0).contains(&text.len())
    }

    /// Returns the positions where a match that begins at a position of the text may end.
    fn ends(&self, text: &[u8], begin: usize) -> BTreeSet<usize> {
        let one = |set: &Set| match text.get(begin) {
            Some(byte) if set.takes(*byte) => BTreeSet::from([begin + 1]),
            _ => BTreeSet::new(),
        };
        match self {
            Self::Literal(literal) if text[begin..].starts_with(literal.as_bytes()) => {
                BTreeSet::from([begin + literal.len()])
            }
            Self::Literal(_) => BTreeSet::new(),
            Self::One(set) => one(set),
            Self::Any(set) => Self::Repeat(Box::new(Self::One(set.clone()))).ends(text, begin),
            Self::Many(set) => {
                Self::Sequence(vec![Self::One(set.clone()), Self::Any(set.clone())]).ends(text, begin)
            }
            Self::Glob(pattern, star) => {
                let parts = pattern.chars().map(|character| match character {
                    '*' => Self::Any(star.clone()),
                    _ => Self::Literal(character.into()),
                });
                Self::Sequence(parts.collect()).ends(text, begin)
            }
            Self::Optional(shape) => &shape.ends(text, begin) | &BTreeSet::from([begin]),
            Self::Repeat(shape) => {
                let mut ends = BTreeSet::from([begin]);
                loop {
                    let more: BTreeSet<_> = ends.iter().flat_map(|end| shape.ends(text, *end)).collect();
                    if more.is_subset(&ends) {
                        return ends;
                    }
                    ends.extend(more);
                }
            }
            Self::Either(first, second) => &first.ends(text, begin) | &second.ends(text, begin),
            Self::AnyOf(shapes) => shapes.iter().flat_map(|shape| shape.ends(text, begin)).collect(),
            Self::Sequence(shapes) => shapes.iter().fold(BTreeSet::from([begin]), |ends, shape| {
                ends.iter().flat_map(|end| shape.ends(text, *end)).collect()
            }),
        }
    }
}

fn set() -> impl Strategy<Value = Set> {
    ("[ab/]{0,2}", prop::bool::weighted(0.3)).prop_map(|(characters, negated)| Set { characters, negated })
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        3 => "[ab/]{0,3}".prop_map(Shape::Literal),
        2 => set().prop_map(Shape::One),
        2 => set().prop_map(Shape::Any),
        1 => set().prop_map(Shape::Many),
        1 => ("[ab/*]{0,4}", set()).prop_map(|(pattern, star)| Shape::Glob(pattern, star)),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            1 => boxed.clone().prop_map(Shape::Optional),
            2 => boxed.clone().prop_map(Shape::Repeat),
            1 => (boxed.clone(), boxed.clone()).prop_map(|(first, second)| Shape::Either(first, second)),
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Shape::AnyOf),
            4 => prop::collection::vec(inner, 2..4).prop_map(Shape::Sequence),
        ]
    })
}

/// Returns all texts of up to five characters, shortest first. (`c` represents all characters that no set names.)
fn texts() -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut longest = 0;
    for _ in 0..5 {
        let longer: Vec<_> = texts[longest..]
            .iter()
            .flat_map(|text| ["a", "b", "/", "c"].map(|character| format!("{text}{character}")))
            .collect();
        longest = texts.len();
        texts.extend(longer);
    }
    texts
}

proptest! {
    #[test]
    fn language_contains_what_was_appended(shape in shape()) {
        let language = shape.language();
        for text in texts() {
            prop_assert_eq!(language.contains(&text), shape.matches(&text), "{}", text);
        }
    }

    #[test]
    fn witness_is_a_shortest_text(
        all in prop::collection::vec(shape(), 0..4),
        none in prop::collection::vec(shape(), 0..4),
    ) {
        let is_sought = |text: &str| {
            all.iter().all(|shape| shape.matches(text)) && !none.iter().any(|shape| shape.matches(text))
        };
        let shortest = texts().into_iter().find(|text| is_sought(text));
        let languages = |shapes: &[Shape]| shapes.iter().map(Shape::language).collect::<Vec<_>>();
        let (in_all, in_none) = (languages(&all), languages(&none));
        let found = found(&Vec::from_iter(&in_all), &Vec::from_iter(&in_none));
        match (&found, shortest) {
            (Some(found), Some(shortest)) => prop_assert_eq!(found.len(), shortest.len()),
            (Some(found), None) => prop_assert!(found.len() > 5, "{}", found),
            (None, shortest) => prop_assert_eq!(shortest, None),
        }
        prop_assert!(found.is_none_or(|found| is_sought(&found)));
    }
}

//! Examples of languages and witnesses.

mod properties;

use super::*;

const BUDGET: usize = 100_000;
const SEGMENT: Bytes = Bytes::all().except(b"/");

fn language(build: impl FnOnce(&mut Builder)) -> Language {
    let mut builder = Builder::new();
    build(&mut builder);
    builder.finish()
}

fn literal(text: &str) -> Language {
    language(|builder| _ = builder.literal(text))
}

fn found(all: &[&Language], none: &[&Language]) -> Option<String> {
    witness(all, none, BUDGET).unwrap()
}

#[test]
fn byte_set_contains_its_bytes() {
    for byte in 0..=u8::MAX {
        assert!(Bytes::all().contains(byte));
        assert!(!Bytes::none().contains(byte));
        assert_eq!(
            Bytes::from_slice(b"a\xff").contains(byte),
            b"a\xff".contains(&byte)
        );
        assert_eq!(Bytes::range(100, 200).contains(byte), (100..=200).contains(&byte));
        assert_eq!(Bytes::range(byte, byte), Bytes::one(byte));
        assert_eq!(Bytes::range(byte, 255).first(), Some(byte));
    }
    assert_eq!(Bytes::range(b'b', b'a'), Bytes::none());
    assert_eq!(Bytes::none().first(), None);
    assert!(SEGMENT.covers(Bytes::from_slice(b"ab")) && !SEGMENT.covers(Bytes::from_slice(b"/a")));
}

#[test]
fn readable_byte_represents_a_class() {
    let cases: [(Bytes, Option<u8>); 6] = [
        (Bytes::all(), Some(b'a')),
        (Bytes::all().minus(Bytes::range(b'a', b'z')), Some(b'0')),
        (Bytes::from_slice(b"\0/:"), Some(b'/')),
        (Bytes::from_slice(b"\0 \xff"), Some(b'\0')),
        (Bytes::from_slice(b"\xff\xfe"), Some(0xfe)),
        (Bytes::none(), None),
    ];
    for (bytes, expected) in cases {
        assert_eq!(bytes.readable(), expected);
    }
}

#[test]
fn star_matches_the_bytes_of_its_set() {
    let pattern = Language::glob("docker.io/*/x**", SEGMENT);
    for text in ["docker.io/a/x", "docker.io//xyz"] {
        assert!(pattern.contains(text), "{text}");
    }
    for text in [
        "docker.io/a/b/x",
        "docker.io/x",
        "docker-io/a/x",
        "docker.io/a/xy/",
    ] {
        assert!(!pattern.contains(text), "{text}");
    }
    assert!(Language::glob("é*", SEGMENT).contains("éü"));
}

#[test]
fn star_adds_no_state() {
    assert_eq!(Language::glob("*a*b*", SEGMENT).states.len(), 3);
}

#[test]
fn branches_do_not_share_what_they_append() {
    let either = language(|builder| {
        builder.literal("x").either(
            |first| _ = first.any(Bytes::from_slice(b"a")).literal("1"),
            |second| _ = second.any(Bytes::from_slice(b"b")).literal("2"),
        );
    });
    for (text, expected) in [("xaa1", true), ("xbb2", true), ("xa2", false), ("xb1", false)] {
        assert_eq!(either.contains(text), expected, "{text}");
    }
}

#[test]
fn choice_of_no_items_is_empty() {
    let empty = language(|builder| {
        builder.any_of([""; 0], |builder, item| _ = builder.literal(item));
        builder.optional(|inside| _ = inside.many(SEGMENT));
    });
    assert!(!empty.contains("") && !empty.contains("a"));
    assert_eq!(found(&[&empty], &[]), None);
}

#[test]
fn choice_contains_each_item() {
    let hosts = language(|builder| {
        builder
            .any_of(["docker.io", "quay.io"], |builder, host| {
                _ = builder.literal(host)
            })
            .literal("/");
    });
    assert!(hosts.contains("docker.io/") && hosts.contains("quay.io/"));
    assert!(!hosts.contains("docker.ioquay.io/") && !hosts.contains("/"));
}

#[test]
fn witness_is_in_all_and_in_none() {
    let docker = Language::glob("docker.io/*", Bytes::all());
    let redis = Language::glob("*/redis", Bytes::all());
    let official = Language::glob("docker.io/library/*", Bytes::all());
    let short = literal("docker.io/redis");
    assert_eq!(found(&[&docker, &redis], &[]).unwrap(), "docker.io/redis");
    assert_eq!(
        found(&[&docker, &redis], &[&official, &short]).unwrap(),
        "docker.io//redis"
    );
    assert_eq!(found(&[&official], &[&docker]), None);
    assert_eq!(found(&[&docker], &[&official, &redis]).unwrap(), "docker.io/");
    assert_eq!(found(&[], &[&docker]).unwrap(), "");
    assert_eq!(found(&[], &[&Language::glob("*", Bytes::all())]), None);
}

#[test]
fn languages_exclude_texts_together() {
    let [lower, digits] = [Bytes::range(b'a', b'z'), Bytes::range(b'0', b'9')];
    let word = language(|builder| _ = builder.one(lower.union(digits)));
    let [letter, digit] = [lower, digits].map(|bytes| language(|builder| _ = builder.one(bytes)));
    assert_eq!(found(&[&word], &[&letter]).unwrap(), "0");
    assert_eq!(found(&[&word], &[&letter, &digit]), None);
}

#[test]
fn different_first_bytes_end_the_search_at_once() {
    let [first, second] = ["a", "b"].map(|text| literal(&text.repeat(1_000)));
    assert_eq!(witness(&[&first, &second], &[], 1), Ok(None));
}

#[test]
fn search_skips_texts_after_an_excluded_prefix() {
    let all = Language::glob("a/*b*b*b", SEGMENT);
    let prefix = Language::glob("a*", SEGMENT.union(Bytes::from_slice(b"/")));
    assert_eq!(witness(&[&all], &[&prefix], 1), Ok(None));
}

#[test]
fn search_ends_with_its_budget() {
    let text = literal("abc");
    assert_eq!(witness(&[&text], &[], 4).unwrap().unwrap(), "abc");
    assert_eq!(witness(&[&text], &[], 3), Err(Exhausted));
    assert_eq!(witness(&[&text], &[], 0), Err(Exhausted));
}

#[test]
fn search_visits_a_long_language_once() {
    let text = "a".repeat(4_000);
    let pattern = "*a".repeat(1_000);
    let [long, glob] = [literal(&text), Language::glob(&pattern, SEGMENT)];
    assert!(long.contains(&text) && glob.contains(&text));
    assert_eq!(witness(&[&long], &[], 4_001).unwrap().unwrap(), text);
    assert_eq!(witness(&[&glob], &[], 1_001).unwrap().unwrap(), text[..1_000]);
    assert_eq!(witness(&[&long], &[&glob], 4_001), Ok(None));
    let shorter = literal(&text[..999]);
    assert_eq!(
        witness(&[&shorter], &[&glob], 1_000).unwrap().unwrap(),
        text[..999]
    );
}

#[test]
fn search_takes_at_most_the_product_of_the_lengths() {
    let long = literal(&"a".repeat(99));
    let glob = Language::glob(&"*a".repeat(100), SEGMENT);
    assert_eq!(witness(&[&long, &glob], &[], 100 * 100), Ok(None));
}

#[test]
fn many_choices_take_no_stack() {
    let choices = language(|builder| {
        for _ in 0..500 {
            builder.optional(|inside| _ = inside.literal("a"));
        }
    });
    assert!(choices.contains(&"a".repeat(500)) && !choices.contains(&"a".repeat(501)));
    assert_eq!(found(&[&choices], &[]).unwrap(), "");
}

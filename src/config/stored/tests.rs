//! The stored form of a set, and bytes that are not one.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::config::{Limits, Loaded, Processors, RulesSource};

fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

fn load(text: RulesText) -> Loaded {
    text.verify(Limits::default(), Processors::AllButOne)
}

fn stored(text: RulesText) -> Vec<u8> {
    let (set, findings, _) = load(text).into_parts();
    let (_, _, texts) = set.unwrap_or_else(|| panic!("{findings:?}"));
    texts.to_stored().unwrap()
}

/// Returns the names that rules have in logs and metrics.
fn rule_names(text: RulesText) -> Vec<String> {
    let loaded = load(text);
    let set = loaded.rules().unwrap();
    set.rules()
        .map(|rule| set.rule_name(rule.id).into_owned())
        .collect()
}

#[test]
fn set_that_is_read_again_has_digest_and_rule_names() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    write(
        "one/10-a.rules",
        "rules v1\nswap quay.io/ -> h.example.com/ as quay\n",
    );
    write("one/maps", "default::\r\ngcr.io::h.example.com/gcr\n");
    write("two/10-a.rules", "rules v1\n\nkeep k8s.gcr.io/ # \"ü\"\n");
    let map = write("map", "docker.io::h.example.com\n");
    let sources = [
        RulesSource::Paths(vec![directory.path().join("one"), directory.path().join("two")]),
        RulesSource::Paths(vec![directory.path().join("one/10-a.rules")]),
        RulesSource::Paths(Vec::<PathBuf>::new()),
        RulesSource::MapFile(map),
        RulesSource::Prefix(Prefix::new("h.example.com/x")),
    ];
    for source in sources {
        let read = || source.read(Limits::default()).unwrap();
        let bytes = stored(read());
        let again = || RulesText::from_stored(&bytes).unwrap();
        assert_eq!(again().digest(), read().digest(), "{source}");
        assert_eq!(rule_names(again()), rule_names(read()), "{source}");
        assert_eq!(stored(again()), bytes, "{source}");
    }
}

#[test]
fn form_is_the_documented_one() {
    let text = RulesText::from_stored(&gzip(
        r#"{"version":1,"files":[{"name":"/r/a.rules","label":"a.rules","kind":"rules","text":"rules v1\n"}]}"#,
    ));
    let mut json = String::new();
    GzDecoder::new(&stored(text.unwrap())[..])
        .read_to_string(&mut json)
        .unwrap();
    let file = json!({"name": "/r/a.rules", "label": "a.rules", "kind": "rules", "text": "rules v1\n"});
    let expected = json!({"version": 1, "files": [file]});
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), expected);
    let prefix = RulesText::from_stored(&gzip(r#"{"version":1,"prefix":"h.io"}"#)).unwrap();
    assert_eq!(
        prefix.digest(),
        RulesText::from_prefix(Prefix::new("h.io")).digest()
    );
}

#[test]
fn bytes_that_are_not_a_set_get_the_reason() {
    let map = r#"{"name":"m","label":"m","kind":"map","text":"default::"}"#;
    let maps = format!(r#"{{"version":1,"files":[{map},{map}]}}"#);
    let whole = gzip(&maps);
    let cases: [(Vec<u8>, &str); 10] = [
        (b"rules v1".to_vec(), "not valid gzip"),
        (Vec::new(), "not valid gzip"),
        (whole[..whole.len() - 4].to_vec(), "not valid gzip"),
        (gzip("rules v1"), "not a set in JSON"),
        (
            gzip(r#"{"version":1,"files":[{"text":"x"}]}"#),
            "missing field `name`",
        ),
        (gzip(r#"{"version":2,"sets":[]}"#), "version 2"),
        (gzip(r#"{"version":1}"#), "not exactly one"),
        (
            gzip(r#"{"version":1,"prefix":"h","files":[]}"#),
            "not exactly one",
        ),
        (
            gzip(r#"{"version":1,"prefix":"https://h.io"}"#),
            "the prefix `https://h.io`",
        ),
        (whole, "several maps"),
    ];
    for (bytes, reason) in cases {
        let error = RulesText::from_stored(&bytes).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn value_that_grows_without_end_is_rejected_at_the_limit() {
    // 64 MiB of spaces are 64 KiB of gzip.
    let bytes = gzip(vec![b' '; 64 << 20]);
    assert!(bytes.len() < 1 << 17);
    let error = RulesText::from_stored(&bytes).unwrap_err();
    assert!(matches!(error, StoredSetError::TooLong(MAX_JSON)), "{error}");
}

#[test]
fn set_that_a_config_map_has_no_room_for_is_too_large() {
    let of = |text: String| {
        let entry = Entry {
            name: "m".to_owned(),
            label: "m".to_owned(),
            text,
            is_map: true,
            value: None,
            fault: None,
        };
        let text = RulesText::from_entries(Entries {
            entries: vec![entry],
            ..Entries::default()
        });
        load(text).into_parts().0.unwrap().2.to_stored()
    };
    let long = format!("default::\n{}", "# comment\n".repeat(2 << 20));
    assert_eq!(of(long).unwrap_err(), TooLarge::Texts(MAX_JSON));
    // Hexadecimal digits of a generator, which gzip halves at best.
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{:016x}", state)
    };
    let random: String = (0..200_000).map(|_| random()).collect();
    let error = of(format!("default::\n# {random}\n")).unwrap_err();
    assert!(
        matches!(error, TooLarge::Compressed(bytes) if bytes > MAX_STORED),
        "{error}"
    );
}

//! ConfigMaps in all notations of YAML, and hostile texts.

use imageswap_engine::diagnostic::{SourceMap, Span};
use proptest::prelude::*;

use super::*;

/// Returns the position that is reported for a word of a text in a ConfigMap, and the text at that position.
#[track_caller]
fn place_of(yaml: &str, word: &str) -> (String, String) {
    let mut sources = SourceMap::default();
    let parent = sources.add("cm.yaml", yaml);
    let maps = config_maps(yaml).unwrap();
    let entry = &maps[0].data[0];
    let source = entry.add_to(&mut sources, parent);
    let start = entry.text.find(word).unwrap();
    let short = |offset: usize| u32::try_from(offset).unwrap();
    let span = Span {
        source,
        start: short(start),
        end: short(start + word.len()),
    };
    let there = sources.slice(sources.resolve(span)).to_owned();
    (sources.place(span), there)
}

#[track_caller]
fn assert_place(scalar: &str, word: &str, place: &str) {
    let yaml = format!("kind: ConfigMap\ndata:\n  a.rules: {scalar}");
    let (found, there) = place_of(&yaml, word);
    assert_eq!(found, format!("cm.yaml:{place}"), "{yaml}");
    assert_eq!(there, word, "{yaml}");
}

fn texts(yaml: &str) -> Vec<String> {
    let maps = config_maps(yaml).unwrap();
    let entries = maps.into_iter().flat_map(|map| map.data);
    entries.map(|entry| entry.text).collect()
}

#[track_caller]
fn fails(yaml: &str) -> String {
    config_maps(yaml).unwrap_err().to_string()
}

#[test]
fn every_config_map_is_found_in_documents_and_lists() {
    let yaml = "\
# rules of the teams
---
apiVersion: v1
kind: ConfigMap
metadata: {name: one, namespace: system}
data:
  10.rules: |
    rules v1
  20.rules: x
binaryData:
  logo: AAAA
---
kind: Service
metadata: {name: ignored}
---
kind: List
items:
- kind: Secret
  data: {a: b}
- kind: ConfigMapList
  items:
  - metadata: {name: two}
    data: {30.rules: y}
- kind: ConfigMap
";
    let maps = config_maps(yaml).unwrap();
    let seen: Vec<_> = maps
        .iter()
        .map(|map| {
            let keys: Vec<_> = map.data.iter().map(|entry| entry.key.as_str()).collect();
            (map.namespace.as_deref(), map.name.as_deref(), keys)
        })
        .collect();
    let expected = [
        (Some("system"), Some("one"), vec!["10.rules", "20.rules"]),
        (None, Some("two"), vec!["30.rules"]),
        (None, None, vec![]),
    ];
    assert_eq!(seen, expected);
    assert_eq!(texts(yaml), ["rules v1\n", "x", "y"]);
}

#[test]
fn literal_block_has_exact_positions() {
    assert_place("|\n    one\n\n      two x\n    three\n", "x", "6:11");
    assert_place("|-\n    one\n    two\n", "two", "5:5");
    assert_place("|+\n    one\n    two\n\n\n", "two", "5:5");
    assert_place("|2\n      one\n    two\n", "one", "4:7");
    assert_place("|\n\n\n    one\n    two\n", "two", "7:5");
    assert_place("| # rules\n    ä→\u{1f40b} one\n    two", "one", "4:9");
    assert_place("|\r\n    one\r\n    two x\r\n", "x", "5:9");
}

#[test]
fn other_styles_have_exact_positions_outside_escapes() {
    assert_place("one two", "two", "3:16");
    assert_place("one\n    two\n\n    three", "three", "6:5");
    assert_place("'it''s one'", "one", "3:19");
    assert_place("'one\n    two'", "two", "4:5");
    assert_place(r#""one\n\ttwo\x41\u00e4\"three""#, "three", "3:35");
    assert_place("\"one \\\n    two\"", "two", "4:5");
    assert_place(
        ">\n    one\n    two\n\n    three\n      four\n    five\n",
        "three",
        "7:5",
    );
    assert_place(
        ">\n    one\n    two\n\n    three\n      four\n    five\n",
        "four",
        "8:7",
    );
    assert_place(
        ">\n    one\n    two\n\n    three\n      four\n    five\n",
        "five",
        "9:5",
    );
}

#[test]
fn byte_order_mark_does_not_move_positions() {
    let yaml = "\u{feff}kind: ConfigMap\ndata:\n  a: |\n    ä one\n";
    let place = ("cm.yaml:4:7".to_owned(), "one".to_owned());
    assert_eq!(place_of(yaml, "one"), place);
}

#[test]
fn empty_text_has_the_position_of_its_value() {
    for scalar in ["", "\"\"", "|\n", "|+\n\n\n"] {
        let yaml = format!("kind: ConfigMap\ndata:\n  a.rules: {scalar}\n  b: |\n    x\n");
        let (place, _) = place_of(&yaml, "");
        assert!(place.starts_with("cm.yaml:"), "{place}");
        assert_ne!(place, "cm.yaml:1:1", "{yaml}");
    }
}

#[test]
fn aliases_and_merges_are_followed() {
    let yaml = "\
kind: ConfigMap
data:
  <<: {c: merged, a: hidden}
  a: &a |
    one
  b: *a
";
    assert_eq!(texts(yaml), ["one\n", "one\n", "merged"]);
    assert_eq!(place_of(yaml, "one").0, "cm.yaml:5:5");
}

#[test]
fn anchor_or_tag_does_not_move_positions() {
    assert_place("&a |\n    one\n    two", "two", "5:5");
    assert_place("!!str &a |2-  # rules\n\n      one\n    two\n", "two", "6:5");
    assert_place("!!str &a |2-  # rules\n\n      one\n    two\n", "one", "5:7");
    assert_place("&a >\n    one\n    two\n", "two", "5:5");
    assert_place("&a # rules\n    'one two'", "two", "4:10");
    assert_place("&a one two", "two", "3:19");
    assert_place("!<x>\n    one", "one", "4:5");
}

#[test]
fn value_that_is_not_text_is_reported() {
    let error = config_maps("kind: ConfigMap\ndata:\n  a: true\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3, column 6: the value of `a` is not a string"
    );
    assert!(error.help.is_some());
    assert_eq!(
        texts("kind: ConfigMap\ndata: {a: !!str true, b: ! 1, c: '1', d: }"),
        ["true", "1", "1", ""]
    );
    assert!(fails("kind: ConfigMap\ndata: [a]").contains("`data` is not a mapping"));
    assert!(fails("rules v1").contains("not a Kubernetes object"));
}

#[test]
fn invalid_yaml_is_reported_with_its_position() {
    let error = fails("kind: ConfigMap\ndata:\n  ä: [\n");
    assert!(error.starts_with("line "), "{error}");
    assert!(error.contains(": invalid YAML: "), "{error}");
    let twice = fails("kind: ConfigMap\ndata:\n  a: x\n  a: y\n");
    assert_eq!(twice, "line 4, column 3: duplicate key `a`");
    let template = config_maps("kind: ConfigMap\ndata:\n  a: {{ .Values.a }}\n").unwrap_err();
    assert_eq!((template.line, template.help.is_some()), (3, true), "{template}");
    assert!(fails("a: *b").contains("invalid YAML"));
    assert!(fails("? [a]\n: b").contains("a key is a list"));
}

#[test]
fn text_that_is_nested_too_deep_is_rejected() {
    for opening in ["- ", "? ", "- ? "] {
        let error = fails(&opening.repeat(100_000));
        assert!(
            error.contains("nested more than 128 levels deep"),
            "{opening}: {error}"
        );
    }
    // The parser looks ahead, and has its own limit.
    for opening in ["[", "{a: ", "[? "] {
        fails(&opening.repeat(100_000));
    }
    let mut yaml = "a0: &a0 [x]\n".to_owned();
    for level in 1..200 {
        yaml.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(fails(&yaml).contains("nested more than 128 levels deep"));
}

#[test]
fn alias_bomb_is_rejected() {
    let mut yaml = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..100 {
        yaml.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
    }
    assert!(fails(&yaml).contains("more values than a text of this length may have"));
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(1000));
    assert!(fails(&long).contains("more values than a text of this length may have"));
    assert!(fails("a: &a [*a]").contains("an alias refers to a value that contains it"));
}

#[test]
fn large_text_is_rejected_if_its_values_are_short() {
    assert!(fails(&format!("a: [{}]", "1,".repeat(1 << 20))).contains("more values"));
    let rules = "    keep ghcr.io/acme\n".repeat(1 << 18);
    let yaml = format!("kind: ConfigMap\ndata:\n  a: |\n{rules}  b: x\n");
    assert_eq!(texts(&yaml)[1], "x");
}

proptest! {
    /// Property: a literal block has the text that was written, and each word has its position.
    #[test]
    fn literal_block_is_read_as_it_was_written(
        lines in prop::collection::vec("[a-zä→#:\"'\\\\{}|>-]{1,4}[ \ta-z]{0,4}", 1..8),
        blank in prop::collection::vec(0..3usize, 8),
        indent in 1..6usize,
        is_crlf: bool,
    ) {
        let end = if is_crlf { "\r\n" } else { "\n" };
        let mut yaml = format!("kind: ConfigMap{end}data:{end}  ä: |{end}");
        let mut content = String::new();
        for (line, blank) in lines.iter().zip(blank) {
            yaml.push_str(&format!("{}{}{line}{end}", end.repeat(blank), " ".repeat(2 + indent)));
            content.push_str(&format!("{}{line}\n", "\n".repeat(blank)));
        }
        let maps = config_maps(&yaml).unwrap();
        let entry = &maps[0].data[0];
        prop_assert_eq!(&entry.text, &content);
        let is_found = |line: &String| entry.pieces.iter().any(|piece| {
            let start = piece.parent as usize;
            yaml[start..].starts_with(line.as_str()) && piece.len as usize == line.len()
        });
        prop_assert!(lines.iter().all(is_found));
    }

    /// Property: the reported position has the reported text, for any input.
    #[test]
    fn pieces_are_equal_in_content_and_yaml(
        scalar in "[|>\"' ]?[-+]?[2]?(\n| )(    |  )?[a-cä '\"\\\\nx41\r\n\t:#-]{0,40}[\"']?",
    ) {
        let yaml = format!("kind: ConfigMap\ndata:\n  ä: {scalar}\n");
        for entry in config_maps(&yaml).into_iter().flatten().flat_map(|map| map.data) {
            let mut behind = 0;
            for piece in &entry.pieces {
                let (start, parent, len) = (piece.start as usize, piece.parent as usize, piece.len as usize);
                prop_assert!(start >= behind);
                prop_assert_eq!(&entry.text[start..start + len], &yaml[parent..parent + len]);
                behind = start + len;
            }
        }
    }

    /// Property: every text is either read or rejected, without a panic.
    #[test]
    fn every_text_is_read_or_rejected(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "b: ", "- ", "? ", ": ", "|", ">", "-", "+", "2", "\n", "\n  ", "\n    ", "\t", "\r\n", "\r",
            "[", "]", "{", "}", ",", "&a ", "*a", "!!str ", "! ", "!<x> ", "<<: ", "'", "\"", "\\", "\\u00e4", "#",
            " # c", "---", "--- ", "...\n", "%TAG ! x\n", "\u{feff}", "ä", "\u{85}", "kind: ConfigMap\n", "data:\n",
            "kind: List\n", "items:\n", "\0",
        ]), 0..30),
    ) {
        let text = words.concat();
        let _ = config_maps(&text);
        let _ = objects(&text);
        let in_data = format!("kind: ConfigMap\ndata:\n  a: {text}");
        for entry in config_maps(&in_data).into_iter().flatten().flat_map(|map| map.data) {
            for piece in &entry.pieces {
                let (start, parent, len) = (piece.start as usize, piece.parent as usize, piece.len as usize);
                prop_assert_eq!(&entry.text[start..start + len], &in_data[parent..parent + len]);
            }
        }
    }
}

#[test]
fn binary_data_is_decoded_and_has_the_position_of_its_base64() {
    let yaml = "kind: ConfigMap\nbinaryData:\n  a.rules: |\n    cnVsZXMg\n    djEK\n  none:\n";
    let mut map = config_maps(yaml).unwrap().remove(0);
    let binary = map.binary.remove(0);
    assert_eq!(
        (binary.key.as_str(), binary.bytes.as_slice()),
        ("a.rules", &b"rules v1\n"[..])
    );
    assert!(map.binary[0].bytes.is_empty());
    let mut sources = SourceMap::default();
    let parent = sources.add("cm.yaml", yaml);
    let source = binary
        .with_text("rules v1\n".to_owned())
        .add_to(&mut sources, parent);
    let span = Span {
        source,
        start: 6,
        end: 8,
    };
    assert_eq!(sources.place(span), "cm.yaml:4:5");
    for (value, why) in [
        ("rules v1", "the value of `x` is not valid base64"),
        ("cnVs=", "the value of `x` is not valid base64"),
        ("[cnVs]", "the value of `x` is not valid base64"),
    ] {
        let error = fails(&format!("kind: ConfigMap\nbinaryData:\n  x: {value}\n"));
        assert!(error.contains(why), "{error}");
    }
    assert!(fails("kind: ConfigMap\nbinaryData: x\n").contains("`binaryData` is not a mapping"));
    assert!(fails("kind: ConfigMap\ndata: {x: a}\nbinaryData: {x: AAAA}\n").contains("line 3, column 14"));
}

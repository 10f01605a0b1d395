//! YAML files of this repository as values: mappings, lists and strings only.

use imageswap_tests_support::repository::read;
use saphyr_parser::{Event, Parser};
use serde_json::Value;

/// Returns the only document of a file of the repository.
pub(crate) fn read_yaml(path: &str) -> Value {
    parse(&read(path), path)
}

/// Returns the only document of a text. Every scalar is a string.
pub(crate) fn parse(text: &str, path: &str) -> Value {
    let mut open: Vec<(bool, Vec<Value>)> = vec![(false, Vec::new())];
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap_or_else(|error| panic!("{path}: {error}"));
        let value = match event {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                open.push((matches!(event, Event::MappingStart(..)), Vec::new()));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().unwrap() {
                (false, items) => Value::Array(items),
                (true, items) => Value::Object(
                    items
                        .chunks_exact(2)
                        .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()))
                        .collect(),
                ),
            },
            Event::Alias(_) => panic!("{path}: an alias"),
            _ => continue,
        };
        open.last_mut().unwrap().1.push(value);
    }
    let [(_, documents)] = open.as_slice() else {
        panic!("{path} is open at its end");
    };
    assert_eq!(documents.len(), 1, "{path}");
    documents[0].clone()
}

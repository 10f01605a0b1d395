//! The recorded answers of the distribution reference parser.

use imageswap_engine::reference::Reference;
use serde_json::Value;

const VECTORS: &str = include_str!("../../../tests/conformance/reference.jsonl");

#[test]
fn parser_agrees_with_the_reference_on_every_image() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in VECTORS.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let input = vector["input"].as_str().unwrap();
        let part = |name: &str| vector.get(name).and_then(Value::as_str).map(str::to_owned);
        let expected = (vector.get("error").is_none())
            .then(|| (part("domain"), part("path").unwrap(), part("tag"), part("digest")));
        let found = Reference::parse(input).ok().map(|r| {
            (
                r.domain.map(str::to_owned),
                r.path.to_string(),
                r.tag.map(str::to_owned),
                r.digest.map(str::to_owned),
            )
        });
        if expected != found {
            wrong.push(format!("{input:?}: expected {expected:?}, found {found:?}"));
        }
        count += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} are read otherwise:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(count, 4041, "the whole list was read");
}

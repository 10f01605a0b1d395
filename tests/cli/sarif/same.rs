//! Comparison of a result of a log with the same object of `--format json`.

use imageswap_engine::diagnostic::visible;
use serde_json::Value;

/// Compares a result of a log with an object of `--format json`.
#[track_caller]
pub(super) fn assert_same(log: &Value, result: &Value, finding: &Value) {
    let level = match finding["severity"].as_str().unwrap() {
        "notice" => "note",
        severity => severity,
    };
    assert_eq!(result["level"], level, "{result}");
    assert_eq!(result["ruleId"], finding["code"]);
    let rule = &log["runs"][0]["tool"]["driver"]["rules"]
        [usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
    assert_eq!(rule["id"], finding["code"]);
    assert_eq!(rule["defaultConfiguration"]["level"], level, "{rule}");
    // A code host shows no hidden characters to people.
    let shown = |text: &Value| visible(text.as_str().unwrap()).into_owned();
    let text = &said(&result["message"]["text"]);
    assert!(text.starts_with(&shown(&finding["message"])), "{text}");
    for help in finding["help"].as_array().unwrap() {
        assert!(text.contains(&shown(help)), "{text}");
    }
    let places = [&result["locations"], &result["relatedLocations"]];
    let places: Vec<&Value> = places.into_iter().filter_map(Value::as_array).flatten().collect();
    let labels = finding["labels"].as_array().unwrap();
    assert_eq!(places.len(), labels.len(), "{result}");
    assert_eq!(result["locations"].as_array().unwrap().len(), 1, "{result}");
    for (place, label) in places.iter().zip(labels) {
        assert_same_place(
            log,
            &place["physicalLocation"]["artifactLocation"],
            &place["physicalLocation"]["region"],
            label,
        );
        assert_eq!(said(&place["message"]["text"]), shown(&label["text"]));
    }
    let fix = &result["fixes"][0]["artifactChanges"][0];
    let replacement = &fix["replacements"][0];
    let suggestion = &finding["suggestion"];
    assert_eq!(fix.is_null(), suggestion.is_null(), "{result}");
    if !fix.is_null() {
        assert_same_place(
            log,
            &fix["artifactLocation"],
            &replacement["deletedRegion"],
            suggestion,
        );
        assert_eq!(replacement["insertedContent"]["text"], suggestion["replacement"]);
    }
}

/// Returns the text of a message: it has no arguments, and doubled braces.
#[track_caller]
pub(super) fn said(message: &Value) -> String {
    let text = message.as_str().unwrap_or_default();
    let plain = text.replace("{{", "\0").replace("}}", "\u{1}");
    assert!(!plain.contains(['{', '}']), "{text}");
    plain.replace('\0', "{").replace('\u{1}', "}")
}

#[track_caller]
fn assert_same_place(log: &Value, artifact: &Value, region: &Value, place: &Value) {
    let index = usize::try_from(artifact["index"].as_u64().unwrap()).unwrap();
    assert_eq!(artifact["uri"], place["file"]);
    assert_eq!(log["runs"][0]["artifacts"][index]["location"], *artifact);
    for (ours, theirs) in [
        ("line", "startLine"),
        ("column", "startColumn"),
        ("end_line", "endLine"),
        ("end_column", "endColumn"),
    ] {
        assert_eq!(region[theirs], place[ours], "{region} {place}");
    }
}

//! Logs, and the values that tests read from them.

use imageswap_tests_support::repository::read;
use jsonschema::Validator;
use serde_json::Value;

use crate::cases::names;
use crate::run::run;

/// Returns a validator for the standard's own schema, including formats.
pub(super) fn schema() -> Validator {
    let mut schema: Value = serde_json::from_str(&read("tests/cli/schema/sarif-schema-2.1.0.json")).unwrap();
    // The pattern for a language has one `]` too many, so it is not a valid expression. Our logs have no language.
    for definition in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][definition]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// Asserts that a log is valid by the schema.
#[track_caller]
pub(super) fn assert_valid(schema: &Validator, log: &Value, what: &str) {
    let wrong: Vec<String> = schema
        .iter_errors(log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{what}\n{}", wrong.join("\n"));
}

/// Returns the log that a command writes.
pub(super) fn log(line: &str, folder: &str) -> Value {
    let ran = run(line, folder);
    assert!(ran.status < 2, "{line}\n{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{line}: {error}\n{}", ran.stdout))
}

/// Returns the results of a log.
pub(super) fn results(log: &Value) -> &[Value] {
    log["runs"][0]["results"].as_array().unwrap()
}

/// Returns the cases of the language.
pub(super) fn cases() -> Vec<String> {
    let paths = |folder: &str| {
        names(folder)
            .into_iter()
            .map(|name| format!("{folder}/{name}"))
            .collect::<Vec<_>>()
    };
    [paths("valid"), paths("invalid")].concat()
}

/// Returns the text of a region as a viewer reads it: lines from 1, columns in characters.
pub(super) fn slice(text: &str, region: &Value) -> String {
    let number = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let offset = |line: usize, column: usize| {
        let before: usize = lines.iter().take(line - 1).map(|line| line.chars().count()).sum();
        before + column - 1
    };
    let start = offset(number("startLine"), number("startColumn"));
    let end = offset(number("endLine"), number("endColumn"));
    text.chars().skip(start).take(end - start).collect()
}

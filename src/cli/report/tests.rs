//! Exact output of findings.

use std::io::{self, Write};

use imageswap_engine::diagnostic::{Code, Diagnostic, Findings, Piece, Severity, SourceId, SourceMap, Span};
use proptest::prelude::*;

use super::{Format, write};
use crate::findings::Counts;

const CODE: Code = Code::MAP_LINE_SKIPPED;
const RULES: &str = "rules v1\n\n\nhome h.io/\n\n\nswap docker.io/ -> {hubb}/dockerhub/\n";

fn one(name: &str, text: &str) -> (SourceMap, SourceId) {
    let mut sources = SourceMap::default();
    let id = sources.add(name, text);
    (sources, id)
}

fn at(sources: &SourceMap, source: SourceId, text: &str) -> Span {
    let start = sources.get(source).unwrap().text().find(text).unwrap();
    span(source, start, start + text.len())
}

fn span(source: SourceId, start: usize, end: usize) -> Span {
    Span {
        source,
        start: start.try_into().unwrap(),
        end: end.try_into().unwrap(),
    }
}

fn error(message: &str, span: Span) -> Diagnostic {
    Diagnostic::error(CODE, message, span)
}

fn written(format: Format, sources: &SourceMap, finding: Diagnostic) -> String {
    let mut out = Vec::new();
    write(&mut out, format, false, &[finding], sources).unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns the text of a finding for people, without the empty line after it.
#[track_caller]
fn assert_human(sources: &SourceMap, finding: Diagnostic, expected: &str) {
    let written = written(Format::Human, sources, finding);
    assert_eq!(written.trim_end(), expected.trim(), "\n{written}");
}

/// Returns a ConfigMap with a rules file, which begins at its fourth line.
fn embedded() -> (SourceMap, SourceId) {
    let yaml = "kind: ConfigMap\ndata:\n  a.rules: |\n    rules v1\n    keep x\n";
    let (mut sources, parent) = one("cm.yaml", yaml);
    let piece = |start: u32, text: &str| Piece {
        start,
        parent: at(&sources, parent, text).start,
        len: text.len().try_into().unwrap(),
    };
    let pieces = vec![piece(0, "rules v1"), piece(9, "keep x")];
    let id = sources.add_embedded("a.rules", "rules v1\nkeep x\n", parent, pieces);
    (sources, id)
}

#[test]
fn finding_has_the_layout_of_rustc() {
    let (sources, id) = one("10-mirror.rules", RULES);
    let finding = error("unknown placeholder `{hubb}`", at(&sources, id, "{hubb}"))
        .label("not a constant, a capture or a part of the image")
        .note("constants are defined by `let`")
        .help("a constant with a similar name exists: `{hub}`");
    let expected = "
error[W0901]: unknown placeholder `{hubb}`
 --> 10-mirror.rules:7:20
  |
7 | swap docker.io/ -> {hubb}/dockerhub/
  |                    ^^^^^^ not a constant, a capture or a part of the image
  |
  = note: constants are defined by `let`
  = help: a constant with a similar name exists: `{hub}`";
    assert_human(&sources, finding, expected);
}

#[test]
fn suggestion_is_shown_as_the_edited_line() {
    let (sources, id) = one("a.rules", RULES);
    let hubb = at(&sources, id, "{hubb}");
    let finding = error("unknown placeholder", hubb).suggest("write `{hub}`", hubb, "{hub}");
    let expected = "
error[W0901]: unknown placeholder
 --> a.rules:7:20
  |
7 | swap docker.io/ -> {hubb}/dockerhub/
  |                    ^^^^^^
  |
help: write `{hub}`
  |
7 - swap docker.io/ -> {hubb}/dockerhub/
7 + swap docker.io/ -> {hub}/dockerhub/
  |";
    assert_human(&sources, finding, expected);
}

#[test]
fn further_locations_are_shown_with_the_first_or_by_file() {
    let (mut sources, id) = one("a.rules", RULES);
    let other = sources.add("b.rules", "rules v1\nkeep x\n");
    let finding = Diagnostic::new(Severity::Notice, CODE, "three places", at(&sources, id, "swap"))
        .label("here")
        .also(at(&sources, other, "keep x"), "there")
        .also(at(&sources, id, "h.io/"), "and above");
    let expected = "
notice[W0901]: three places
 --> a.rules:7:1
  |
4 | home h.io/
  |      ----- and above
...
7 | swap docker.io/ -> {hubb}/dockerhub/
  | ^^^^ here
  |
 ::: b.rules:2:1
  |
2 | keep x
  | ------ there";
    assert_human(&sources, finding, expected);
}

#[test]
fn empty_span_is_widened_at_the_end_of_line_and_file() {
    let (sources, id) = one("a.rules", "rules v1\n");
    let expected = "
error[W0901]: a word is missing
 --> a.rules:1:9
  |
1 | rules v1
  |         ^ here";
    let finding = |at| error("a word is missing", span(id, at, at)).label("here");
    assert_human(&sources, finding(8), expected);
    let expected = "
error[W0901]: a word is missing
 --> a.rules:2:1
  |
2 |
  | ^ here";
    assert_human(&sources, finding(9), expected);
}

#[test]
fn span_of_a_whole_line_ends_with_it() {
    let (sources, id) = one("a.rules", "rules v1\r\nkeep x\r\n");
    let expected = "
error[W0901]: no
 --> a.rules:1:1
  |
1 | rules v1
  | ^^^^^^^^";
    assert_human(&sources, error("no", span(id, 0, 10)), expected);
}

#[test]
fn span_of_several_lines_is_shown_completely() {
    let (sources, id) = one("a.rules", "\u{feff}swap a/\r\n  -> b/\r\n");
    let finding = error("no", span(id, 3, 19)).label("here");
    let expected = "
error[W0901]: no
 --> a.rules:1:1
  |
1 | / swap a/
2 | |   -> b/
  | |_______^ here";
    assert_human(&sources, finding, expected);
}

#[test]
fn tabs_and_wide_characters_do_not_move_the_mark() {
    let (sources, id) = one("a.rules", "\tdeny\tä/ö x\n");
    let finding = error("no", at(&sources, id, "x")).label("here");
    let expected = "
error[W0901]: no
 --> a.rules:1:11
  |
1 |     deny    ä/ö x
  |                 ^ here";
    assert_human(&sources, finding, expected);
}

#[test]
fn long_line_is_cut_around_the_span() {
    let text = format!("{} -> {}", "a".repeat(1 << 19), "b".repeat(1 << 19));
    let (sources, id) = one("a.rules", &text);
    let arrow = at(&sources, id, "->");
    let finding = error("no", span(id, 0, text.len()))
        .also(arrow, "here")
        .suggest("write `=`", arrow, "=");
    let written = written(Format::Human, &sources, finding);
    assert!(written.lines().all(|line| line.len() < 160), "{written}");
    assert!(written.contains(" --> a.rules:1:1\n"), "{written}");
    assert!(written.contains("::: a.rules:1:524290\n"), "{written}");
    assert!(written.contains("aaa -> bbb"), "{written}");
    assert!(written.contains("= help: write `=`\n"), "{written}");
}

#[test]
fn number_of_shown_locations_is_limited() {
    let (sources, id) = one("a.rules", "keep x\n");
    let mut finding = error("no", span(id, 0, 4));
    for _ in 0..20 {
        finding = finding.also(span(id, 5, 6), "");
    }
    let written = written(Format::Human, &sources, finding);
    assert!(written.contains("= note: and 1 more location\n"), "{written}");
}

#[test]
fn finding_in_a_config_map_shows_the_lines_of_the_yaml() {
    let (sources, id) = embedded();
    let finding = || {
        let keep = at(&sources, id, "keep");
        error("no", keep).suggest("write `deny`", keep, "deny")
    };
    let expected = "
error[W0901]: no
 --> cm.yaml:5:5
  |
5 |     keep x
  |     ^^^^
  |
help: write `deny`
  |
5 -     keep x
5 +     deny x
  |";
    assert_human(&sources, finding(), expected);
    let expected = "cm.yaml:5:5: error[W0901]: no; help: write `deny`\n";
    assert_eq!(written(Format::Short, &sources, finding()), expected);
    let json = written(Format::Json, &sources, finding());
    assert!(
        json.contains(r#""file":"cm.yaml","line":5,"column":5,"#),
        "{json}"
    );
}

#[test]
fn suggestion_that_yaml_would_escape_is_shown_as_help() {
    let (sources, id) = embedded();
    let keep = at(&sources, id, "keep");
    let finding = error("no", keep).suggest("write two lines", keep, "keep y\nkeep");
    let json: serde_json::Value =
        serde_json::from_str(&written(Format::Json, &sources, finding.clone())).unwrap();
    assert_eq!(json["suggestion"], serde_json::Value::Null);
    assert_eq!(json["help"][0], "write two lines");
    let human = written(Format::Human, &sources, finding);
    assert!(human.contains("  = help: write two lines\n"), "{human}");
}

#[test]
fn json_has_stable_fields() {
    let (sources, id) = one("a.rules", "rules v1\nkeep ä\n");
    let finding = error("no `ä`", at(&sources, id, "ä"))
        .label("here")
        .also(at(&sources, id, "rules v1\n"), "")
        .note("note")
        .help("help")
        .suggest("write `a`", at(&sources, id, "ä"), "a");
    let place = r#""file":"a.rules","line":2,"column":6,"end_line":2,"end_column":7"#;
    let expected = format!(
        concat!(
            r#"{{"severity":"error","code":"W0901","message":"no `ä`",{place},"labels":[{{{place},"text":"here"}},"#,
            r#"{{"file":"a.rules","line":1,"column":1,"end_line":2,"end_column":1,"text":""}}],"#,
            r#""notes":["note"],"help":["help"],"#,
            r#""suggestion":{{"message":"write `a`",{place},"replacement":"a"}}}}"#,
            "\n"
        ),
        place = place
    );
    assert_eq!(written(Format::Json, &sources, finding), expected);
}

#[test]
fn color_does_not_change_the_text() {
    let (sources, id) = one("a.rules", RULES);
    let finding = [error("no", at(&sources, id, "swap")).help("help")];
    let mut out = Vec::new();
    write(&mut out, Format::Human, true, &finding, &sources).unwrap();
    let colored = String::from_utf8(out).unwrap();
    assert!(
        colored.starts_with("\u{1b}[1m\u{1b}[91merror[W0901]"),
        "{colored:?}"
    );
}

#[test]
fn closed_pipe_is_not_an_error() {
    struct Closed(io::ErrorKind);
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (sources, id) = one("a.rules", RULES);
    let finding = [error("no", at(&sources, id, "swap"))];
    for format in [Format::Human, Format::Json, Format::Short] {
        let write = |kind| write(&mut Closed(kind), format, false, &finding, &sources);
        assert!(write(io::ErrorKind::BrokenPipe).is_ok(), "{format:?}");
        assert!(write(io::ErrorKind::StorageFull).is_err(), "{format:?}");
    }
}

#[test]
fn findings_are_counted_by_severity() {
    let (_, id) = one("a.rules", RULES);
    let of = |severity| Diagnostic::new(severity, CODE, "no", span(id, 0, 0));
    let findings = Findings::from_iter([of(Severity::Warning), of(Severity::Error), of(Severity::Error)]);
    assert_eq!(Counts::new(&findings).to_string(), "2 errors, 1 warning");
    assert_eq!(Counts::new(&Findings::default()).to_string(), "no findings");
}

proptest! {
    #[test]
    fn output_has_no_control_characters(
        text in "[a-z \\t\\r\\n\u{1b}\u{7f}\u{80}\u{9b}\u{202e}\u{2028}\u{feff}ä→]{0,60}",
        places in prop::collection::vec((0..160usize, 0..160usize), 1..4),
    ) {
        let (sources, id) = one(&format!("{text}.rules"), &text);
        let places: Vec<_> = places.iter().map(|(a, b)| span(id, *a.min(b), *a.max(b))).collect();
        let mut finding = error(&text, places[0]).help(text.as_str()).note(&text).suggest(&text, places[0], &text);
        for place in &places {
            finding = finding.label(&text).also(*place, &text);
        }
        for format in [Format::Human, Format::Short] {
            let written = written(format, &sources, finding.clone());
            let lines = written.split('\n').collect::<String>();
            prop_assert_eq!(imageswap_engine::diagnostic::visible(&lines), lines.as_str());
        }
    }
}

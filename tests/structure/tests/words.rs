//! The words of the glossary.

use imageswap_tests_structure::words::{CHECKED, doc_comments_beginning_with, files, hits, retired};

/// First words of doc comments that describe a riddle instead of a thing. At most this many are allowed.
const RIDDLES: ([&str; 3], usize) = (["What", "Who", "Whether"], 30);

fn found(path: &str, text: &str) -> Vec<(usize, String)> {
    let hits = hits(path, text, &retired());
    hits.into_iter().map(|hit| (hit.line, hit.found)).collect()
}

#[test]
fn checked_files_have_no_retired_word() {
    let retired = retired();
    let checked = CHECKED.iter().flat_map(|path| files(path));
    let mut count = 0;
    let mut wrong = Vec::new();
    for (path, text) in checked {
        count += 1;
        for hit in hits(&path, &text, &retired) {
            wrong.push(format!(
                "{path}:{}: `{}`: write {}",
                hit.line, hit.found, hit.instead
            ));
        }
    }
    assert!(count > 1500, "{count} files");
    assert!(
        wrong.is_empty(),
        "{} retired words:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn only_the_listed_paths_are_not_checked() {
    let paths: Vec<String> = files("src").into_iter().map(|(path, _)| path).collect();
    assert!(paths.iter().any(|path| path == "src/engine/lower/target.rs"));
    assert!(files("tests/conformance").is_empty() && files("tests/structure/retired-words.txt").is_empty());
}

#[test]
fn doc_comments_begin_with_a_noun_or_a_verb() {
    let (words, most) = RIDDLES;
    let mut found = Vec::new();
    for (path, text) in ["src", "migrate"].iter().flat_map(|path| files(path)) {
        if path.ends_with(".rs") {
            let lines = doc_comments_beginning_with(&text, &words);
            found.extend(lines.iter().map(|line| format!("{path}:{line}")));
        }
    }
    assert!(
        found.len() <= most,
        "{} of at most {most}: {found:#?}",
        found.len()
    );
}

#[test]
fn identifiers_count_as_their_words() {
    let text = "fn left_alone() {}\nstruct OwnShape;\nlet is_refused = 1;\n";
    let expected = [(1, "left alone"), (2, "Own Shape"), (3, "refused")];
    assert_eq!(
        found("a.rs", text),
        expected.map(|(line, text)| (line, text.to_owned()))
    );
}

#[test]
fn phrase_is_found_across_lines_of_a_comment() {
    let expected = [(2, "in force".to_owned())];
    assert_eq!(
        found("a.rs", "fn f() {}\n    // The set stays in\n    // force.\n"),
        expected
    );
    assert_eq!(found("a.md", "Text.\nThe set stays in\nforce.\n"), expected);
    assert_eq!(found("a.rules", "rules v1\n# stays in\n# force\n"), expected);
}

#[test]
fn lines_of_code_and_paragraphs_are_apart() {
    for (path, text) in [
        ("a.rs", "let x = in;\nforce();\n"),
        ("a.md", "It is in\n\nforce of habit"),
    ] {
        assert_eq!(found(path, text), []);
    }
}

#[test]
fn glossary_may_name_the_words_that_it_retires() {
    let text = "## Words\n\n### Glossary\n\n| cycle | circle |\n\n## Tests\n\nNo circle.\n";
    assert_eq!(found("CONTRIBUTING.md", text), [(9, "circle".to_owned())]);
}

#[test]
fn names_of_conformance_vectors_are_allowed() {
    assert_eq!(found("a.md", "The lint `always-refused`."), []);
    assert_eq!(
        found("a.md", "always-refused is refused"),
        [(1, "refused".to_owned())]
    );
}

#[test]
fn first_words_of_doc_comments_are_found() {
    let text =
        "//! What it is.\n\n/// Who it is.\n/// What more.\nfn f() {\n    // Whether.\n}\n/// A thing.\n";
    assert_eq!(doc_comments_beginning_with(text, &RIDDLES.0), [1, 3]);
}

//! Fixes for invalid sets: applies the suggestions of findings, or removes the statements with errors.

use imageswap_engine::diagnostic::{Code, Diagnostic, SourceMap, Span, Suggestion};

use crate::loaded::{Loaded, load};

/// Files, as names and texts.
pub type Files = Vec<(String, String)>;

/// Loads files.
pub fn loaded(files: &Files) -> Loaded {
    load(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

/// Applies a suggestion.
pub fn apply(files: &mut Files, sources: &SourceMap, suggestion: &Suggestion) {
    let text = text_of(files, sources, suggestion.span);
    text.replace_range(suggestion.span.range(), &suggestion.replacement);
}

/// Removes the statement at a span.
pub fn remove(files: &mut Files, sources: &SourceMap, span: Span) {
    let text = text_of(files, sources, span);
    let mut start = span.start as usize;
    // A statement begins at a line that is not indented, and ends before the next such line.
    loop {
        start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        if start == 0 || !text[start..].starts_with([' ', '\t', '#', '\r', '\n']) {
            break;
        }
        start -= 1;
    }
    let mut end = start;
    loop {
        end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        if !text[end..].starts_with([' ', '\t', '#', '\r', '\n']) {
            break;
        }
    }
    text.replace_range(start..end, "");
}

fn text_of<'f>(files: &'f mut Files, sources: &SourceMap, span: Span) -> &'f mut String {
    let number = sources.iter().position(|(id, _)| id == span.source).unwrap();
    &mut files[number].1
}

/// Fixes files until they are valid. Fixes a cycle with a `keep` if `keeps` is set, else by removing one of its rules.
pub fn fixed(files: &mut Files, keeps: bool) -> Loaded {
    for _ in 0..200 {
        let loaded = loaded(files);
        let Some(error) = loaded.errors().first().copied().cloned() else {
            return loaded;
        };
        fix_error(files, &loaded, &error, keeps);
    }
    panic!("{files:?}\n{}", loaded(files).short());
}

/// Fixes one error.
pub fn fix_error(files: &mut Files, loaded: &Loaded, error: &Diagnostic, keeps: bool) {
    let is_wanted = error.code == Code::NO_HOME || keeps && error.code == Code::CYCLE;
    match &error.suggestion {
        Some(suggestion) if is_wanted => apply(files, &loaded.sources, suggestion),
        _ => remove(files, &loaded.sources, error.span().unwrap()),
    }
}

//! Making a set load: by applying the mends that findings bring, or by leaving out the statements at fault.

use imageswap_engine::diagnostic::{Code, Diagnostic, SourceMap, Span, Suggestion};

use crate::loaded::{Loaded, load};

/// Files, as names and texts.
pub type Files = Vec<(String, String)>;

/// Loads files.
pub fn loaded(files: &Files) -> Loaded {
    load(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

/// Applies a mend.
pub fn apply(files: &mut Files, sources: &SourceMap, suggestion: &Suggestion) {
    let text = text_of(files, sources, suggestion.span);
    text.replace_range(suggestion.span.range(), &suggestion.replacement);
}

/// Leaves out the statement at a place.
pub fn remove(files: &mut Files, sources: &SourceMap, span: Span) {
    let text = text_of(files, sources, span);
    let mut start = span.start as usize;
    // Up to the line that is not indented, and down to the next that is none of its lines.
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

/// Mends files until they load; a circle by a `keep` where `keeps`, else by leaving out a rule of it.
pub fn mended(files: &mut Files, keeps: bool) -> Loaded {
    for _ in 0..200 {
        let loaded = loaded(files);
        let Some(error) = loaded.errors().first().copied().cloned() else {
            return loaded;
        };
        mend(files, &loaded, &error, keeps);
    }
    panic!("{files:?}\n{}", loaded(files).short());
}

/// Mends one error.
pub fn mend(files: &mut Files, loaded: &Loaded, error: &Diagnostic, keeps: bool) {
    let is_wanted = error.code == Code::NO_HOME || keeps && error.code == Code::CYCLE;
    match &error.suggestion {
        Some(suggestion) if is_wanted => apply(files, &loaded.sources, suggestion),
        _ => remove(files, &loaded.sources, error.span().unwrap()),
    }
}

//! Findings about the lines of a map file.

use super::answer::join;
use crate::diagnostic::{Code, Diagnostic, SourceMap, Span};
use crate::reference::Reference;

/// Reports a line in neither of the two forms.
pub(super) fn skipped(sources: &SourceMap, line: Span) -> Diagnostic {
    let text = sources.slice(line);
    let finding = Diagnostic::warning(Code::MAP_LINE_SKIPPED, "this line is ignored", line);
    match (text.matches("::").count(), text.matches(':').count()) {
        (0, 0) => finding
            .label("expected `::`")
            .help("write `KEY::VALUE`, or a comment that begins with `#`"),
        (0, _) => finding.label("more than one `:` and no `::`").help(
            "write `::` between a key and a value if one of them has a port, as in \
             `quay.io:8443::harbor.example.com`",
        ),
        _ => finding
            .label("more than one `::`")
            .help("write one key and one value, as in `quay.io::harbor.example.com/quay`"),
    }
}

/// Reports a line in the older form.
pub(super) fn single_colon(line: Span, separator: Span) -> Diagnostic {
    Diagnostic::warning(
        Code::MAP_SINGLE_COLON,
        "a single `:` between key and value is deprecated",
        line,
    )
    .suggest("write `::`", separator, "::")
}

/// Reports a line with the same key as a later one.
pub(super) fn replaced(key: &str, line: Span, by: Span) -> Diagnostic {
    Diagnostic::warning(
        Code::MAP_KEY_REPLACED,
        format!("this line has no effect: a later line has the same key `{key}`"),
        line,
    )
    .also(by, "this line has an effect")
    .help("remove one of the two")
}

/// Reports the value of a line for one image that is not a valid image.
pub(super) fn unusable_image(value: &str, line: Span) -> Option<Diagnostic> {
    let error = Reference::parse(value).err().filter(|_| !value.is_empty())?;
    let finding = Diagnostic::warning(
        Code::MAP_UNUSABLE_VALUE,
        format!("`{value}` is not a valid image: {error}"),
        line,
    );
    Some(finding.help("write a whole image as the value; the webhook does not change images of this line"))
}

/// Reports the value of a line for globs that never produces a valid image.
pub(super) fn unusable_place(value: &str, line: Span) -> Option<Diagnostic> {
    // An empty value is allowed here: the result is the last segment.
    unusable(value, &join(value, "image"), line)
}

/// Reports the value of any other line that never produces a valid image.
pub(super) fn unusable_target(value: &str, line: Span) -> Option<Diagnostic> {
    match value {
        "" => None,
        _ if value.ends_with('-') => unusable(value, &format!("{value}registry.example.com/image"), line),
        _ => unusable_place(value, line),
    }
}

fn unusable(value: &str, example: &str, line: Span) -> Option<Diagnostic> {
    let error = Reference::parse(example).err()?;
    let finding = Diagnostic::warning(
        Code::MAP_UNUSABLE_VALUE,
        format!("`{value}` never produces a valid image: {error}"),
        line,
    );
    Some(finding.help(
        "write a registry, and a path if needed, as in `harbor.example.com/hub`; the webhook does not change \
         images of this line",
    ))
}

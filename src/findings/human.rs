//! Findings for people, in the layout of rustc.

use annotate_snippets::renderer::Renderer;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Snippet};
use imageswap_engine::diagnostic::{Diagnostic, Severity, SourceMap, Suggestion, visible};

use super::excerpt::{Excerpt, LONG_LINE, shown};
use super::help::help_text;
use super::suggestion::applicable;
use super::words::counted;

/// Maximum number of locations that are shown for one finding.
const PLACES: usize = 20;

/// Returns a finding as text of several lines, without the last line break.
pub(crate) fn render(finding: &Diagnostic, sources: &SourceMap, color: bool) -> String {
    let renderer = if color {
        Renderer::styled().hyperlink(false)
    } else {
        Renderer::plain()
    };
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Notice => Level::NOTE.with_name("notice"),
    };
    let title = level
        .primary_title(visible(&finding.message))
        .id(finding.code.as_str());
    let mut group = Group::with_title(title).elements(excerpts(finding, sources));
    if let Some(more) = finding.labels.len().checked_sub(PLACES).filter(|more| *more > 0) {
        group = group.element(Level::NOTE.message(format!("and {}", counted(more, "more location"))));
    }
    group = group
        .elements(
            finding
                .notes
                .iter()
                .map(|note| Level::NOTE.message(visible(note))),
        )
        .elements(
            finding
                .help
                .iter()
                .map(|help| Level::HELP.message(visible(&help_text(help)).into_owned())),
        );
    let mut groups = Vec::with_capacity(2);
    match &finding.suggestion {
        Some(suggestion) => match patch(suggestion, sources) {
            Some(patch) => groups.extend([group, patch]),
            None => groups.push(group.element(Level::HELP.message(visible(&suggestion.message)))),
        },
        None => groups.push(group),
    }
    renderer.render(&groups)
}

/// Returns the labeled locations with their lines.
fn excerpts<'a>(
    finding: &'a Diagnostic,
    sources: &SourceMap,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut excerpts: Vec<Excerpt<'_, _>> = Vec::new();
    for (index, label) in finding.labels.iter().take(PLACES).enumerate() {
        let kind = if index == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let span = sources.resolve(label.span);
        let excerpt = Excerpt::new(sources, span, (kind, label.text.as_str()));
        let apart = excerpts.iter_mut().fold(excerpt, |excerpt, other| {
            excerpt.and_then(|excerpt| other.join(excerpt).err())
        });
        excerpts.extend(apart);
    }
    let snippet = |excerpt: Excerpt<'_, (AnnotationKind, &'a str)>| {
        let path = visible(excerpt.name()).into_owned();
        let first = excerpt.first_line();
        let (lines, marks) = excerpt.into_parts();
        let annotations = marks.into_iter().map(|(range, (kind, text))| {
            let annotation = kind.span(range);
            if text.is_empty() {
                annotation
            } else {
                annotation.label(visible(text))
            }
        });
        Snippet::source(lines)
            .path(path)
            .line_start(first)
            .annotations(annotations)
    };
    excerpts.into_iter().map(snippet).collect()
}

/// Returns the edited text; `None` if it cannot be shown.
fn patch<'a>(suggestion: &'a Suggestion, sources: &SourceMap) -> Option<Group<'a>> {
    let span = applicable(suggestion, sources)?;
    if suggestion.replacement.len() > LONG_LINE {
        return None;
    }
    let excerpt = Excerpt::new(sources, span, ()).filter(|excerpt| excerpt.is_whole(span))?;
    let path = visible(excerpt.name()).into_owned();
    let first = excerpt.first_line();
    let (lines, marks) = excerpt.into_parts();
    let patches = marks
        .into_iter()
        .map(|(range, ())| Patch::new(range, shown(&suggestion.replacement)));
    let snippet = Snippet::source(lines)
        .path(path)
        .line_start(first)
        .patches(patches);
    Some(Group::with_title(Level::HELP.secondary_title(visible(&suggestion.message))).element(snippet))
}

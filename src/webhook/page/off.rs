//! The rules that are off, with the statements that turn them off.

use imageswap_engine::diagnostic::Source;

use super::code::code;
use super::html::Html;
use crate::findings::counted;
use crate::webhook::reload::LoadedRules;

/// Maximum number of rules in the list.
const MAX_LISTED: usize = 50;
const KEYWORD: &str = "off";

/// Adds the list, if a rule is off.
pub(super) fn list(html: &mut Html, active: &LoadedRules) {
    if active.totals.off == 0 {
        return;
    }
    html.raw("<h3>Off</h3>\n<p>")
        .text(counted(active.totals.off, "rule"));
    html.raw(if active.totals.off == 1 { " is" } else { " are" }).raw(
        " off, and never matches an image. These statements turn rules off:</p>\n<ul class=\"plain\">\n",
    );
    let mut count = 0;
    let sources = active.counts.sources();
    for (source, _) in active.texts.places().filter(|(_, is_map)| !is_map) {
        let Some(source) = sources.get(source) else {
            continue;
        };
        for (line, statement) in statements(source).take(MAX_LISTED - count) {
            count += 1;
            html.raw("<li><code>");
            code(html, statement, 0..statement.len(), false);
            html.raw("</code> <span class=\"quiet\">")
                .text(source.name())
                .raw(":")
                .text(line)
                .raw("</span></li>\n");
        }
        if count == MAX_LISTED {
            html.raw("<li>and more</li>\n");
            break;
        }
    }
    html.raw("</ul>\n");
}

/// Returns the statements of a text that turn rules off, with their lines.
fn statements(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let text = source.text();
    let begins = text.match_indices(KEYWORD).map(|(start, _)| start);
    let begins = begins.filter(|start| {
        let (before, after) = (
            text[..*start].chars().next_back(),
            text[*start + KEYWORD.len()..].chars().next(),
        );
        matches!(before, None | Some('\n' | '\u{feff}')) && matches!(after, Some(' ' | '\t' | '\r' | '\n'))
    });
    begins.map(move |start| {
        let line = source.position(u32::try_from(start).unwrap_or(u32::MAX)).line;
        (line, statement(&text[start..]))
    })
}

/// Returns the statement at the start of a text: its line, and the indented lines after it.
fn statement(text: &str) -> &str {
    let mut end = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number > 0 && !line.starts_with([' ', '\t']) {
            break;
        }
        end += line.len();
    }
    text[..end].trim_end()
}

//! The active rules: the lines of their files, with the number of images that each rule decided.

use std::ops::Range;

use imageswap_engine::diagnostic::{Source, SourceId, Span};
use imageswap_engine::rules::{RuleId, RuleInfo};
use imageswap_engine::syntax::highlight::{ClassifiedText, of_map, of_rules};

use super::code::{MAX_LINE, classified, code};
use super::html::Html;
use super::off;
use super::query::Query;
use crate::config::SetTexts;
use crate::findings::{counted, grouped};
use crate::webhook::reload::LoadedRules;

/// Parameter with the text to find.
const FIND: &str = "find";
/// Parameter with the number of lines, or of rules that have the text, to leave out.
const FROM: &str = "from";
/// Maximum number of lines on a page, and of rules that have the text.
const MAX_LINES: usize = 200;
/// Maximum length of the text of the lines on a page, in bytes. In HTML it is several times as long.
const MAX_BYTES: usize = 32 << 10;

/// Adds the rules.
pub(super) fn section(html: &mut Html, query: &Query, active: &LoadedRules) {
    html.raw("<section id=\"rules\" aria-labelledby=\"rules-title\">\n<h2 id=\"rules-title\">Rules</h2>\n");
    off::list(html, active);
    if let SetTexts::Prefix(prefix) = &active.texts {
        html.raw("<p>The mode is <code>legacy</code>: the prefix <code>")
            .text(prefix.as_str())
            .raw("</code> is put before every image. Images: ");
        numbers(html, active.counts.decided_by_map());
        html.raw("</p>\n</section>\n");
        return;
    }
    let find = query.first(FIND);
    html.raw("<form method=\"get\" action=\"/#rules\" role=\"search\" class=\"find\">\n<div class=\"field\">\
              <label for=\"find\">Find rules that contain</label><input id=\"find\" name=\"find\" autocomplete=\"off\" \
              autocapitalize=\"none\" spellcheck=\"false\" value=\"")
        .text(find)
        .raw("\"></div>\n<p class=\"actions\"><button>Find</button> <a href=\"/#rules\">All</a></p>\n</form>\n");
    let from = query.first(FROM).parse().unwrap_or(0);
    if find.is_empty() {
        lines(html, active, from);
    } else {
        found(html, active, find, from);
    }
    html.raw("</section>\n");
}

/// Adds lines of the files, after the first `from` ones.
fn lines(html: &mut Html, active: &LoadedRules, from: usize) {
    let sources = active.counts.sources();
    let (mut first, mut shown) = (0, Shown::default());
    for (id, is_map) in active.texts.places() {
        let Some(source) = sources.get(id) else { continue };
        let count = line_count(source);
        let begin = (from + shown.lines).saturating_sub(first);
        if begin < count && !shown.is_full() {
            file(html, active, (id, source, is_map), begin..count, &mut shown);
        }
        first += count;
    }
    if first == 0 {
        html.raw("<p class=\"empty\">The set has no lines.</p>\n");
    } else if shown.lines == 0 {
        html.raw("<p class=\"empty\">There are no lines here.</p>\n");
    }
    pages(html, "", from, from + shown.lines, first);
}

/// Number of lines and bytes that are on the page.
#[derive(Default)]
struct Shown {
    lines: usize,
    bytes: usize,
}

impl Shown {
    const fn is_full(&self) -> bool {
        self.lines >= MAX_LINES || self.bytes >= MAX_BYTES
    }

    fn add(&mut self, text: &str) {
        self.lines += 1;
        self.bytes += text.len().min(MAX_LINE);
    }
}

fn line_count(source: &Source) -> usize {
    let text = source.text();
    let end = source
        .position(u32::try_from(text.len()).unwrap_or(u32::MAX))
        .line;
    // What follows the last line end is a line only if it is not empty.
    end - usize::from(text.is_empty() || text.ends_with('\n'))
}

/// Adds the lines of a file, as far as the page has room. `lines` counts from 0.
fn file(
    html: &mut Html,
    active: &LoadedRules,
    (id, source, is_map): (SourceId, &Source, bool),
    lines: Range<usize>,
    shown: &mut Shown,
) {
    let mut taken = Vec::new();
    for number in lines.clone() {
        let Some(line) = source.line(number + 1) else {
            break;
        };
        if shown.is_full() {
            break;
        }
        shown.add(&source.text()[line.clone()]);
        taken.push((number + 1, line));
    }
    let (Some((first, start)), Some((last, end))) = (taken.first().cloned(), taken.last().cloned()) else {
        return;
    };
    let within = start.start..end.end;
    table(html, source.name(), |html| {
        html.raw(": lines ")
            .text(grouped(first))
            .raw(" to ")
            .text(grouped(last))
            .raw(" of ")
            .text(grouped(lines.end));
        if is_map {
            html.raw(". Images that the map decided: ");
            numbers(html, active.counts.decided_by_map());
        }
    });
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let place = Span {
        source: id,
        start: offset(within.start),
        end: offset(within.end),
    };
    let rules: Vec<RuleInfo<'_>> = active.rules.rules_within(place).collect();
    let classes = if is_map {
        shifted(of_map(&source.text()[within.clone()]), within.start)
    } else {
        of_rules(source.text(), &within)
    };
    for (number, line) in taken {
        let rule = rules
            .iter()
            .find(|rule| line.contains(&(rule.span.start as usize)));
        row(html, active, number, rule, |html| {
            classified(html, source.text(), line.clone(), &classes);
        });
    }
    html.raw("</tbody>\n</table></div>\n");
}

fn shifted(mut classes: Vec<ClassifiedText>, by: usize) -> Vec<ClassifiedText> {
    for (range, _) in &mut classes {
        *range = range.start + by..range.end + by;
    }
    classes
}

/// Adds the rules, and the lines of a map, that contain a text, after the first `from` ones.
fn found(html: &mut Html, active: &LoadedRules, find: &str, from: usize) {
    let sources = active.counts.sources();
    let find_lower = find.to_lowercase();
    let contains = |text: &str| text.to_lowercase().contains(&find_lower);
    let (mut matches, mut shown, mut open) = (0, Shown::default(), None);
    let mut add = |html: &mut Html, source: &Source, at: Range<usize>, rule: Option<&RuleInfo<'_>>| {
        matches += 1;
        if matches <= from || shown.is_full() {
            return;
        }
        if open.as_deref() != Some(source.name()) {
            if open.is_some() {
                html.raw("</tbody>\n</table></div>\n");
            }
            table(html, source.name(), |html| {
                html.raw(": rules that contain the text");
            });
            open = Some(source.name().to_owned());
        }
        let text = &source.text()[at.clone()];
        shown.add(text);
        let number = source.position(u32::try_from(at.start).unwrap_or(u32::MAX)).line;
        row(html, active, number, rule, |html| {
            code(html, text, 0..text.len(), rule.is_none())
        });
    };
    for rule in active.rules.rules() {
        let Some(source) = sources.get(rule.span.source) else {
            continue;
        };
        if contains(sources.slice(rule.span)) {
            add(html, source, rule.span.range(), Some(&rule));
        }
    }
    for (id, _) in active.texts.places().filter(|(_, is_map)| *is_map) {
        let Some(source) = sources.get(id) else { continue };
        for number in 1..=line_count(source) {
            let Some(line) = source.line(number) else { break };
            if contains(&source.text()[line.clone()]) {
                add(html, source, line, None);
            }
        }
    }
    if open.is_some() {
        html.raw("</tbody>\n</table></div>\n");
    }
    html.raw("<p role=\"status\">")
        .text(counted(matches, "rule"))
        .raw(if matches == 1 { " contains " } else { " contain " });
    html.raw("<code>").text(find).raw("</code>.</p>\n");
    pages(html, find, from, from + shown.lines, matches);
}

/// Begins a table of lines. `more` adds to its caption.
fn table(html: &mut Html, name: &str, more: impl FnOnce(&mut Html)) {
    html.raw("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"")
        .text(name)
        .raw("\"><table class=\"code\">\n<caption><b>")
        .text(name)
        .raw("</b>");
    more(html);
    html.raw("</caption>\n<thead><tr><th scope=\"col\">Line</th><th scope=\"col\">Images</th><th scope=\"col\">Text</th></tr>\
              </thead>\n<tbody>\n");
}

fn row(
    html: &mut Html,
    active: &LoadedRules,
    number: usize,
    rule: Option<&RuleInfo<'_>>,
    text: impl FnOnce(&mut Html),
) {
    let is_off = rule.is_some_and(|rule| rule.is_off);
    html.raw(if is_off { "<tr class=\"is-off\">" } else { "<tr>" })
        .raw("<th scope=\"row\">")
        .text(number)
        .raw("</th><td class=\"count\">");
    if let Some(rule) = rule {
        count(html, active, rule.id);
        if is_off {
            html.raw(" <strong class=\"off\">off</strong>");
        }
    }
    html.raw("</td><td><code>");
    text(html);
    html.raw("</code></td></tr>\n");
}

/// Adds the number of images that a rule decided, by effect.
fn count(html: &mut Html, active: &LoadedRules, rule: RuleId) {
    let Some(counts) = active.counts.decided(&active.rules, rule) else {
        // Only 2,000 rules have a count of their own.
        html.raw("in (other)");
        return;
    };
    numbers(html, counts);
}

fn numbers(html: &mut Html, counts: Vec<(&'static str, u64)>) {
    if counts.is_empty() {
        html.raw("0");
    }
    for (number, (effect, count)) in counts.into_iter().enumerate() {
        html.raw(if number > 0 { ", " } else { "" })
            .text(grouped(usize::try_from(count).unwrap_or(usize::MAX)))
            .raw(" ")
            .raw(effect);
    }
}

/// Adds links to the pages before and after.
fn pages(html: &mut Html, find: &str, from: usize, next: usize, count: usize) {
    if from == 0 && next >= count {
        return;
    }
    html.raw("<nav aria-label=\"Pages of the rules\" class=\"pages\">\n<ul>\n");
    let mut link = |text: &'static str, from: usize| {
        html.raw("<li><a href=\"/?find=");
        encoded(html, find);
        html.raw("&amp;from=")
            .text(from)
            .raw("#rules\">")
            .raw(text)
            .raw("</a></li>\n");
    };
    if from > 0 {
        link("First", 0);
        link("Previous", from.saturating_sub(MAX_LINES));
    }
    if next < count {
        link("Next", next);
        link("Last", count.saturating_sub(MAX_LINES));
    }
    html.raw("</ul>\n</nav>\n");
}

/// Adds a value of a link.
fn encoded(html: &mut Html, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            html.text(char::from(byte));
        } else {
            html.text(format_args!("%{byte:02X}"));
        }
    }
}

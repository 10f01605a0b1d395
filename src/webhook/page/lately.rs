//! What was denied or skipped lately: names only.

use imageswap_engine::admission::SkipReason;

use super::html::Html;
use super::moment::moment;
use crate::explanations::skip_reason_text;
use crate::findings::{counted, grouped};
use crate::webhook::recent::{Recent, RecentEffect, RecentObject, RecentReason};

/// Adds both lists.
pub(super) fn section(html: &mut Html, recent: &Recent) {
    html.raw(
        "<section id=\"lately\" aria-labelledby=\"lately-title\">\n<h2 id=\"lately-title\">Lately</h2>\n\
         <p>The last objects that this replica denied or skipped, by name. It keeps 50 of each kind, and forgets them \
         when it ends.</p>\n",
    );
    let denied = "No object was denied.";
    list(
        html,
        "<h3 id=\"denied-title\">Denied</h3>\n",
        "Objects that were denied",
        denied,
        &recent.denied(),
    );
    let skipped = "No object was skipped.";
    list(
        html,
        "<h3 id=\"skipped-title\">Skipped</h3>\n",
        "Objects that were skipped",
        skipped,
        &recent.skipped(),
    );
    html.raw("</section>\n");
}

fn list(
    html: &mut Html,
    title: &'static str,
    caption: &'static str,
    empty: &'static str,
    objects: &[RecentObject],
) {
    html.raw(title);
    if objects.is_empty() {
        html.raw("<p class=\"empty\">").raw(empty).raw("</p>\n");
        return;
    }
    html.raw("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"")
        .raw(caption)
        .raw("\"><table class=\"stack\">\n<caption>")
        .raw(caption)
        .raw(", the last one first</caption>\n<thead><tr><th scope=\"col\">Object</th><th scope=\"col\">Why</th>\
              <th scope=\"col\">Last time</th><th scope=\"col\">Times</th></tr></thead>\n<tbody>\n");
    for object in objects {
        row(html, object);
    }
    html.raw("</tbody>\n</table></div>\n");
}

fn row(html: &mut Html, RecentObject { review, last, times }: &RecentObject) {
    html.raw("<tr><th scope=\"row\">").text(&review.kind).raw(" <b>");
    if let Some(namespace) = &review.namespace {
        html.text(namespace).raw("/");
    }
    match &review.name {
        Some(name) => html.text(name),
        None => html.raw("without a name"),
    };
    html.raw("</b>");
    if let Some(operation) = review.operation {
        html.raw(" <span class=\"quiet\">").text(operation.as_str());
        html.raw(if review.dry_run {
            ", dry run of the caller</span>"
        } else {
            "</span>"
        });
    }
    html.raw("</th><td data-label=\"Why\"><ul class=\"plain\">");
    for reason in &review.reasons {
        html.raw("<li>");
        of_reason(html, reason);
        html.raw("</li>");
    }
    if review.more > 0 {
        html.raw("<li>")
            .text(counted(review.more, "more image"))
            .raw("</li>");
    }
    html.raw("</ul></td><td data-label=\"Last time\">");
    moment(html, *last);
    html.raw("</td><td data-label=\"Times\" class=\"number\">")
        .text(grouped(usize::try_from(*times).unwrap_or(usize::MAX)))
        .raw("</td></tr>\n");
}

fn of_reason(
    html: &mut Html,
    RecentReason {
        effect,
        element,
        rule,
    }: &RecentReason,
) {
    if let Some(element) = element {
        html.text(element).raw(": ");
    }
    match effect {
        RecentEffect::Denied => html.raw("denied"),
        RecentEffect::WouldDeny => html.raw("would be denied without the dry run"),
        RecentEffect::Skipped(reason) => skipped(html, *reason),
        RecentEffect::InvalidRules => {
            html.raw("the rules would not load; the message to the caller has the reason")
        }
    };
    if let Some(rule) = rule {
        html.raw(" by <code>").text(rule).raw("</code>");
    }
}

fn skipped(html: &mut Html, reason: SkipReason) -> &mut Html {
    html.raw(skip_reason_text(reason))
        .raw(" <span class=\"quiet\">(")
        .raw(reason.as_str())
        .raw(")</span>")
}

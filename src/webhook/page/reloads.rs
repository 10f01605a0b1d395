//! The last reload of each object, with its diagnostics.

use super::html::Html;
use super::moment::moment;
use super::sources::PageSources;
use crate::findings::grouped;
use crate::webhook::reload::{LoadedRules, rendered};
use crate::webhook::status::{ReloadRecord, Reloaded};

/// Maximum number of characters of a finding.
const MAX_FINDING: usize = 4_000;

/// Adds the last reload of each object.
pub(super) fn section(html: &mut Html, sources: &PageSources, active: &LoadedRules) {
    html.raw(
        "<section id=\"reloads\" aria-labelledby=\"reloads-title\">\n<h2 id=\"reloads-title\">Reloads</h2>\n\
         <p>The files are read every few seconds. A version that is not valid is rejected, and the active one stays.</p>\n",
    );
    for object in Reloaded::ALL {
        let record = sources.status.record(object);
        if record.last_attempt.is_some() {
            of_object(html, object, &record);
        }
    }
    findings(
        html,
        "<h3>Findings of the active rules</h3>\n",
        &rendered(&active.findings, active.counts.sources()),
    );
    html.raw("</section>\n");
}

fn of_object(html: &mut Html, object: Reloaded, record: &ReloadRecord) {
    html.raw("<h3>").raw(object.as_str()).raw("</h3>\n");
    match &record.error {
        None => html.raw(
            "<p class=\"note good\"><strong>Successful.</strong> The files match the active version.</p>\n",
        ),
        Some(error) => html
            .raw("<p class=\"note bad\"><strong>Failed.</strong> ")
            .raw(match record.active {
                Some(_) => "The previous version stays active: ",
                None => "No version is active: ",
            })
            .text(error)
            .raw("</p>\n"),
    };
    html.raw("<dl class=\"facts\">\n");
    for (name, time) in [
        ("Last attempt", record.last_attempt),
        ("Last success", record.last_success),
        ("Active since", record.active_since),
    ] {
        if let Some(time) = time {
            html.raw("<div><dt>").raw(name).raw("</dt><dd>");
            moment(html, time);
            html.raw("</dd></div>\n");
        }
    }
    for (name, digest) in [
        ("Active digest", record.active),
        ("Rejected digest", record.rejected),
    ] {
        if let Some(digest) = digest {
            html.raw("<div><dt>")
                .raw(name)
                .raw("</dt><dd><code>")
                .text(digest)
                .raw("</code></dd></div>\n");
        }
    }
    let count = |count| grouped(usize::try_from(count).unwrap_or(usize::MAX));
    html.raw("<div><dt>Since the start</dt><dd>")
        .text(count(record.succeeded))
        .raw(" successful, ")
        .text(count(record.failed))
        .raw(" failed</dd></div>\n</dl>\n");
    findings(
        html,
        "<h4>Findings of the rejected version</h4>\n",
        &record.findings,
    );
}

fn findings(html: &mut Html, title: &'static str, texts: &[String]) {
    if texts.is_empty() {
        return;
    }
    html.raw(title);
    for text in texts {
        html.raw("<pre tabindex=\"0\" role=\"group\" aria-label=\"Finding\"><code>")
            .preformatted(text, MAX_FINDING)
            .raw("</code></pre>\n");
    }
}

//! The head of the page, and the state of the webhook.

use imageswap_engine::diagnostic::visible;

use super::html::Html;
use super::moment::moment;
use super::sources::PageSources;
use crate::findings::{counted, grouped};
use crate::webhook::reload::LoadedRules;
use crate::webhook::status::Reloaded;

/// Adds the head of the page, with links to its sections.
pub(super) fn header(html: &mut Html, sources: &PageSources) {
    html.raw("<header>\n<h1>imageswap</h1>\n<p>");
    match &sources.pod_name {
        Some(name) => html.text(name).raw(" in ").text(&sources.namespace),
        None => html.raw("This replica of the webhook"),
    };
    html.raw(
        "</p>\n<nav aria-label=\"Sections\">\n<ul>\n<li><a href=\"#state\">State</a></li>\n\
         <li><a href=\"#try\">Try an image</a></li>\n<li><a href=\"#lately\">Lately</a></li>\n\
         <li><a href=\"#reloads\">Reloads</a></li>\n<li><a href=\"#rules\">Rules</a></li>\n</ul>\n</nav>\n</header>\n",
    );
}

/// Adds the state of the webhook.
pub(super) fn section(html: &mut Html, sources: &PageSources, active: &LoadedRules) {
    html.raw("<section id=\"state\" aria-labelledby=\"state-title\">\n<h2 id=\"state-title\">State</h2>\n");
    ready(html, sources);
    html.raw("<dl class=\"facts\">\n");
    fact(html, "Rules", |html| {
        let off = active.totals.off;
        html.text(grouped(active.totals.active)).raw(" active");
        if off > 0 {
            html.raw(", ").text(grouped(off)).raw(" off");
        }
    });
    fact(html, "Source", |html| {
        html.raw("<code>").text(&sources.source).raw("</code>");
    });
    fact(html, "Digest", |html| {
        html.raw("<code>").text(&active.digest_text).raw("</code>");
    });
    if let Some(since) = sources.status.record(Reloaded::Rules).active_since {
        fact(html, "Active since", |html| moment(html, since));
    }
    fact(html, "Last good set", |html| {
        html.raw(if sources.rules.is_last_good() {
            "active, because the mounted rules are rejected"
        } else {
            "not needed"
        });
    });
    fact(html, "Dry run", |html| {
        html.raw(if sources.dry_run {
            "on: nothing is changed or denied"
        } else {
            "off"
        });
    });
    fact(html, "Certificate", |html| match sources.pair.expiry() {
        Some(expiry) => {
            html.raw("expires ");
            moment(html, expiry);
        }
        None => {
            html.raw("none yet");
        }
    });
    fact(html, "Version", |html| {
        html.text(env!("CARGO_PKG_VERSION"));
    });
    html.raw("</dl>\n</section>\n");
}

/// Adds the lines of `/readyz`.
fn ready(html: &mut Html, sources: &PageSources) {
    let (is_ready, text) = match sources.health.readyz() {
        Ok(text) => (true, text),
        Err(text) => (false, text),
    };
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let problems: Vec<&str> = lines.collect();
    let (class, word) = match (is_ready, problems.is_empty()) {
        (true, true) => ("<p class=\"note good\"><strong>", "Ready."),
        (true, false) => ("<p class=\"note warn\"><strong>", "Ready, with problems."),
        (false, _) => ("<p class=\"note bad\"><strong>", "Not ready."),
    };
    html.raw(class).raw(word).raw("</strong>");
    match problems.len() {
        0 if is_ready => html.raw(" The webhook answers reviews."),
        0 => html.raw(" ").text(first),
        count => html.raw(" ").text(counted(count, "problem")).raw(":"),
    };
    html.raw("</p>\n");
    if !problems.is_empty() {
        html.raw("<ul class=\"problems\">\n");
        for problem in problems {
            html.raw("<li>").text(visible(problem)).raw("</li>\n");
        }
        html.raw("</ul>\n");
    }
}

fn fact(html: &mut Html, name: &'static str, value: impl FnOnce(&mut Html)) {
    html.raw("<div><dt>").raw(name).raw("</dt><dd>");
    value(html);
    html.raw("</dd></div>\n");
}

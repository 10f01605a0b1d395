//! The document: its head, and its sections in their order.

use super::html::Html;
use super::query::Query;
use super::sources::PageSources;
use super::{lately, reloads, rules, summary, trial};

/// Returns the page. Blocks.
pub(super) fn page(sources: &PageSources, query: &Query) -> Vec<u8> {
    let mut html = Html::default();
    // One set for the whole page. It is owned, since rendering takes longer than a request holds a set.
    let active = arc_swap::Guard::into_inner(sources.rules.current());
    html.raw(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>",
    );
    match query.first(trial::IMAGE) {
        "" => {}
        image => {
            html.text(image).raw(" - ");
        }
    }
    html.raw(
        "imageswap</title>\n<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\n",
    );
    summary::header(&mut html, sources);
    html.raw("<main id=\"main\" tabindex=\"-1\">\n");
    summary::section(&mut html, sources, &active);
    trial::section(&mut html, query, &active);
    lately::section(&mut html, &sources.recent);
    reloads::section(&mut html, sources, &active);
    rules::section(&mut html, query, &active);
    html.raw("</main>\n<footer>\n<p>imageswap ")
        .text(env!("CARGO_PKG_VERSION"))
        .raw(". The counts are those of this replica since its start. Reload the page for newer values.</p>\n</footer>\n</body>\n</html>\n");
    html.into_bytes()
}

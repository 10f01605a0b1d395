//! Any bytes as a rules file: whatever it says, nothing panics, and what is said of it points into its text.

#![no_main]

use imageswap_engine::diagnostic::Span;
use libfuzzer_sys::{Corpus, fuzz_target};

#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/support.rs"]
mod support;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    let loaded = support::load_text(text);
    let holds = |span: Span| {
        let source = loaded.sources.get(span.source).unwrap();
        assert!(source.text().get(span.range()).is_some(), "{span:?} of {text:?}");
    };
    for finding in &loaded.findings {
        finding.labels.iter().for_each(|label| holds(label.span));
        finding.suggestion.iter().for_each(|suggestion| holds(suggestion.span));
        finding.short(&loaded.sources);
    }
    Corpus::Keep
});

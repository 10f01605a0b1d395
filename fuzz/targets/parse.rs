//! Any bytes as a rules file: whatever it says, nothing panics, and what is said of it points into its text.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/agree.rs"]
mod agree;
#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/naive/mod.rs"]
mod naive;
#[allow(dead_code, reason = "shared with the engine's tests")]
#[path = "../../src/engine/tests/rules/support.rs"]
mod support;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    let loaded = support::load_text(text);
    agree::points_into_its_text(&loaded);
    Corpus::Keep
});

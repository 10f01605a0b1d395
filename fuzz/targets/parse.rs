//! Any bytes as a rules file: nothing panics, and every finding points into the text.

#![no_main]

use imageswap_tests_support::agree::points_into_its_text;
use imageswap_tests_support::loaded::load_text;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    points_into_its_text(&load_text(text));
    Corpus::Keep
});

//! Any bytes as a rules file, and sets that a generator makes from them in another layout: a text without syntax
//! errors is formatted, keeps its meaning, and does not change when it is formatted again.

#![no_main]

use imageswap_engine::diagnostic::SourceId;
use imageswap_engine::syntax::format::{FormatError, format};
use imageswap_tests_support::generate::Choices;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let text = match bytes.split_first() {
        // A byte that no UTF-8 has chooses the generator.
        Some((0xff, rest)) => {
            let (rules, layout) = rest.split_at(rest.len() / 2);
            let files = Choices::new(rules).files().files;
            let mut layout = Choices::new(layout);
            let texts = files.iter().map(|(_, text)| layout.messy(text).0);
            texts.last().unwrap_or_default()
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Corpus::Reject,
        },
    };
    match format(SourceId::default(), &text) {
        Ok(once) => {
            let again = format(SourceId::default(), &once).expect("a formatted text has no errors");
            assert_eq!(once, again);
        }
        Err(FormatError::Syntax(_) | FormatError::Map) => {}
        Err(error @ FormatError::Changed) => panic!("{error}"),
    }
    Corpus::Keep
});

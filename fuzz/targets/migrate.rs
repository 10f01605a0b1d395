//! Any text as a map file, and after a NUL images to compare, one a line: the new rules load without a warning, and
//! each difference has a reason.

#![no_main]

use imageswap_engine::diagnostic::SourceMap;
use imageswap_migrate::{Migration, Old, Progress, migrate};
use imageswap_tests_support::migrated::load;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    let (map, images) = text.split_once('\0').unwrap_or((text, ""));
    let images: Vec<String> = images.lines().map(str::to_owned).collect();
    let mut sources = SourceMap::default();
    let source = sources.add("maps", map);
    let Ok(Migration { text, comparison, .. }) =
        migrate(Old::Map(&sources, source), "a map", &images, &Progress::silent())
    else {
        return Corpus::Keep;
    };
    let (set, _, findings) = load(&text);
    assert!(set.is_some() && findings.is_empty(), "{findings:?}\n{text}");
    let unexplained: Vec<_> = comparison.unexplained().collect();
    assert!(unexplained.is_empty(), "{unexplained:?}\n{text}");
    Corpus::Keep
});

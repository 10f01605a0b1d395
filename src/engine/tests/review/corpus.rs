//! The inputs that the fuzzer of reviews has found, with every kind of answer.

use std::fs;

use imageswap_tests_support::patched::check;
use imageswap_tests_support::repository;

#[test]
fn answers_to_the_corpus_of_the_fuzzer_are_valid() {
    let inputs = fs::read_dir(repository::path("fuzz/corpus/review")).unwrap();
    let mut count = 0;
    for input in inputs {
        check(&fs::read(input.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 50, "{count}");
}

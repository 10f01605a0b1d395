//! Any bytes, and generated reviews with edits: no panic, and a patch that applies with another implementation and changes
//! only what it may.

#![no_main]

use imageswap_tests_support::patched::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| check(input));

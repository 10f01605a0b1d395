//! The time to load and to compare two sets of many rules, all of which differ.
//!
//! `cargo bench --bench diff` prints it for rules of several kinds and 1,000, 2,000 and 10,000 of each, and the ratio to the
//! time for fewer; `-- WORD` takes only the kinds with a word in their name.

use std::time::Instant;

use imageswap_engine::compare::{Cases, Comparison};
use imageswap_tests_support::growth::{KINDS, rules};
use imageswap_tests_support::loaded::load_text;

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for kind in KINDS {
        if !words.is_empty() && !words.iter().any(|word| kind.0.contains(word.as_str())) {
            continue;
        }
        let mut before = None;
        print!("{:30}", kind.0);
        for count in [1_000, 2_000, 10_000] {
            let (old, new) = (rules(kind, 0, count), rules(kind, 3 * count, count));
            let begin = Instant::now();
            let (old, new) = (load_text(&old), load_text(&new));
            let loaded = begin.elapsed().as_secs_f64();
            let mut comparison = Comparison::new(old.set(), new.set());
            let cases = Cases::new(&[old.set(), new.set()]);
            let differ = cases.filter(|case| comparison.cause(case).is_some()).count();
            let took = begin.elapsed().as_secs_f64();
            print!("  {count:6}: {took:6.2} s");
            match before {
                Some(before) => print!(" ({:.1} times)", took / before),
                None => print!("            "),
            }
            if count == 10_000 {
                print!(", {loaded:.2} s of it to load, {differ} images differ");
            }
            before = Some(took);
        }
        println!();
    }
}

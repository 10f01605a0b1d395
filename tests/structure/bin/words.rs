//! Prints the words of files that the glossary retires: `words [PATH...]`, by default of all checked files.

use std::env;
use std::process::ExitCode;

use imageswap_tests_structure::words;

fn main() -> ExitCode {
    let given: Vec<String> = env::args().skip(1).collect();
    let paths: Vec<&str> = match &*given {
        [] => words::CHECKED.to_vec(),
        given => given.iter().map(String::as_str).collect(),
    };
    let retired = words::retired();
    let mut count = 0;
    for (path, text) in paths.iter().flat_map(|path| words::files(path)) {
        for hit in words::hits(&path, &text, &retired) {
            println!("{path}:{}: `{}`: write {}", hit.line, hit.found, hit.instead);
            count += 1;
        }
    }
    println!("{count} retired words");
    ExitCode::from(u8::from(count > 0))
}

//! Writes the rules files and maps of the vectors into the corpora, for the fuzzer to begin with.

use std::path::Path;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = here.join("../tests/conformance/rules");
    let corpora = ["parse", "format"].map(|target| here.join("corpus").join(target));
    for target in ["parse", "agree", "format", "migrate"] {
        std::fs::create_dir_all(here.join("corpus").join(target)).unwrap();
    }
    let mut count = 0;
    for list in ["vectors.jsonl", "load.jsonl"] {
        for row in std::fs::read_to_string(vectors.join(list)).unwrap().lines() {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            for text in row["files"].as_object().unwrap().values() {
                for corpus in &corpora {
                    std::fs::write(corpus.join(format!("seed-{count}")), text.as_str().unwrap()).unwrap();
                }
                count += 1;
            }
        }
    }
    for entry in std::fs::read_dir(here.join("../tests/conformance/legacy/maps")).unwrap() {
        let path = entry.unwrap().path();
        let seed = here.join("corpus/migrate").join(path.file_name().unwrap());
        std::fs::copy(&path, seed).unwrap();
    }
}

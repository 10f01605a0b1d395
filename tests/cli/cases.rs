//! The cases of `grammar/`, as people see them: `NAME.txt` beside each is what `imageswap check` writes of it.

use std::collections::BTreeSet;
use std::fs;

use super::console::{is_update, repository, run};

#[test]
fn every_case_of_the_grammar_is_shown_to_people_as_recorded() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for kind in ["valid", "invalid"] {
        let folder = repository("grammar").join(kind);
        let names: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".out") && !name.ends_with(".txt"))
            .collect();
        for name in names {
            count += 1;
            // The limit of the cases: one of too many rules is short.
            let (stdout, _, status) = run(&folder, &format!("imageswap check --max-rules 100 '{name}'"));
            assert_eq!(status, i32::from(kind == "invalid"), "{name}");
            let recorded = folder.join(format!("{}.txt", name.trim_end_matches(".rules")));
            if is_update() {
                fs::write(&recorded, &stdout).unwrap();
            }
            if fs::read_to_string(&recorded).ok().as_deref() != Some(&stdout) {
                wrong.push(format!("{name}:\n{stdout}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count >= 140, "{count} cases");
}

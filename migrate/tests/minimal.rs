//! Migrated files are minimal: each rule changes a result.

use imageswap_engine::compare::{Cases, difference};
use imageswap_tests_support::migrated::{Migrated, load, of_map, of_prefix, read};

/// Returns the rules of a file that change no result.
fn redundant(migrated: &Migrated) -> Vec<String> {
    let mut redundant = Vec::new();
    let statements = statements(&migrated.text);
    for (number, statement) in statements.iter().enumerate() {
        if !statement.starts_with("swap") && !statement.starts_with("keep") {
            continue;
        }
        let others = statements.iter().enumerate();
        let others = others.filter(|(other, text)| *other != number && !text.starts_with("test"));
        let text: String = others.map(|(_, text)| text.as_str()).collect();
        let (Some(without), ..) = load(&text) else {
            // Without the rule its constant or its `home` is an error, so the rule is needed.
            continue;
        };
        let matters = Cases::new(&[&migrated.old, &migrated.new])
            .any(|case| difference(&migrated.new, &without, &case.image, &case.setting.context()).is_some());
        if !matters {
            redundant.push(statement.clone());
        }
    }
    redundant
}

/// Returns the statements, with their continuation lines.
fn statements(text: &str) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match statements.last_mut() {
            Some(last) if line.starts_with(' ') => last.push_str(&format!("{line}\n")),
            _ => statements.push(format!("{line}\n")),
        }
    }
    statements
}

#[test]
fn rules_of_recorded_maps_are_not_redundant() {
    let mut wrong = Vec::new();
    // Only a quarter of the maps, because each rule is tried with all images.
    for number in (0..100).step_by(4) {
        let name = format!("maps/{number:03}.conf");
        let redundant = redundant(&of_map(&read(&name)));
        wrong.extend(redundant.into_iter().map(|rule| format!("{name}: {rule}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join(""));
}

#[test]
fn rules_of_prefixes_are_not_redundant() {
    for prefix in [
        "",
        "jmsearcy",
        "jmsearcy-",
        "harbor.example.com/proxy",
        "mirror.corp.net:5000/x-",
    ] {
        assert_eq!(redundant(&of_prefix(prefix)), Vec::<String>::new(), "{prefix}");
    }
}

#[test]
fn redundant_lines_have_no_rule() {
    let migrated = of_map(
        "default::h.io/hub\ndocker.io::h.io/hub\nquay.io::h.io/hub\n[EXACT]nginx:1::h.io/hub/nginx:1\n\
         quay.io:8443::h.io/hub\nh.io::h.io/hub\n",
    );
    assert_eq!(migrated.new.len(), 1, "{}", migrated.text);
}

#[test]
fn one_of_two_equivalent_globs_has_a_rule() {
    let twins = (10..46)
        .map(|number| format!("[REPLACE]a{number}x*::h.io/{number}\n[REPLACE]a{number}x**::h.io/{number}\n"));
    let migrated = of_map(&twins.collect::<String>());
    assert_eq!(migrated.new.len(), 36, "{}", migrated.text);
}

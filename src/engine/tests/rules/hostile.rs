//! Hostile input: every file gets a result or a clear error, in time linear in its length. No test is timed, because
//! one that takes more than linear time does not end.

use std::fmt::Write as _;

use imageswap_engine::context::Context;
use imageswap_engine::diagnostic::{Code, Findings, Severity};
use imageswap_engine::rules::{Effect, Scope};
use imageswap_tests_support::loaded::{Loaded, load_text};

const MIB: usize = 1 << 20;

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded.errors().iter().map(|error| error.code.as_str()).collect()
}

/// Returns pseudo-random bytes, the same in each run.
fn noise(length: usize) -> impl Iterator<Item = u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
    .take(length)
}

#[test]
fn mebibyte_of_any_bytes_is_rejected() {
    let bytes: Vec<u8> = noise(MIB).collect();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!load_text(&text).errors().is_empty());
    let text = format!("rules v1\n{text}");
    assert!(!load_text(&text).errors().is_empty());
}

#[test]
fn mebibyte_of_one_character_gets_a_short_error() {
    for character in [
        "a", "*", "/", "\"", "\\", "{", "}", "[", ",", "é", "\u{7f}", "#", " ", "\r", "->",
    ] {
        let many = character.repeat(MIB / character.len());
        for text in [
            format!("rules v1\nkeep {many}\n"),
            format!("rules v1\n{many}"),
            many.clone(),
        ] {
            let loaded = load_text(&text);
            assert!(loaded.findings.len() <= 2, "{character}");
            assert!(
                loaded.short().len() < 2_000,
                "{character}: {}",
                loaded.short().len()
            );
        }
    }
}

#[test]
fn each_of_many_short_lines_is_an_error() {
    for line in [
        "x\n",
        "keep\n",
        "keep {a}\n",
        "swap a -> b\n",
        "  keep a\n",
        "let a = \"\n",
        "off x\n",
    ] {
        let text = format!("rules v1\n{}", line.repeat(100_000));
        let loaded = load_text(&text);
        let count = loaded.findings.count(Severity::Error);
        assert!(count >= 100_000, "{line:?}: {count}");
        assert_eq!(loaded.errors().len(), Findings::MAX);
    }
}

#[test]
fn statement_of_a_mebibyte_is_one_error() {
    let text = format!("rules v1\nkeep a/\n{}", "  when namespace a\n".repeat(MIB / 19));
    assert_eq!(codes(&load_text(&text)), [Code::STATEMENT_TOO_LONG.as_str()]);
}

#[test]
fn hundred_thousand_rules_load_and_one_more_fails() {
    let mut text = "rules v1\nhome h.io/\n".to_owned();
    for number in 0..100_000 {
        writeln!(text, "swap quay.io/a{number}/ -> h.io/quay/a{number}/").unwrap();
    }
    let loaded = load_text(&text);
    let decision = loaded.set().evaluate("quay.io/a99999/x:1", &Context::default());
    assert_eq!(
        *decision.effect(),
        Effect::Swap("h.io/quay/a99999/x:1".to_owned())
    );
    text += "keep a/\nkeep b/\n";
    assert_eq!(codes(&load_text(&text)), [Code::TOO_MANY_RULES.as_str()]);
}

#[test]
fn chain_of_twenty_thousand_swaps_settles() {
    let mut text = "rules v1\n".to_owned();
    for number in 0..20_000 {
        writeln!(text, "swap h.io/a{number}/ -> h.io/a{}/", number + 1).unwrap();
    }
    let loaded = load_text(&text);
    let decision = loaded.set().evaluate("h.io/a0/x", &Context::default());
    assert_eq!(*decision.effect(), Effect::Swap("h.io/a20000/x".to_owned()));
    text += "swap h.io/a20000/ -> h.io/a0/\n";
    assert_eq!(codes(&load_text(&text)), [Code::CYCLE.as_str()]);
}

#[test]
fn worst_case_globs_match_correctly() {
    let stars = "*a".repeat(2_000);
    let rules = [
        format!("keep h.io/{stars}"),
        format!("keep h.io/x:{stars}"),
        format!("keep written {stars}"),
        format!("keep written {}*", "*?".repeat(1_000)),
        format!("keep **/{}b", "a/**/".repeat(500)),
        format!("swap **/{}b -> h.io/b/{{1}}", "**/a/".repeat(500)),
        format!("swap written {stars}* -> h.io/b/{{1}}-{{2}}{{2000}}"),
        format!("swap h.io/{}* -> h.io/b/{{1}}-{{2}}{{900}}", "*-".repeat(1_000)),
        format!("swap h.io/* -> h.io/{}b", "{1}a".repeat(900)),
        format!("swap ** -> h.io/{}b", "{path}a".repeat(500)),
    ];
    let images = [
        format!("h.io/{}", "a".repeat(255)),
        format!("h.io/{}", "a/".repeat(127) + "a"),
        format!("h.io/{}b", "a/".repeat(127)),
        format!("h.io/{}", "a-".repeat(127) + "a"),
        format!("h.io/x:{}", "a".repeat(128)),
        format!("{}.io/x", "a".repeat(MIB)),
        format!("{}io/x", "a.".repeat(MIB / 2)),
        "a".repeat(MIB),
        "a/".repeat(MIB / 2),
    ];
    for rule in rules {
        let loaded = load_text(&format!("rules v1\n{rule}\n"));
        let set = loaded.set();
        for image in &images {
            let decision = set.evaluate(image, &Context::default());
            let explained = set.explain(image, &Context::default(), Scope::Every).decision;
            assert_eq!(Ok(decision), explained);
        }
    }
}

#[test]
fn doubling_constants_end_at_a_limit() {
    let mut text = "rules v1\nlet a0 = aaaaaaaa\n".to_owned();
    for number in 1..200 {
        let before = number - 1;
        writeln!(text, "let a{number} = {{a{before}}}{{a{before}}}").unwrap();
    }
    text += "keep {a199}/\n";
    let loaded = load_text(&text);
    let errors = loaded.errors();
    assert!(!errors.is_empty());
    assert!(
        errors.iter().all(|error| error.code == Code::CONSTANT_TOO_LONG),
        "{}",
        loaded.short()
    );
    let mut text = "rules v1\nlet a0 = \"aaaaaaaa\"\n".to_owned();
    for number in 1..200 {
        let before = number - 1;
        writeln!(text, "let a{number} = \"{{a{before}}} {{a{before}}}\"").unwrap();
    }
    assert!(!load_text(&text).errors().is_empty());
}

#[test]
fn long_constant_in_many_statements_loads() {
    let value = "a".repeat(4_000);
    let mut text = format!("rules v1\nlet a = {value}\n");
    for number in 0..1_000 {
        writeln!(
            text,
            "keep {{a}}/{number} because \"{{a}}\" when label {{a}}={{a}}"
        )
        .unwrap();
    }
    load_text(&text).set();
}

#[test]
fn many_conditions_and_names_of_one_kind_load() {
    let values: Vec<String> = (0..500).map(|number| format!("{number}*")).collect();
    let mut text = "rules v1\n".to_owned();
    for number in 0..200 {
        writeln!(
            text,
            "swap h.io/a/ -> h.io/a/b{number}/ when not namespace {} as n{number}",
            values.join(", ")
        )
        .unwrap();
    }
    assert!(
        load_text(&text)
            .errors()
            .iter()
            .all(|error| error.code == Code::CYCLE || error.code == Code::UNPROVEN)
    );
}

#[test]
fn many_statements_of_one_kind_are_checked() {
    let lines: [fn(usize) -> String; 14] = [
        |n| format!("keep **/a{n}*"),
        |n| format!("keep written *{n}*"),
        |n| format!("swap *.gcr.io/a{n}/* -> h.io/{{1}}/b{n}-{{2}}"),
        |n| format!("swap quay.io/a{n}:* -> h.io/quay/a{n}:v-{{1}}"),
        |n| format!("swap quay.io/** -> h.io/b{n}/{{path}}"),
        |n| format!("swap quay.io/a/ -> h.io/a/ when namespace n{n}"),
        |n| format!("swap quay.io/a/ -> h.io/a/ when label a{n}=b{n}* and not owner C{n}"),
        |n| format!("deny **:v{n} because \"{n}\""),
        |n| format!("warn ** when namespace n{n}"),
        |_| "keep a/ as same".to_owned(),
        |n| format!("let a{n} = {n}"),
        |n| format!("home h.io/a{n}/"),
        |n| format!("test h.io/a{n} keep"),
        |n| format!("off a{n}"),
    ];
    for line in lines {
        let text: String = (0..20_000).map(|number| line(number) + "\n").collect();
        let loaded = load_text(&format!("rules v1\n{text}"));
        let expected = if line(0).ends_with("same") {
            19_999
        } else if line(0).starts_with("off") {
            20_000
        } else {
            0
        };
        assert_eq!(loaded.findings.count(Severity::Error), expected, "{}", line(0));
    }
}

#[test]
fn comparisons_of_rules_are_limited() {
    let all =
        |line: fn(usize) -> String| -> String { (0..3_000).map(|number| line(number) + "\n").collect() };
    let denied = all(|n| format!("swap quay.io/a{n}/ -> h.io/b{n}/")) + "deny h.io/\n";
    let at_home = all(|n| format!("home h.io/b{n}/\nswap *.io/x{n}y* -> h.io/x/{n}/z{{1}}"));
    for text in [denied, at_home] {
        let loaded = load_text(&format!("rules v1\n{text}"));
        let of_the_proof = loaded
            .errors()
            .iter()
            .filter(|error| error.code != Code::UNPROVEN)
            .count();
        assert_eq!(
            of_the_proof,
            0,
            "{}",
            loaded.short().chars().take(500).collect::<String>()
        );
        assert!(loaded.findings.len() + loaded.findings.omitted() >= 3_000);
    }
}

#[test]
fn swaps_that_differ_behind_a_wildcard_are_not_compared() {
    // Pairs of all of them would be more than the check compares.
    for line in [
        |n: usize| format!("swap docker.io/*/p{n}/** -> docker.io/{{1}}/q{n}/{{2}}"),
        |n: usize| format!("swap docker.io/*/p{n}-* -> docker.io/{{1}}/q{n}-{{2}}"),
        |n: usize| format!("swap a.io/*/x*/p{n}/ -> a.io/{{1}}/x{{2}}/q{n}/"),
        |n: usize| format!("swap docker.io/*x{n}* -> docker.io/y{n}"),
        |n: usize| format!("swap a.io/**/p{n} -> a.io/q/{{1}}/r{n}"),
        |n: usize| format!("swap a.io/x:{n} -> a.io/x:{}", n + 1),
        |n: usize| format!("swap a.io/*:v{n}* -> a.io/{{1}}:w{n}{{2}}"),
        |n: usize| format!("swap a.io/x@sha256:{n:064} -> a.io/x@sha256:{:064}", n + 1),
        |n: usize| {
            let (there, back) = (format!("label t=a{n}, x{n}"), format!("label t=b{n}"));
            format!("swap a.io/ -> b.io/ when {there}\nswap b.io/ -> a.io/ when namespace p and {back}")
        },
    ] {
        let text: String = (0..3_000).map(|number| line(number) + "\n").collect();
        let loaded = load_text(&format!("rules v1\n{text}"));
        assert_eq!(loaded.errors().len(), 0, "{}", loaded.short());
        // Nor is the set slow.
        assert!(loaded.findings.iter().all(|finding| finding.code != Code::SLOW));
    }
}

#[test]
fn slow_set_has_a_notice_with_its_rules() {
    let set = |count: usize| {
        let lines = (0..count).map(|n| {
            format!("swap a.io/ -> b.io/x/ when label a{n}\nswap b.io/x/ -> c.io/y/ when label b{n}\n")
        });
        let back = "swap c.io/q/ -> a.io/\n";
        load_text(&format!("rules v1\n{}{back}", lines.collect::<String>()))
    };
    let loaded = set(320);
    assert_eq!(loaded.errors().len(), 0, "{}", loaded.short());
    let slow: Vec<_> = loaded
        .findings
        .iter()
        .filter(|finding| finding.code == Code::SLOW)
        .collect();
    assert_eq!(slow.len(), 1, "{}", loaded.short());
    assert!(slow[0].message.contains("102720 pairs"), "{}", slow[0].message);
    assert_eq!(slow[0].labels.len(), 3);
    assert!(set(100).findings.iter().all(|finding| finding.code != Code::SLOW));
}

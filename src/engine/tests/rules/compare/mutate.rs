//! Small changes of sets.

use imageswap_tests_support::fixed::Files;

/// A change as people make it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mutation {
    /// Removes a rule.
    Remove,
    /// Moves a rule above the one before it.
    Swap,
    /// Gives a swap another target.
    Target,
    /// Gives a rule another condition.
    Narrow,
    /// Gives a rule another pattern.
    Pattern,
}

impl Mutation {
    pub(super) const ALL: [Self; 5] = [
        Self::Remove,
        Self::Swap,
        Self::Target,
        Self::Narrow,
        Self::Pattern,
    ];

    /// Returns the files with the change; `None` if nothing can be changed in this way.
    pub(super) fn of(self, files: &Files, choices: &[u8]) -> Option<Files> {
        let choose = |at: usize, count: usize| (count > 0).then(|| usize::from(choices[at]) % count);
        let mut files = files.clone();
        let number = choose(0, files.len())?;
        let text = &mut files[number].1;
        let mut statements = statements(text);
        let is_rule = |text: &String| {
            ["swap ", "keep ", "deny ", "warn "]
                .iter()
                .any(|word| text.starts_with(word))
        };
        let rules: Vec<usize> = (0..statements.len())
            .filter(|at| is_rule(&statements[*at]))
            .collect();
        let at = rules[choose(1, rules.len())?];
        match self {
            Self::Remove => _ = statements.remove(at),
            Self::Swap => {
                let before = *rules.iter().rev().find(|other| **other < at)?;
                statements.swap(before, at);
            }
            Self::Target => {
                let rule = &statements[at];
                let (before, rest) = rule.split_once(" -> ")?;
                let end = rest.find([' ', '\r', '\n']).unwrap_or(rest.len());
                let (target, rest) = rest.split_at(end);
                let other = match target.strip_suffix('/') {
                    Some(target) => format!("{target}/elsewhere/"),
                    None => format!("z.io/elsewhere/{}", target.split_once('/')?.1),
                };
                statements[at] = format!("{before} -> {other}{rest}");
            }
            Self::Narrow => {
                let condition = [
                    "namespace prod-eu",
                    "not namespace prod-*",
                    "label team=core",
                    "place init",
                    "not kind Pod",
                    "unqualified",
                ][choose(2, 6)?];
                let rule = &statements[at];
                let more = match rule.split_once(" when ") {
                    Some((before, rest)) => format!("{before} when {condition} and {rest}"),
                    None => {
                        let end = rule.find([' ', '\r', '\n']).map(|first| {
                            // After the pattern, or after the target.
                            let words: Vec<_> =
                                rule.match_indices([' ', '\r', '\n']).map(|(at, _)| at).collect();
                            let written = usize::from(rule.contains(" written "));
                            let count = if rule.contains(" -> ") { 3 } else { 1 } + written;
                            words.get(count).copied().unwrap_or(first)
                        })?;
                        let (before, rest) = rule.split_at(end);
                        format!("{before} when {condition}{rest}")
                    }
                };
                statements[at] = more;
            }
            Self::Pattern => {
                let rule = &statements[at];
                let pattern = rule.split(' ').nth(1).filter(|word| *word != "written")?;
                let other = match pattern.strip_suffix('/') {
                    Some(pattern) if pattern.contains('/') => format!("{}/", pattern.rsplit_once('/')?.0),
                    Some(pattern) => format!("{pattern}/a/"),
                    None => pattern.split(['@']).next()?.to_owned() + "x",
                };
                statements[at] = rule.replacen(pattern, &other, 1);
            }
        }
        *text = statements.concat();
        Some(files)
    }
}

/// Returns the statements of a file, each with the lines that continue it.
fn statements(text: &str) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match statements.last_mut() {
            Some(last) if line.starts_with([' ', '\t', '#', '\r', '\n']) => last.push_str(line),
            _ => statements.push(line.to_owned()),
        }
    }
    statements
}

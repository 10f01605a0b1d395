//! The condition that a user intended with the syntax of another tool.

use crate::context::Subject;

/// Returns the condition that was intended by a word that begins none: `namespace=prod`, `!label`, and both.
pub(super) fn condition(word: &str) -> Option<String> {
    let is_of_subject = |character: char| character.is_ascii_lowercase();
    let is_of_sign = |character: char| matches!(character, '=' | '!' | ':');
    let bare = word.trim_start_matches('!');
    let end = bare
        .find(|character| !is_of_subject(character))
        .unwrap_or(bare.len());
    let (subject, rest) = bare.split_at_checked(end)?;
    let value = rest.trim_start_matches(is_of_sign);
    let sign = rest.strip_suffix(value)?;
    // `namespace.prod` has no sign, and `namespace` with nothing before it would have been parsed.
    if Subject::parse(subject).is_none()
        || (sign.is_empty() && !value.is_empty())
        || value.contains(is_of_sign)
        || (bare.len() == word.len() && sign.is_empty())
    {
        return None;
    }
    let is_negated = sign.contains('!') != (word.len() - bare.len() == 1);
    let not = if is_negated { "not " } else { "" };
    let space = if value.is_empty() { "" } else { " " };
    Some(format!("{not}{subject}{space}{value}"))
}

/// Returns help for a word that is not allowed in a list of conditions, by the two words before it.
pub(super) fn behind([before, previous]: [&str; 2]) -> Option<String> {
    let subject = Subject::parse(before);
    if subject.is_some() {
        match previous {
            "not" | "!=" | "!" => {
                return Some(format!("write `not` before the condition: `not {before} VALUE`"));
            }
            "in" | "is" => {
                return Some(format!(
                    "write the values after `{before}`, with commas between them"
                ));
            }
            _ => {}
        }
    }
    let has_key = subject.is_some_and(Subject::has_keys) && !previous.contains(['=', ',']);
    has_key.then(|| format!("write the value of a key after `=`, without spaces: `{before} KEY=VALUE`"))
}

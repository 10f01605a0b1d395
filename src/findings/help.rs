//! Help of findings as command lines and options of the program.

use std::borrow::Cow;

use imageswap_engine::diagnostic::Help;

/// Returns the text of a help.
pub(crate) fn help_text(help: &Help) -> Cow<'_, str> {
    match help {
        Help::Text(text) => Cow::Borrowed(text),
        Help::MoreRules => Cow::Borrowed("raise `--max-rules`"),
        Help::Explain { image, context } => {
            let options: String = context
                .iter()
                .map(|(word, value)| format!(" --{word} {}", quoted(value)))
                .collect();
            let image = quoted(image);
            Cow::Owned(format!(
                "run `imageswap explain --rules PATH {image}{options}` to see why"
            ))
        }
    }
}

/// Returns a word in the form that a shell reads as one word.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_reads_each_value_of_a_command_as_one_word() {
        let help = Help::Explain {
            image: "nginx:$TAG".to_owned(),
            context: vec![
                ("namespace", "prod-eu".to_owned()),
                ("user", "it's $HOME".to_owned()),
                ("label", "team=".to_owned()),
            ],
        };
        assert_eq!(
            help_text(&help),
            r"run `imageswap explain --rules PATH 'nginx:$TAG' --namespace prod-eu --user 'it'\''s $HOME' --label team=` to see why"
        );
    }
}

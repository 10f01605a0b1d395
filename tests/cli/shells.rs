//! Completions in the real shells: each test starts a shell, loads the script, and completes command lines.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use imageswap_tests_support::repository::read;

use crate::run::{run, shell};

/// Returns true if the tests that need the shells and mandoc are to run.
pub(crate) fn is_wanted() -> bool {
    let is_wanted = std::env::var_os("IMAGESWAP_TEST_SHELLS").is_some();
    if !is_wanted {
        eprintln!("not run: it needs zsh, fish, bash and mandoc; IMAGESWAP_TEST_SHELLS=1 runs it");
    }
    is_wanted
}

/// Returns the line of the help that loads the completions of a shell.
fn line_for(shell: &str) -> String {
    let help = run("imageswap completions --help", ".").stdout;
    let mut lines = help.lines().map(str::trim);
    lines
        .find(|line| line.contains(&format!("imageswap completions {shell}")))
        .unwrap()
        .to_owned()
}

/// Returns a command with the environment of the tests, for a program other than `sh`.
fn command(program: &str, arguments: &[&str]) -> Command {
    let line = format!("exec {program} \"$@\"");
    let mut command = shell(&line, "tests/cli/folder");
    command.arg("sh").args(arguments);
    command
}

/// Command lines, each with the candidates at its end.
const ASKED: [(&str, &[&str]); 9] = [
    ("imageswap ex", &["explain"]),
    ("imageswap check --format ", &["human", "json", "short", "sarif"]),
    ("imageswap check --deny", &["--deny-warnings"]),
    ("imageswap check my", &["my rules/"]),
    (
        "imageswap check rules/",
        &["rules/10-mirror.rules", "rules/20-team.rules"],
    ),
    ("imageswap test rules/ --rule d", &["dockerhub"]),
    ("imageswap explain --rules rules/ h/{h", &["h/{hub}"]),
    ("imageswap explain --rules rules/ --namespace pr", &["prod-eu"]),
    ("imageswap explain --rules nothing-here x", &[]),
];

#[test]
fn fish_gives_the_candidates() {
    if !is_wanted() {
        return;
    }
    for (line, expected) in ASKED {
        let script = format!("{}; complete -C '{line}'", line_for("fish"));
        let output = command("fish", &["--no-config", "-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{line}");
        let found = String::from_utf8(output.stdout).unwrap();
        let found: Vec<&str> = found.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(found, expected, "{line}");
    }
    let script = format!("{}; complete -C 'imageswap check my\\ rules/'", line_for("fish"));
    let output = command("fish", &["--no-config", "-c", &script]).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "my rules/10-hub.rules\n"
    );
}

#[test]
fn bash_gives_the_candidates() {
    if !is_wanted() {
        return;
    }
    for (line, expected) in ASKED {
        let script = format!(
            "{}; COMP_LINE=$1 COMP_POINT=${{#1}}; _imageswap; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            line_for("bash")
        );
        let output = command("bash", &["--norc", "-c", &script, "bash", line])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{line}");
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            found.trim_end().split('\n').collect::<Vec<_>>(),
            or_empty(expected),
            "{line}"
        );
    }
}

fn or_empty(expected: &'static [&'static str]) -> Vec<&'static str> {
    if expected.is_empty() {
        vec![""]
    } else {
        expected.to_vec()
    }
}

#[test]
fn zsh_gives_the_candidates() {
    if !is_wanted() {
        return;
    }
    // The widget writes the candidates to a file before zsh shows them.
    let note = "compadd() { local -a hits; builtin compadd -O hits \"$@\"; (( $#hits )) && print -rl -- $hits >$OUT; builtin compadd \"$@\" }\n\
                note() { exit }";
    for (line, expected) in ASKED {
        let found = typed_in_zsh(line, note);
        // Zsh handles an open brace itself.
        let expected: Vec<String> = expected.iter().map(|value| value.replace('{', "")).collect();
        assert_eq!(found.lines().collect::<Vec<_>>(), expected, "{line}");
    }
}

/// Keys that are typed, each with the line after the tab key.
const TYPED: [(&str, &str); 9] = [
    ("imageswap ex", "imageswap explain "),
    ("imageswap check my", "imageswap check my\\ rules/"),
    (
        "imageswap check my\\ rules/",
        "imageswap check my\\ rules/10-hub.rules ",
    ),
    (
        "imageswap check 'my rules/1",
        "imageswap check 'my rules/10-hub.rules' ",
    ),
    ("imageswap check --format=j", "imageswap check --format=json "),
    (
        "imageswap explain --rules=empty.",
        "imageswap explain --rules=empty.rules ",
    ),
    (
        "imageswap explain --rules rules/ nginx:",
        "imageswap explain --rules rules/ nginx:1.25 ",
    ),
    (
        "imageswap explain --rules rules/ harbor.example.com/{h",
        "imageswap explain --rules rules/ harbor.example.com/{hub}",
    ),
    (
        "imageswap explain --rules 'my rules/' --label ti",
        "imageswap explain --rules 'my rules/' --label tier=",
    ),
];

#[test]
fn tab_key_completes_in_bash() {
    if !is_wanted() {
        return;
    }
    for (keys, expected) in TYPED {
        let folder = tempfile::tempdir().unwrap();
        let (start, out) = (folder.path().join("bashrc"), folder.path().join("out"));
        let text = format!(
            "{}\nnote() {{ printf '%s' \"$READLINE_LINE\" >'{}'; exit; }}\nbind -x '\"\\C-t\": note'\n",
            line_for("bash"),
            out.display()
        );
        fs::write(&start, text).unwrap();
        in_terminal(&format!("bash --rcfile {} -i", start.display()), keys);
        assert_eq!(fs::read_to_string(&out).unwrap_or_default(), expected, "{keys}");
    }
}

#[test]
fn tab_key_completes_in_zsh() {
    if !is_wanted() {
        return;
    }
    for (keys, expected) in TYPED {
        let line = typed_in_zsh(keys, "note() { print -rn -- $BUFFER >$OUT; exit }");
        assert_eq!(line, expected, "{keys}");
    }
}

/// Returns the text that zsh writes to `$OUT` after some keys, the tab key, and the key of the widget `note`.
fn typed_in_zsh(keys: &str, widget: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let text = format!(
        "OUT='{}'\nautoload -Uz compinit && compinit -u -D\n{}\n{widget}\nzle -N note\nbindkey '^T' note\n",
        out.display(),
        line_for("zsh"),
    );
    fs::write(folder.path().join(".zshrc"), text).unwrap();
    in_terminal(
        &format!("env ZDOTDIR={} zsh -d -i", folder.path().display()),
        keys,
    );
    fs::read_to_string(&out).unwrap_or_default()
}

/// Types keys into a shell at a terminal: the keys, the tab key, and Control-T.
fn in_terminal(line: &str, keys: &str) {
    let mut terminal = command("script", &["-qefc", line, "/dev/null"])
        .env("TERM", "dumb")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut keyboard = terminal.stdin.take().unwrap();
    keyboard.write_all(format!("{keys}\t\x14").as_bytes()).unwrap();
    terminal.wait().unwrap();
}

#[test]
fn page_has_the_lines_for_the_shells() {
    let page = read("docs/command-line.md");
    for shell in ["bash", "zsh", "fish"] {
        assert!(page.contains(&line_for(shell)), "{shell}");
    }
}

//! `imageswap completions`: scripts for shells, and the candidates that they ask for.
//!
//! The scripts have no list of commands and options: they ask the program when you press the key. So the candidates are
//! those of the installed release, and the program can read the rules that the command line names.
//!
//! The dynamic engine of `clap_complete` has less. It gives a completer the current word only, so names of rules could
//! not come from `--rules` of the same line. Its scripts do not quote, so `my rules/` becomes two words, and bash ends a
//! word at `:` and `=`, so `nginx:` and `--format=j` get no candidates. With it, 7 of 9 lines of
//! `tab_key_completes_in_bash` and 4 of 9 in zsh failed (`tests/cli/shells.rs`).

mod bash;
mod candidate;
mod command;
mod cursor;
mod line;
mod mentioned;
mod paths;
mod values;

pub(crate) use command::{Complete, Completions, STATUSES};

//! A manual page: what `--help` says of a command, in the sections that are usual.

use std::ffi::OsStr;

use clap::{Arg, ArgAction, Command};
use roff::{Inline, Roff, bold, italic, roman};

use crate::cli::exit::Statuses;

/// Exit statuses of the program, whichever the command.
const STATUSES: Statuses = Statuses {
    success: "fine",
    failure: Some("there is something to mend"),
};

/// The page of a command, or of the program itself, which has no statuses of its own.
pub(super) fn page(program: &Command, command: &Command, statuses: Option<Statuses>) -> String {
    let is_program = command.get_name() == program.get_name();
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let mut page = Roff::default();
    title(&mut page, program, command);
    page.control("SH", ["DESCRIPTION"]);
    for (number, paragraph) in about.trim_end().split("\n\n").enumerate() {
        if number > 0 {
            page.control("PP", []);
        }
        page.text([roman(sentence(paragraph))]);
    }
    if is_program {
        page.control("SH", ["COMMANDS"]);
        for command in commands(program) {
            let about = command.get_about().map(ToString::to_string);
            let name = format!("{} {}", program.get_name(), command.get_name());
            item(&mut page, [bold(name)], &sentence(&about.unwrap_or_default()));
        }
    }
    options(&mut page, command);
    page.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in statuses.unwrap_or(STATUSES).all() {
        item(&mut page, [bold(status.to_string())], meaning);
    }
    variables(&mut page, command);
    examples(&mut page, command);
    see_also(&mut page, program, is_program);
    page.render()
}

/// Returns the commands that have pages.
pub(super) fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// `imageswap`, `imageswap-check`
pub(super) fn name_of(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn title(page: &mut Roff, program: &Command, command: &Command) {
    let version = program.get_version().unwrap_or_default();
    let version = version.split_whitespace().next().unwrap_or_default();
    let source = format!("{} {version}", program.get_name());
    // No date: a release is made the same whenever it is built.
    page.control(
        "TH",
        [
            &name_of(command).to_uppercase(),
            "1",
            "\"\"",
            &source,
            "imageswap manual",
        ],
    );
    // No word is broken and no space widened, so that what is shown can be copied.
    page.control("nh", []).control("ad", ["l"]);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    page.control("SH", ["NAME"])
        .text([roman(format!("{} - {about}", name_of(command)))]);
    let usage = command.clone().render_usage().to_string();
    page.control("SH", ["SYNOPSIS"])
        .text([bold(usage.trim_start_matches("Usage: "))]);
}

/// All that can be given: first what stands without an option, then the options by their headings.
fn options(page: &mut Roff, command: &Command) {
    page.control("SH", ["OPTIONS"]);
    for positional in command.get_positionals() {
        option(page, positional);
    }
    let options: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| !argument.is_positional() && !argument.is_hide_set())
        .collect();
    let mut headings: Vec<Option<&str>> = vec![None];
    for argument in &options {
        if !headings.contains(&argument.get_help_heading()) {
            headings.push(argument.get_help_heading());
        }
    }
    for heading in headings {
        if let Some(heading) = heading {
            page.control("SS", [heading]);
        }
        for argument in options
            .iter()
            .filter(|argument| argument.get_help_heading() == heading)
        {
            option(page, argument);
        }
    }
}

fn option(page: &mut Roff, argument: &Arg) {
    let mut name: Vec<Inline> = Vec::new();
    if let Some(short) = argument.get_short() {
        name.extend([bold(format!("-{short}")), roman(", ")]);
    }
    if let Some(long) = argument.get_long() {
        name.push(bold(format!("--{long}")));
    }
    if argument.get_action().takes_values() {
        let value = argument.get_value_names().and_then(<[_]>::first);
        if !argument.is_positional() {
            name.push(roman(" "));
        }
        name.push(italic(value.map_or("VALUE", |value| value.as_str())));
    }
    let help = match argument.get_action() {
        // What the page is there for, it need not point to.
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong => "Print help".to_owned(),
        _ => argument.get_help().map(ToString::to_string).unwrap_or_default(),
    };
    item(page, name, &sentence(&help));
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set() && argument.get_action().takes_values())
        .map(|value| match value.get_help() {
            Some(help) => format!("{} ({help})", value.get_name()),
            None => value.get_name().to_owned(),
        })
        .collect();
    if !values.is_empty() {
        page.text([roman(format!("Values: {}.", values.join(", ")))]);
    }
    let defaults = argument.get_default_values();
    if let (Some(default), true) = (defaults.first(), argument.get_action().takes_values()) {
        page.text([roman(format!("Without it: {}.", default.to_string_lossy()))]);
    }
}

/// The variables of a command, and the one of all commands.
fn variables(page: &mut Roff, command: &Command) {
    let name = |name: &OsStr| name.to_string_lossy().into_owned();
    page.control("SH", ["ENVIRONMENT"]);
    for argument in command.get_arguments() {
        if let (Some(variable), Some(option)) = (argument.get_env(), argument.get_long()) {
            item(
                page,
                [bold(name(variable))],
                &format!("The same as --{option}, which wins."),
            );
        }
    }
    item(
        page,
        [bold("NO_COLOR")],
        "Where it has a value, nothing is in color.",
    );
}

/// The examples of the help: command lines, each with what it is for below.
fn examples(page: &mut Roff, command: &Command) {
    let help = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    page.control("SH", ["EXAMPLES"]);
    for line in help.lines().filter_map(|line| line.strip_prefix("  ")) {
        match line.strip_prefix("    ") {
            Some(meaning) => page.text([roman(meaning)]),
            None => page.control("TP", []).text([bold(line)]),
        };
    }
}

fn see_also(page: &mut Roff, program: &Command, is_program: bool) {
    let mut names = vec![name_of(program)];
    if is_program {
        names = commands(program).map(name_of).collect();
    }
    let mut pages: Vec<Inline> = names
        .into_iter()
        .flat_map(|name| [bold(name), roman("(1), ")])
        .collect();
    pages.push(roman(env!("CARGO_PKG_REPOSITORY")));
    page.control("SH", ["SEE ALSO"]).text(pages);
}

/// A thing, and below it what it is.
fn item(page: &mut Roff, name: impl Into<Vec<Inline>>, meaning: &str) {
    page.control("TP", []).text(name).text([roman(meaning)]);
}

/// Help has no full stop at its end.
fn sentence(help: &str) -> String {
    let help = help.trim_end();
    let ends = help.is_empty() || help.ends_with(['.', '?', ':']);
    if ends { help.to_owned() } else { format!("{help}.") }
}

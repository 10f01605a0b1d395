//! A manual page: the sections of clap_mangen, and beside them the ones that it does not have.

use std::ffi::OsStr;
use std::io::{self, Write};

use clap::{Arg, ArgAction, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use time::OffsetDateTime;

use crate::cli::exit::Statuses;

/// Exit statuses of the program, whichever the command.
const STATUSES: Statuses = Statuses {
    success: "success",
    failure: Some("a finding, a difference, or a file that cannot be read or written"),
};

/// Returns the page of a command, or of the program itself, which has no statuses of its own.
pub(super) fn page(program: &Command, command: &Command, statuses: Option<Statuses>) -> String {
    let is_program = command.get_name() == program.get_name();
    let man = man(program, command);
    let mut page = rendered(|out| man.render_title(out));
    let mut layout = Roff::default();
    // Text that you copy has no broken words and no extra spaces.
    layout.control("nh", []).control("ad", ["l"]);
    page += &layout.to_roff();
    page += &rendered(|out| man.render_name_section(out));
    page += &rendered(|out| man.render_synopsis_section(out));
    page += &rendered(|out| man.render_description_section(out));
    let mut sections = Roff::default();
    if is_program {
        // The crate lists `imageswap-help(1)` too, which has no page.
        sections.control("SH", ["COMMANDS"]);
        for command in commands(program) {
            let about = command.get_about().map(ToString::to_string);
            let name = format!("{} {}", program.get_name(), command.get_name());
            item(&mut sections, [bold(name)], &sentence(&about.unwrap_or_default()));
        }
    }
    page += &sections.to_roff();
    page += &options(&man, command);
    let mut sections = Roff::default();
    sections.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in statuses.unwrap_or(STATUSES).all() {
        item(&mut sections, [bold(status.to_string())], &sentence(meaning));
    }
    variables(&mut sections, command);
    examples(&mut sections, command);
    see_also(&mut sections, program, is_program);
    page + &sections.to_roff()
}

/// Returns the commands that have pages.
pub(super) fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// Returns the name of a page: `imageswap`, `imageswap-check`.
pub(super) fn name_of(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// Returns a writer of pages for a command whose texts are sentences.
fn man(program: &Command, command: &Command) -> Man {
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let about: Vec<String> = about.trim_end().split("\n\n").map(sentence).collect();
    // The crate would list each option, without its value.
    let usage = command.clone().render_usage().to_string();
    let command = command
        .clone()
        .long_about(about.join("\n\n"))
        .override_usage(usage.trim_start_matches("Usage: ").to_owned())
        .mut_args(|argument| {
            let help = help_of(&argument);
            argument
                .help(help.clone())
                .long_help(help)
                .hide_possible_values(true)
        });
    let version = program.get_version().unwrap_or_default();
    let version = version.split_whitespace().next().unwrap_or_default();
    let title = name_of(&command).to_uppercase();
    Man::new(command)
        .title(title)
        .date(date())
        .source(format!("{} {version}", program.get_name()))
        .manual("imageswap manual")
}

fn help_of(argument: &Arg) -> String {
    match argument.get_action() {
        // clap's text points to the long help, and the page is longer.
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong => "Print help.".to_owned(),
        _ => {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            sentence(&help) + &values_of(argument)
        }
    }
}

/// Returns the possible values as a sentence. mandoc warns about the list that the crate would make of them.
fn values_of(argument: &Arg) -> String {
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set() && argument.get_action().takes_values())
        .map(|value| match value.get_help() {
            Some(help) => format!("{} ({help})", value.get_name()),
            None => value.get_name().to_owned(),
        })
        .collect();
    if values.is_empty() {
        String::new()
    } else {
        format!(" Values: {}.", values.join(", "))
    }
}

/// Returns the date of the commit that the program is built from, as `YYYY-MM-DD`.
fn date() -> String {
    let seconds = env!("BUILD_TIME").parse().unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.date().to_string()
}

/// Returns the section of the options, in which each heading of the help is a subsection.
fn options(man: &Man, command: &Command) -> String {
    let mut section = rendered(|out| man.render_options_section(out));
    for heading in command.get_arguments().filter_map(Arg::get_help_heading) {
        let of_crate = heading_line("SH", &heading.to_uppercase());
        section = section.replace(&of_crate, &heading_line("SS", heading));
    }
    section
}

fn heading_line(control: &str, heading: &str) -> String {
    let mut line = Roff::default();
    line.control(control, [heading]);
    line.to_roff()
}

/// Returns what a writer of one section writes. A vector takes all of it, so this cannot fail.
fn rendered(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut section = Vec::new();
    let _ = render(&mut section);
    let section = String::from_utf8_lossy(&section).into_owned();
    // Each section begins with the definition of an apostrophe. The page needs it once, in its title.
    let preamble = Roff::default().render();
    match section.strip_prefix(&preamble) {
        Some(rest) if !rest.starts_with(".TH ") => rest.to_owned(),
        _ => section,
    }
}

/// Writes the variables of a command, and the one of all commands.
fn variables(page: &mut Roff, command: &Command) {
    let name = |name: &OsStr| name.to_string_lossy().into_owned();
    page.control("SH", ["ENVIRONMENT"]);
    for argument in command.get_arguments() {
        if let (Some(variable), Some(option)) = (argument.get_env(), argument.get_long()) {
            item(
                page,
                [bold(name(variable))],
                &format!("The same as --{option}, which takes precedence."),
            );
        }
    }
    item(
        page,
        [bold("NO_COLOR")],
        "If it has a value, the output has no color.",
    );
}

/// Writes the examples of the help: command lines, each with its purpose below.
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

/// Writes a name, and its meaning below.
fn item(page: &mut Roff, name: impl Into<Vec<Inline>>, meaning: &str) {
    page.control("TP", []).text(name).text([roman(meaning)]);
}

/// Returns a text with a full stop, which help does not have.
fn sentence(help: &str) -> String {
    let help = help.trim_end();
    let ends = help.is_empty() || help.ends_with(['.', '?', ':']);
    if ends { help.to_owned() } else { format!("{help}.") }
}

//! Environment variables: empty, invalid and unknown ones.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error};

/// The only variable that has a meaning if it is empty: an empty prefix swaps nothing.
const MAY_BE_EMPTY: &str = "IMAGE_PREFIX";

const OURS: &str = "IMAGESWAP_";

/// Returns the command without the variables that are empty. A ConfigMap has empty values for settings that are not
/// set.
pub(super) fn without_empty(command: Command) -> Command {
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|argument| {
            let is_empty = argument.get_env().is_some_and(|variable| {
                variable != MAY_BE_EMPTY && std::env::var_os(variable).is_some_and(|value| value.is_empty())
            });
            if is_empty {
                argument.env(None::<&str>)
            } else {
                argument
            }
        })
    })
}

/// Returns the variable that an invalid value comes from; `None` if it comes from an option.
pub(super) fn at_fault(command: &Command, error: &Error, arguments: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let long = named.split([' ', '=']).next()?;
    let is_given = arguments
        .iter()
        .any(|argument| argument.to_string_lossy().split('=').next() == Some(long));
    let mut every = command.get_subcommands().flat_map(Command::get_arguments);
    let argument = every.find(|argument| argument.get_long() == long.strip_prefix("--"))?;
    let variable = argument.get_env()?.to_str()?;
    (!is_given && std::env::var_os(variable).is_some()).then(|| variable.to_owned())
}

/// Returns the variables that begin with `IMAGESWAP_` and are unknown, each with the name that is probably intended.
///
/// Ignores the variables that Kubernetes sets for each Service of a namespace, which include the webhook's own.
pub(super) fn unknown(
    command: &Command,
    variables: impl Iterator<Item = (String, String)>,
) -> Vec<(String, Option<String>)> {
    let known: Vec<&str> = command
        .get_subcommands()
        .flat_map(Command::get_arguments)
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    let mut unknown: Vec<_> = variables
        .filter(|(name, value)| {
            name.starts_with(OURS) && !known.contains(&name.as_str()) && !is_service_variable(name, value)
        })
        .map(|(name, _)| {
            let similar = |known: &&str| strsim::normalized_damerau_levenshtein(&name, known);
            let likeliest = known
                .iter()
                .copied()
                .max_by(|a, b| similar(a).total_cmp(&similar(b)));
            let meant = likeliest.filter(|known| similar(known) > 0.8).map(str::to_owned);
            (name, meant)
        })
        .collect();
    unknown.sort();
    unknown
}

/// Returns true if the kubelet sets the variable for a Service: `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT`,
/// `NAME_SERVICE_PORT_PORTNAME`, `NAME_PORT=tcp://...`, `NAME_PORT_443_TCP`, and the latter with `_PROTO`, `_PORT`
/// and `_ADDR`.
fn is_service_variable(name: &str, value: &str) -> bool {
    const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    if name.ends_with("_PORT")
        && PROTOCOLS
            .iter()
            .any(|protocol| value.starts_with(&format!("{}://", protocol.to_lowercase())))
    {
        return true;
    }
    let Some((_, port)) = name.rsplit_once("_PORT_").or_else(|| name.split_once("_PORT_")) else {
        return false;
    };
    let mut parts = port.split('_');
    parts.next().is_some_and(|number| number.parse::<u16>().is_ok())
        && parts.next().is_some_and(|protocol| PROTOCOLS.contains(&protocol))
        && matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR"))
        && parts.next().is_none()
}

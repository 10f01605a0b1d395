//! Ends of commands: exit statuses, and usage errors. Both are values, and only `run` ends the process.

use std::fmt;
use std::process::ExitCode;

use clap::error::ErrorKind;
use imageswap_engine::compile::ConstantError;
use imageswap_engine::diagnostic::similar;
use imageswap_engine::legacy::PrefixError;

/// Exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    Success = 0,
    Failure = 1,
    Usage = 2,
}

/// Meaning of each exit status of a command. Every command has a usage error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statuses {
    pub(crate) success: &'static str,
    /// None if the command cannot fail.
    pub(crate) failure: Option<&'static str>,
}

/// End of a command that did its work or reported why it could not. If there are several, the greatest one applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ended {
    /// There is nothing to report.
    Clean,
    /// There is an error in a set, a failed test, a difference, or a file to format.
    Findings,
    /// A set or a file cannot be read.
    Unreadable,
}

/// Wrong arguments of a command, beyond what clap finds by itself.
#[derive(Debug)]
pub(crate) enum UsageError {
    /// No rules are named, and stdin is a terminal.
    NoRules,
    /// No image is named.
    NoImages,
    /// Two paths of one list are `-`.
    StdinRepeated,
    /// Two options or arguments are `-`.
    StdinShared,
    /// No rule has this name.
    UnknownRule { name: String, similar: Option<String> },
    /// No command has this name.
    UnknownCommand { name: String, known: Vec<String> },
    /// An image has a constant that the rules do not define.
    Constant(ConstantError),
    /// The mode is `legacy`, and there is no prefix.
    NoPrefix,
    /// The prefix of the mode `legacy` never produces a valid image.
    Prefix(PrefixError),
    /// Two sources of the key pair are set.
    TlsAndSelfSigned,
    /// The mode of `--tls` needs a cluster.
    NoCluster(&'static str),
    /// The mode is `csr`, and no signer is named.
    NoSigner,
    /// No map and no prefix is named, and stdin cannot be read.
    NoMap,
}

impl Statuses {
    /// Returns each status with its meaning, in the order of their numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = (ExitStatus, &'static str)> {
        let failure = self.failure.map(|meaning| (ExitStatus::Failure, meaning));
        [(ExitStatus::Success, self.success)]
            .into_iter()
            .chain(failure)
            .chain([(ExitStatus::Usage, "usage error")])
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exit status:")?;
        self.all()
            .try_for_each(|(status, meaning)| write!(f, "\n  {status}  {meaning}"))
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self as u8).fmt(f)
    }
}

impl From<Ended> for ExitStatus {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Clean => Self::Success,
            Ended::Findings | Ended::Unreadable => Self::Failure,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

impl UsageError {
    /// Returns the kind by which clap chooses the form of the message.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRules | Self::NoImages | Self::NoPrefix | Self::NoSigner | Self::NoMap => {
                ErrorKind::MissingRequiredArgument
            }
            Self::StdinRepeated | Self::StdinShared | Self::TlsAndSelfSigned => ErrorKind::ArgumentConflict,
            Self::UnknownRule { .. }
            | Self::UnknownCommand { .. }
            | Self::Constant(_)
            | Self::Prefix(_)
            | Self::NoCluster(_) => ErrorKind::InvalidValue,
        }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRules => f.write_str("no rules given: name a rules file or a directory, or - for stdin"),
            Self::NoImages => f.write_str(
                "no images given: name an image, - for images from stdin, or use --review or --manifest",
            ),
            Self::StdinRepeated => f.write_str("stdin can be read only once: use - only once"),
            Self::StdinShared => f.write_str("stdin can be read only once: name files for the other inputs"),
            Self::UnknownRule { name, similar } => {
                write!(f, "unknown rule `{name}`; ")?;
                match similar {
                    Some(similar) => write!(f, "a rule with a similar name exists: `{similar}`"),
                    None => f.write_str("use the name after `as`, or `FILE:LINE` for a rule without a name"),
                }
            }
            Self::UnknownCommand { name, known } => {
                write!(f, "unknown command `{name}`; ")?;
                match similar(name, known.iter().map(String::as_str)) {
                    Some(similar) => write!(f, "a command with a similar name exists: `{similar}`"),
                    None => write!(f, "use one of {}", known.join(", ")),
                }
            }
            Self::Constant(error) => error.fmt(f),
            Self::Prefix(error) => write!(f, "IMAGE_PREFIX or --image-prefix: {error}"),
            Self::NoPrefix => {
                f.write_str("the mode `legacy` needs a prefix: set IMAGE_PREFIX or --image-prefix")
            }
            Self::TlsAndSelfSigned => {
                f.write_str("--tls and --self-signed exclude each other: unset one of them, or its variable")
            }
            Self::NoCluster(mode) => write!(
                f,
                "the mode `{mode}` of --tls works only in a Pod whose ServiceAccount has a token \
                 (automountServiceAccountToken); elsewhere use --tls=directory or --self-signed"
            ),
            Self::NoSigner => f.write_str(
                "the mode `csr` of --tls needs a signer: set IMAGESWAP_CSR_SIGNER_NAME or --csr-signer-name",
            ),
            Self::NoMap => f.write_str("no map given: name a map, - for stdin, or use --image-prefix"),
        }
    }
}

impl std::error::Error for UsageError {}

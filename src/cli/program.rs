//! Names of the program, as it was called.

use std::ffi::OsString;
use std::path::Path;

/// A name of the program: that of the file or link that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// `imageswap`, and any other name.
    Imageswap,
    /// `gunicorn`: the command of a Deployment of imageswap-webhook is `gunicorn imageswap:app --config=config.py`.
    Gunicorn,
    /// `imageswap-init.py`: the init container of the same Deployment, which makes the certificate.
    Init,
    /// `migrate` or `imageswap-migrate`.
    Migrate,
}

impl Program {
    /// Returns the name in the path of the program.
    pub(crate) fn from_path(path: Option<&Path>) -> Self {
        let name = path.and_then(Path::file_name).and_then(|name| name.to_str());
        match name {
            Some("gunicorn") => Self::Gunicorn,
            Some("imageswap-init.py") => Self::Init,
            Some("migrate" | "imageswap-migrate") => Self::Migrate,
            _ => Self::Imageswap,
        }
    }

    /// Returns the arguments as those of `imageswap`: the first is its name, the second the command.
    ///
    /// Called as gunicorn, the program serves, and as the init container it prepares that, whatever its arguments are.
    pub(crate) fn arguments(self, given: Vec<OsString>) -> Vec<OsString> {
        match self {
            Self::Imageswap => without_second_help(given),
            // Both have the variables of the Deployment, and `serve` reads them.
            Self::Gunicorn | Self::Init => vec!["imageswap".into(), "serve".into()],
            Self::Migrate => {
                let command = ["imageswap", "migrate"].map(OsString::from);
                command.into_iter().chain(given.into_iter().skip(1)).collect()
            }
        }
    }
}

/// Removes the second help of `help COMMAND --help`, which means the same without it.
fn without_second_help(given: Vec<OsString>) -> Vec<OsString> {
    if given.get(1).is_none_or(|command| command != "help") {
        return given;
    }
    let is_help = |word: &OsString| word == "--help" || word == "-h";
    let count = given.len();
    let mut words: Vec<OsString> = given.into_iter().filter(|word| !is_help(word)).collect();
    if words.len() == 2 && count > 2 {
        words.push("help".into());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(given: &[&str]) -> (Program, Vec<OsString>) {
        let program = Program::from_path(given.first().map(Path::new));
        (
            program,
            program.arguments(given.iter().map(OsString::from).collect()),
        )
    }

    #[test]
    fn gunicorn_serves_whatever_its_arguments_are() {
        let (program, arguments) = arguments(&["/usr/bin/gunicorn", "imageswap:app", "--config=config.py"]);
        assert_eq!(program, Program::Gunicorn);
        assert_eq!(arguments, ["imageswap", "serve"]);
    }

    #[test]
    fn init_container_has_the_options_of_the_server() {
        let (program, arguments) = arguments(&["/app/imageswap-init.py", "--anything"]);
        assert_eq!(program, Program::Init);
        assert_eq!(arguments, ["imageswap", "serve"]);
    }

    #[test]
    fn link_named_migrate_migrates() {
        for name in ["migrate", "/usr/local/bin/imageswap-migrate"] {
            let (program, arguments) = arguments(&[name, "--image-prefix", "h.io"]);
            assert_eq!(program, Program::Migrate);
            assert_eq!(arguments, ["imageswap", "migrate", "--image-prefix", "h.io"]);
        }
    }

    #[test]
    fn any_other_name_has_the_arguments_that_are_given() {
        for given in [
            &["imageswap", "check", "migrate"][..],
            &["./target/debug/other"],
            &[],
        ] {
            let (program, arguments) = arguments(given);
            assert_eq!(program, Program::Imageswap);
            assert_eq!(arguments, given);
        }
    }
}

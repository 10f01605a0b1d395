//! `imageswap serve`: the webhook.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgMatches, Args, Command, ValueEnum, ValueHint};
use imageswap_engine::legacy::Prefix;

use super::chosen::ChosenOptions;
use super::environment;
use super::error::CommandError;
use super::exit::{Ended, Statuses, UsageError};
use super::init::init;
use super::input::{ClusterOptions, LabelOption, LimitOptions};
use super::log_options::LogOptions;
use super::program::Program;
use super::tls_mode::{TlsHints, TlsMode};
use crate::config::RulesSource;
use crate::kubernetes::{InCluster, Predecessor, is_in_cluster};
use crate::webhook::{self, Addresses, Cluster, LogFormat, MAX_BODY, ServeError, Settings, TlsSource};

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "stopped by a signal",
    failure: Some("cannot serve"),
};

/// Serve the webhook: answer the admission reviews that an API server posts to / over TLS.
///
/// If the rules or the key pair change, the webhook reloads them within a second, without a restart. Every option has a
/// variable, and the variables of imageswap-webhook v1.5.3 work too. An option overrides its variable.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap serve --self-signed --maps-file docs/examples/imageswap-maps.conf
      Try the webhook on your machine, with a temporary certificate.
  imageswap serve --self-signed --rules rules/
      Try it with a directory of rules files.
  imageswap serve --maps-file /app/maps/imageswap-maps.conf --tls-dir /tls
      Serve in a cluster. These are the defaults.
  IMAGESWAP_MODE=LEGACY IMAGE_PREFIX=harbor.example.com/hub imageswap serve
      Put one prefix before every image.")]
pub(super) struct Serve {
    /// Rules file, or directory of rules files (repeatable). Replaces --mode, --maps-file and --image-prefix
    #[arg(
        long,
        env = "IMAGESWAP_RULES",
        value_name = "PATH",
        value_delimiter = ':',
        help_heading = "Rules"
    )]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    limits: LimitOptions,
    /// Rules file, or directory of rules files, that evaluates the same reviews and changes no answer (repeatable). The
    /// metrics and the log have the images on which it differs
    #[arg(
        long,
        env = "IMAGESWAP_CANDIDATE",
        value_name = "PATH",
        value_delimiter = ':',
        help_heading = "Rules"
    )]
    candidate: Vec<PathBuf>,
    /// Source of the rules if --rules is not set
    #[arg(
        long,
        env = "IMAGESWAP_MODE",
        value_enum,
        ignore_case = true,
        default_value = "maps",
        help_heading = "Rules"
    )]
    mode: Mode,
    /// Map file for the mode maps
    #[arg(
        long,
        env = "IMAGESWAP_MAPS_FILE",
        value_name = "FILE",
        default_value = "/app/maps/imageswap-maps.conf",
        help_heading = "Rules"
    )]
    maps_file: PathBuf,
    /// Prefix for the mode legacy; an empty prefix swaps nothing
    #[arg(long, env = "IMAGE_PREFIX", value_name = "PREFIX", help_heading = "Rules")]
    image_prefix: Option<String>,
    #[command(flatten, next_help_heading = "Rules")]
    label: LabelOption,
    /// Evaluate, count, log and warn, but change and deny nothing
    #[arg(long, env = "IMAGESWAP_DRY_RUN", value_parser = BoolishValueParser::new(), help_heading = "Rules")]
    dry_run: bool,
    /// Record the original images of an object in its annotation imageswap.k8s.twr.io/original-images
    #[arg(long, env = "IMAGESWAP_RECORD_ORIGINALS", value_parser = BoolishValueParser::new(), help_heading = "Rules")]
    record_originals: bool,

    #[arg(
        long,
        env = "IMAGESWAP_LISTEN",
        help = "Address or host name for admission reviews, over TLS [default: [::]:5000, or 0.0.0.0:5000 without IPv6]",
        value_name = "ADDRESS:PORT",
        help_heading = "Network"
    )]
    listen: Option<Addresses>,
    #[arg(
        long,
        env = "IMAGESWAP_HTTP_LISTEN",
        help = "Address or host name for health and metrics, without TLS [default: [::]:9090, or 0.0.0.0:9090 without IPv6]",
        value_name = "ADDRESS:PORT",
        help_heading = "Network"
    )]
    http_listen: Option<Addresses>,
    /// Address or host name of a page for people, such as 127.0.0.1:9091. It shows the rules and what was denied or skipped,
    /// and only answers requests for localhost [default: no page]
    #[arg(
        long,
        env = "IMAGESWAP_PAGE_LISTEN",
        value_name = "ADDRESS:PORT",
        help_heading = "Network"
    )]
    page_listen: Option<Addresses>,
    /// Source of the key pair [default: directory if --tls-dir has a pair, else self-managed in a cluster]
    #[arg(
        long,
        env = "IMAGESWAP_TLS",
        value_name = "MODE",
        value_enum,
        ignore_case = true,
        help_heading = "Network"
    )]
    tls: Option<TlsMode>,
    /// Directory of the key pair: cert.pem and key.pem, or tls.crt and tls.key
    #[arg(
        long,
        env = "IMAGESWAP_TLS_DIR",
        value_name = "DIRECTORY",
        value_hint = ValueHint::DirPath,
        default_value = "/tls",
        help_heading = "Network"
    )]
    tls_dir: PathBuf,
    /// Generate a temporary certificate, and print a curl command to try the webhook
    #[arg(long, env = "IMAGESWAP_SELF_SIGNED", value_parser = BoolishValueParser::new(), help_heading = "Network")]
    self_signed: bool,

    #[command(flatten, next_help_heading = "Cluster")]
    cluster: ClusterOptions,

    /// Maximum number of open connections on each of the two ports; a further one closes another one
    #[arg(
        long,
        env = "IMAGESWAP_MAX_CONNECTIONS",
        value_name = "NUMBER",
        default_value_t = 2000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        help_heading = "Limits"
    )]
    max_connections: u32,
    /// Maximum memory for the bodies of all requests, in MiB, at least 8; further requests wait
    #[arg(
        long,
        env = "IMAGESWAP_MAX_BODY_MEMORY",
        value_name = "MIB",
        default_value_t = 64,
        value_parser = clap::value_parser!(u32).range(MAX_BODY_MIB..=65_536),
        help_heading = "Limits"
    )]
    max_body_memory: u32,
    /// Seconds to continue to serve after SIGTERM, not ready, until no new requests are sent here
    #[arg(
        long,
        env = "IMAGESWAP_SHUTDOWN_DELAY",
        value_name = "SECONDS",
        default_value = "8",
        value_parser = seconds,
        help_heading = "Limits"
    )]
    shutdown_delay: Duration,
    /// Seconds that requests in flight may take after --shutdown-delay
    #[arg(
        long,
        env = "IMAGESWAP_SHUTDOWN_TIMEOUT",
        value_name = "SECONDS",
        default_value = "15",
        value_parser = seconds,
        help_heading = "Limits"
    )]
    shutdown_timeout: Duration,

    #[command(flatten)]
    log: LogOptions,

    /// Name of this Pod, which /healthz reports
    #[arg(
        long,
        env = "IMAGESWAP_POD_NAME",
        value_name = "NAME",
        help_heading = "Identity"
    )]
    pod_name: Option<String>,
    /// Namespace of this Pod; the temporary certificate is valid for the Service in it too
    #[arg(
        long,
        env = "IMAGESWAP_NAMESPACE_NAME",
        value_name = "NAME",
        default_value = "imageswap-system",
        help_heading = "Identity"
    )]
    namespace_name: String,

    /// The options and variables that are set.
    #[arg(skip)]
    given: ChosenOptions,
}

/// [`MAX_BODY`] in MiB: the budget needs room for at least one body.
const MAX_BODY_MIB: i64 = (MAX_BODY >> 20) as i64;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// Map file
    Maps,
    /// One prefix for every image
    Legacy,
}

impl Serve {
    /// Records which options and variables are set.
    pub(super) fn set_given(&mut self, program: &Command, matches: &ArgMatches) {
        self.given = ChosenOptions::new(program, matches);
    }

    /// Returns true if the format of the log is JSON.
    pub(super) fn has_json_log(&self) -> bool {
        self.log.format() == LogFormat::Json
    }

    pub(super) fn run(self, program: &Command, called_as: Program) -> Result<Ended, CommandError> {
        let log = self.log.start().map_err(ServeError::from)?;
        warn_of_unknown_variables(program);
        match called_as {
            Program::Init => init(self.cluster, self.namespace_name, &self.tls_dir)?,
            Program::Gunicorn => {
                tracing::info!("called as gunicorn: serving as imageswap does, by its variables alone");
                webhook::serve(self.into_settings(true)?, &log)?;
            }
            Program::Imageswap | Program::Migrate => webhook::serve(self.into_settings(false)?, &log)?,
        }
        Ok(Ended::Clean)
    }

    fn into_settings(self, is_gunicorn: bool) -> Result<Settings, CommandError> {
        let rules = match self.mode {
            _ if !self.rules.is_empty() => {
                for name in ["IMAGESWAP_MODE", "IMAGESWAP_MAPS_FILE", "IMAGE_PREFIX"] {
                    if std::env::var_os(name).is_some() {
                        tracing::info!("the variable {name} is not used: --rules names the rules");
                    }
                }
                RulesSource::Paths(self.rules)
            }
            Mode::Maps => RulesSource::MapFile(self.maps_file),
            Mode::Legacy => {
                let prefix = self.image_prefix.ok_or(UsageError::NoPrefix)?;
                RulesSource::Prefix(Prefix::parse(&prefix).map_err(UsageError::Prefix)?)
            }
        };
        let hints = TlsHints {
            given: self.tls,
            tls_dir: &self.tls_dir,
            signer: self.cluster.signer(),
            is_predecessor: is_gunicorn,
        };
        let mode = match (self.tls, self.self_signed) {
            (Some(_), true) => return Err(UsageError::TlsAndSelfSigned.into()),
            (None, true) => None,
            (_, false) => Some(hints.mode()?),
        };
        let certificates = mode.map(|mode| hints.certificates(mode)).transpose()?;
        let tls = match mode {
            Some(TlsMode::SelfManaged | TlsMode::Csr) => TlsSource::Cluster,
            Some(TlsMode::Directory) => TlsSource::Dir(self.tls_dir.clone()),
            None => TlsSource::SelfSigned,
        };
        let predecessor = (is_gunicorn && tls == TlsSource::Cluster).then_some(Predecessor::Server);
        let cluster = certificates
            .filter(|_| is_in_cluster())
            .map(|certificates| {
                let namespace = self.namespace_name.clone();
                let settings = self.cluster.into_settings(namespace, certificates, predecessor);
                InCluster::new(settings).map(|cluster| -> Arc<dyn Cluster> { Arc::new(cluster) })
            })
            .transpose();
        let cluster = match cluster {
            Err(problem) if mode == Some(TlsMode::Directory) => {
                tracing::warn!(
                    problem,
                    "the last good set is not kept: the ServiceAccount cannot be used"
                );
                None
            }
            cluster => cluster.map_err(ServeError::Cluster)?,
        };
        let candidate = Some(self.candidate).filter(|paths| !paths.is_empty());
        Ok(Settings {
            rules,
            candidate: candidate.map(RulesSource::Paths),
            limits: self.limits.into_limits(),
            listen: self.listen,
            http_listen: self.http_listen,
            page_listen: self.page_listen,
            tls,
            tls_mode: mode.map_or("self-signed", TlsMode::as_str),
            cluster,
            disable_label: self.label.disable_label,
            dry_run: self.dry_run,
            record_originals: self.record_originals,
            pod_name: self.pod_name,
            namespace: self.namespace_name,
            shutdown_delay: self.shutdown_delay,
            shutdown_timeout: self.shutdown_timeout,
            max_body_memory: usize::try_from(self.max_body_memory)
                .unwrap_or(usize::MAX)
                .saturating_mul(1 << 20),
            max_connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            log_level_file: self.log.log_level_file,
            options: self.given.options,
            variables: self.given.variables,
        })
    }
}

/// Warns of variables that look like those of the program, and mean nothing.
fn warn_of_unknown_variables(program: &Command) {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
    for (name, meant) in environment::unknown(program, variables) {
        match meant {
            Some(meant) => tracing::warn!("the variable {name} means nothing; is {meant} meant?"),
            None => tracing::warn!(
                "the variable {name} means nothing; `imageswap serve --help` names those that do"
            ),
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "expected a number of seconds, such as 8 or 0.5".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| *duration <= Duration::from_secs(3600))
        .ok_or_else(|| "expected 0 to 3600 seconds".to_owned())
}

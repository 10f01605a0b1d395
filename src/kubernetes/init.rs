//! The init container: it leaves a key pair in a directory, and the webhook configuration of the template.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use imageswap_files::{ReadError, Replace, WriteError, make_private, read, write};
use tokio::runtime;
use tokio::time::{sleep, timeout};

use super::client::{ObjectClient, is_in_cluster};
use super::cluster::InCluster;
use super::error::ApiError;
use super::object::Object;
use super::settings::ClusterSettings;
use super::template::{Template, TemplateError};
use crate::webhook::{Cluster as _, Duty, EndSignal, EndSignals, Handles, Readiness};

/// Maximum length of the template, in bytes: that of a ConfigMap.
const MAX_TEMPLATE: u64 = 1 << 20;
/// Maximum time. A signer may wait for the approval of a person, so a later start of the container tries again.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Interval between two looks at what is still missing.
const LOOK: Duration = Duration::from_millis(200);
/// Time after a failed request.
const RETRY: Duration = Duration::from_secs(2);

/// The reason why the init container fails.
#[derive(Debug)]
pub(crate) enum InitError {
    /// The system has no threads or sockets for the process.
    System(io::Error),
    /// The access to the API server is not complete; the causes.
    Access(String),
    /// The template cannot be read.
    ReadTemplate(ReadError),
    /// The template cannot be used.
    Template { path: PathBuf, error: TemplateError },
    /// The template is for a webhook configuration of another name.
    Name { template: String, expected: String },
    /// The key pair cannot be written.
    Write(WriteError),
    /// The API server rejects the webhook configuration.
    Configuration(ApiError),
    /// There was no key pair in time; the last problem.
    TimedOut(String),
    /// A signal ends the process.
    Ended(EndSignal),
}

/// Leaves a key pair that API servers trust in a directory, and the webhook configuration of a template. Blocks.
///
/// # Errors
///
/// Returns an error if one of them is impossible, or takes longer than five minutes.
pub(crate) fn prepare(settings: ClusterSettings, template: &Path, tls_dir: &Path) -> Result<(), InitError> {
    if !is_in_cluster() {
        let cause = "its Pod has no token (automountServiceAccountToken)".to_owned();
        return Err(InitError::Access(cause));
    }
    let template = match settings.keeps_entries {
        true => None,
        false => Some(read_template(template)?),
    };
    let expected = &settings.names.configuration;
    if let Some(other) = template.as_ref().filter(|template| template.name != *expected) {
        return Err(InitError::Name {
            template: other.name.clone(),
            expected: expected.clone(),
        });
    }
    let cluster = InCluster::new(settings).map_err(InitError::Access)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(InitError::System)?;
    let webhook = Handles::without_server();
    let work = async {
        let mut signals = EndSignals::listen().map_err(InitError::System)?;
        tokio::select! {
            result = leave(&cluster, &webhook, template.as_ref(), tls_dir) => result,
            // It never returns.
            () = cluster.run(webhook.clone()) => Ok(()),
            // The process is number 1 of its container, which no signal ends by itself.
            signal = signals.next() => Err(InitError::Ended(signal)),
        }
    };
    match runtime.block_on(async { timeout(TIMEOUT, work).await }) {
        Ok(result) => result,
        Err(_) => Err(InitError::TimedOut(problems(&webhook))),
    }
}

fn read_template(path: &Path) -> Result<Template, InitError> {
    let text = read(path, MAX_TEMPLATE).map_err(InitError::ReadTemplate)?;
    Template::parse(&text).map_err(|error| InitError::Template {
        path: path.to_owned(),
        error,
    })
}

/// Waits for what the tasks of the webhook do, and does the rest.
async fn leave(
    cluster: &InCluster,
    webhook: &Handles,
    template: Option<&Template>,
    tls_dir: &Path,
) -> Result<(), InitError> {
    let mut wanted = cluster.trust().wanted();
    // The sender lives as long as the cluster.
    let bundle = match wanted.wait_for(Option::is_some).await {
        Ok(bundle) => bundle.clone().unwrap_or_default(),
        Err(_) => return Err(InitError::TimedOut(problems(webhook))),
    };
    if let Some(template) = template {
        configure(cluster.client(), template, &bundle).await?;
    }
    // The task of arming keeps `caBundle` from here on, and that of the certificates waits for it.
    while is_unready(webhook) {
        sleep(LOOK).await;
    }
    let Some((chain, key)) = webhook.pair.pem() else {
        return Err(InitError::TimedOut(problems(webhook)));
    };
    write_pair(tls_dir, &chain, &key)?;
    tracing::info!(directory = %tls_dir.display(), "key pair written");
    Ok(())
}

/// Creates the webhook configuration, or replaces its entries by those of the template.
async fn configure(client: &ObjectClient, template: &Template, bundle: &str) -> Result<(), InitError> {
    let configuration = template.with_ca_bundle(&BASE64_STANDARD.encode(bundle));
    let mut logged = None;
    loop {
        let failed = match try_to_configure(client, template, &configuration).await {
            Ok(done) => {
                tracing::info!(
                    name = client.names().configuration,
                    "webhook configuration {done}"
                );
                return Ok(());
            }
            Err(error) => error,
        };
        if failed.is_conflict() {
            // Another replica was faster.
            sleep(LOOK).await;
        } else if failed.is_rejection() {
            return Err(InitError::Configuration(failed));
        } else {
            let problem = failed.to_string();
            if logged.as_ref() != Some(&problem) {
                tracing::warn!(problem, "webhook configuration not written yet");
                logged = Some(problem);
            }
            sleep(RETRY).await;
        }
    }
}

async fn try_to_configure(
    client: &ObjectClient,
    template: &Template,
    configuration: &serde_json::Value,
) -> Result<&'static str, ApiError> {
    let Some(found) = client.get(Object::Mutating).await? else {
        client.create(Object::Mutating, configuration.clone()).await?;
        return Ok("created");
    };
    client
        .merge(Object::Mutating, &template.patch(configuration, &found))
        .await?;
    Ok("updated")
}

fn is_unready(webhook: &Handles) -> bool {
    let conditions = webhook.conditions.all();
    let mut of_certificate = conditions
        .iter()
        .filter(|condition| condition.duty == Duty::Certificate);
    of_certificate.any(|condition| condition.readiness == Readiness::NotReady)
}

fn problems(webhook: &Handles) -> String {
    let conditions = webhook.conditions.all();
    let texts: Vec<String> = conditions
        .iter()
        .map(|condition| format!("{}: {}", condition.duty.as_str(), condition.text))
        .collect();
    texts.join("; ")
}

fn write_pair(directory: &Path, chain: &str, key: &str) -> Result<(), InitError> {
    let key_file = directory.join("key.pem");
    write(&directory.join("cert.pem"), chain, Replace::Anything).map_err(InitError::Write)?;
    // The permissions of a file that is replaced stay.
    make_private(&key_file).map_err(InitError::System)?;
    write(&key_file, key, Replace::Anything).map_err(InitError::Write)
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::Access(causes) => write!(
                f,
                "the init container cannot use its ServiceAccount, by which it makes the certificate: {causes}; help: to \
                 serve a pair of your own, remove the init container, and mount the Secret with the pair at /tls"
            ),
            Self::ReadTemplate(error) => write!(
                f,
                "{error}; mount the ConfigMap with the template of the webhook configuration at /mwc, or set \
                 IMAGESWAP_DISABLE_AUTO_MWC"
            ),
            Self::Template { path, error } => {
                write!(f, "the template {} cannot be used: {error}", path.display())
            }
            Self::Name { template, expected } => write!(
                f,
                "the template is for the webhook configuration {template}, and the webhook keeps {expected}; set \
                 IMAGESWAP_WEBHOOK_CONFIGURATION to {template} for both containers"
            ),
            Self::Write(error) => error.fmt(f),
            Self::Configuration(error) => error.fmt(f),
            Self::Ended(signal) => write!(f, "ended by {}", signal.as_str()),
            Self::TimedOut(problems) => write!(f, "no key pair after five minutes: {problems}"),
        }
    }
}

impl std::error::Error for InitError {}

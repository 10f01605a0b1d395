//! The line of the log about a start: version, configuration and digest.

use std::net::SocketAddr;

use super::logging::LogLevel;
use super::settings::Settings;

/// Maximum length of the sources of rules in the line, in characters.
const MAX_SOURCES: usize = 1000;

/// The configuration of a webhook, as far as the line has it.
#[derive(Debug)]
pub(super) struct StartLine {
    rules: String,
    candidate: Option<String>,
    tls: &'static str,
    disable_label: String,
    dry_run: bool,
    record_originals: bool,
    max_rules: usize,
    max_file_size: Option<u64>,
    max_connections: usize,
    max_body_memory: usize,
    shutdown_delay: f64,
    shutdown_timeout: f64,
    log_level_file: Option<String>,
    namespace: String,
    pod: Option<String>,
    options: Option<String>,
    variables: Option<String>,
}

/// The state of the webhook when it starts to serve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started<'s> {
    pub(super) digest: &'s str,
    /// True if the active set is the last good one.
    pub(super) is_last_good: bool,
    pub(super) tls_address: SocketAddr,
    pub(super) plain_address: SocketAddr,
    pub(super) page_address: Option<SocketAddr>,
    pub(super) log_level: LogLevel,
}

impl StartLine {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            rules: clipped(settings.rules.to_string()),
            candidate: settings
                .candidate
                .as_ref()
                .map(|candidate| clipped(candidate.to_string())),
            tls: settings.tls_mode,
            disable_label: settings.disable_label.clone(),
            dry_run: settings.dry_run,
            record_originals: settings.record_originals,
            max_rules: settings.limits.rules,
            max_file_size: settings.limits.file_size,
            max_connections: settings.max_connections,
            max_body_memory: settings.max_body_memory,
            shutdown_delay: settings.shutdown_delay.as_secs_f64(),
            shutdown_timeout: settings.shutdown_timeout.as_secs_f64(),
            log_level_file: settings
                .log_level_file
                .as_ref()
                .map(|path| path.display().to_string()),
            namespace: settings.namespace.clone(),
            pod: settings.pod_name.clone(),
            options: joined(&settings.options),
            variables: joined(&settings.variables),
        }
    }

    /// Logs the line.
    pub(super) fn log(self, started: Started<'_>) {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            digest = started.digest,
            rules = self.rules,
            candidate = self.candidate,
            last_good = started.is_last_good,
            address = %started.tls_address,
            http_address = %started.plain_address,
            page_address = started.page_address.map(tracing::field::display),
            tls = self.tls,
            dry_run = self.dry_run,
            record_originals = self.record_originals,
            disable_label = self.disable_label,
            log_level = started.log_level.as_str(),
            log_level_file = self.log_level_file,
            max_rules = self.max_rules,
            max_file_size_bytes = self.max_file_size,
            max_connections = self.max_connections,
            max_body_memory_bytes = self.max_body_memory,
            shutdown_delay_seconds = self.shutdown_delay,
            shutdown_timeout_seconds = self.shutdown_timeout,
            namespace = self.namespace,
            pod = self.pod,
            options = self.options,
            variables = self.variables,
            "serving"
        );
    }
}

/// Returns names with commas between them; `None` if there are none.
fn joined(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(","))
}

/// Returns the start of a text that is too long. There may be any number of paths.
fn clipped(text: String) -> String {
    match text.char_indices().nth(MAX_SOURCES) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

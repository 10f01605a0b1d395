//! The life of the webhook: start, serve, and stop after a signal.

use std::sync::Arc;

use imageswap_files::MAX_READ;

use super::candidate;
use super::cluster::{Handles, do_duties};
use super::conditions::Conditions;
use super::error::ServeError;
use super::export;
use super::fights::SharedFights;
use super::http::{
    Addresses, BodyBudget, Health, LargeReviews, Listeners, ReviewSubject, Reviews, Servers, Validations,
    bind, connections_within,
};
use super::last_good;
use super::logging::RunningLog;
use super::metrics::Metrics;
use super::os::{self, EndSignals, Hangups};
use super::otlp::Pod;
use super::page::{self, PageSources};
use super::recent::Recent;
use super::reload::{self, LevelFile, ReloadedSet};
use super::settings::{Settings, TlsSource};
use super::shutdown::shut_down;
use super::start_line::{StartLine, Started};
use super::status::{Reloaded, Status};
use super::tls::{self, PairError, SharedPair};

/// Runs the webhook until a signal stops it.
///
/// # Errors
///
/// Returns an error if the rules or the key pair are invalid at the start, if a port is in use, or if a server stops.
pub(crate) fn serve(settings: Settings, log: &RunningLog) -> Result<(), ServeError> {
    os::limit_free_memory();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime
        .worker_threads(os::worker_threads()?)
        .enable_all()
        .build()?;
    let result = runtime.block_on(run(settings, log));
    // The end must not wait for a read of a volume that hangs.
    runtime.shutdown_background();
    result
}

async fn run(settings: Settings, log: &RunningLog) -> Result<(), ServeError> {
    // Without a handler SIGTERM kills the process or, if it is process 1 of a container, has no effect.
    let mut signals = EndSignals::listen()?;
    let hangups = Hangups::listen()?;
    let status = Arc::new(Status::default());
    let metrics = Arc::new(Metrics::new(&status).map_err(ServeError::Metrics)?);
    metrics.observe_dropped_lines(log.dropped_lines());
    let conditions = Arc::new(Conditions::default());
    let cluster = settings.cluster.as_deref();
    let line = StartLine::new(&settings);
    let first = async {
        let level = match settings.log_level_file.clone() {
            Some(path) => Some(LevelFile::start(path, log.level().clone(), &status).await),
            None => None,
        };
        let rules = last_good::first_rules(&settings.rules, settings.limits, cluster, &status, &conditions);
        Ok::<_, ServeError>((level, Arc::new(rules.await?), first_pair(&settings).await?))
    };
    // The files may be large, and on a volume that hangs.
    let (level, rules, pair) = tokio::select! {
        first = first => first?,
        signal = signals.next() => {
            tracing::info!(signal = signal.as_str(), "shutdown requested before the start was complete");
            return Ok(());
        }
    };
    let pod = Pod {
        name: settings.pod_name.clone(),
        namespace: settings.namespace.clone(),
    };
    let export = export::start(pod, &metrics).await;
    metrics.observe_dry_run(settings.dry_run);
    let used = Arc::clone(&rules);
    metrics.observe_last_good(move || used.is_last_good());
    let counted = Arc::clone(&rules);
    metrics.observe_rules(move || counted.current().totals);
    let counted = Arc::clone(&rules);
    metrics.observe_images(move |counter| counted.current().counts.observe(counter));
    match pair.digest() {
        Some(digest) => status.started(Reloaded::Certificate, digest),
        None => conditions.await_first_pair(),
    }
    pair.log_problems();
    let served = Arc::clone(&pair);
    metrics.observe_certificate_expiry(move || Some(served.expiry()?.unix_timestamp()));
    let health = Arc::new(Health::new(
        settings.pod_name.clone(),
        Arc::clone(&status),
        Arc::clone(&pair),
        Arc::clone(&conditions),
    ));
    // The sockets are opened last: once the port answers, the webhook is ready.
    let any_host = Addresses::any_host;
    let tls = bind(&settings.listen.unwrap_or_else(|| any_host(5000)), "--listen")?;
    let plain = bind(
        &settings.http_listen.unwrap_or_else(|| any_host(9090)),
        "--http-listen",
    )?;
    let page = settings
        .page_listen
        .as_ref()
        .map(|page| bind(page, "--page-listen"));
    let page = page.transpose()?;
    let recent = page.as_ref().map(|_| Arc::new(Recent::default()));
    let budget = Arc::new(BodyBudget::new(settings.max_body_memory));
    let release = Arc::clone(&budget).release_free_memory();
    let used = Arc::clone(&budget);
    metrics.observe_bodies(move || used.usage());
    let validations = Validations::new(
        Arc::clone(&rules),
        settings.rules.clone(),
        Arc::clone(&metrics),
        Arc::clone(&health),
        Arc::clone(&budget),
        export.traces(),
        recent.clone(),
    );
    let candidate = settings.candidate.as_ref().map(|_| {
        let label = settings.disable_label.clone();
        candidate::start(&rules, label, &metrics).map(Arc::new)
    });
    let candidate = candidate.transpose()?;
    let fights = Arc::new(SharedFights::default());
    let counted = Arc::clone(&fights);
    metrics.observe_fights(move |counter| counted.observe(counter));
    let page = page.zip(recent.clone()).map(|(listener, recent)| {
        let sources = PageSources {
            source: settings.rules.to_string(),
            dry_run: settings.dry_run,
            namespace: settings.namespace.clone(),
            pod_name: settings.pod_name.clone(),
            rules: Arc::clone(&rules),
            status: Arc::clone(&status),
            health: Arc::clone(&health),
            pair: Arc::clone(&pair),
            recent,
        };
        page::routes(listener, sources)
    });
    let page = page.transpose()?;
    let reviews = Reviews {
        rules: Arc::clone(&rules),
        metrics: Arc::clone(&metrics),
        health: Arc::clone(&health),
        budget,
        disable_label: settings.disable_label,
        dry_run: settings.dry_run,
        record_originals: settings.record_originals,
        large: LargeReviews::default(),
        candidate: candidate.clone(),
        fights: Arc::clone(&fights),
        traces: export.traces(),
        subject: ReviewSubject::Images,
        recent,
    };
    let servers = Servers::start(
        Listeners { tls, plain, page },
        &pair,
        reviews,
        validations,
        &health,
        &metrics,
        connections_within(os::raise_open_files(), settings.max_connections),
    )?;
    line.log(Started {
        digest: &rules.current().digest_text,
        is_last_good: rules.is_last_good(),
        tls_address: servers.tls_address,
        plain_address: servers.plain_address,
        page_address: servers.page_address,
        log_level: log.level().get(),
    });
    if matches!(settings.tls, TlsSource::SelfSigned) {
        tls::print_example_request(servers.tls_address);
    }
    let mut sets = vec![ReloadedSet::active(settings.rules, &rules, &conditions)];
    if let (Some(candidate), Some(source)) = (candidate, settings.candidate) {
        sets.push(candidate.reloaded(source));
    }
    let mut tasks = reload::start(sets, Arc::clone(&pair), level, &status, hangups);
    tasks.spawn(release);
    tasks.spawn(fights.age());
    if let Some(cluster) = settings.cluster.clone() {
        tasks.spawn(last_good::keep(
            Arc::clone(&cluster),
            rules,
            Arc::clone(&conditions),
        ));
        let handles = Handles {
            pair,
            conditions,
            status,
        };
        tasks.spawn(do_duties(cluster, handles));
    }
    let result = shut_down(
        signals,
        &health,
        servers,
        settings.cluster,
        settings.shutdown_delay,
        settings.shutdown_timeout,
    )
    .await;
    drop(tasks);
    export.shut_down().await;
    metrics.shut_down();
    result
}

/// Returns the first key pair, or the state before it.
async fn first_pair(settings: &Settings) -> Result<Arc<SharedPair>, ServeError> {
    let pair = match &settings.tls {
        TlsSource::Dir(dir) => {
            let read = dir.clone();
            let pair = os::unblock_within(MAX_READ, move || SharedPair::from_dir(&read)).await;
            pair.unwrap_or_else(|| Err(PairError::no_answer(dir)))
                .map_err(ServeError::KeyPair)?
        }
        TlsSource::SelfSigned => tls::self_signed(&settings.namespace).map_err(ServeError::SelfSigned)?,
        TlsSource::Cluster => SharedPair::missing(),
    };
    Ok(Arc::new(pair))
}

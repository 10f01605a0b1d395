//! Noticing that files in a folder may have changed.
//!
//! The folder is watched, not the files: those of a mounted ConfigMap are links, and a watch follows the link
//! to the old generation and ends with it. Behind the watch the folder is looked at every now and then, for
//! file systems that tell nothing, and for a folder that was put in the place of the watched one.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// An update of a volume is several events within a millisecond, a copy by hand some more.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// How often to look where changes are told.
const SLOW: Duration = Duration::from_secs(10);
/// How often to look where they are not.
const FAST: Duration = Duration::from_millis(500);

/// Calls `look`, on a thread where it may block, whenever something in the folder may have changed. Never ends.
pub(super) async fn watch(folder: PathBuf, look: Arc<dyn Fn() + Send + Sync>) {
    // One place is enough: a change that comes while another waits is seen by the same look.
    let (changed, mut changes) = mpsc::channel(1);
    let mut watched: Option<Watched> = None;
    let mut is_told_of = true;
    loop {
        if !watched.as_ref().is_some_and(|watched| watched.is_still(&folder)) {
            watched = match Watched::start(&folder, changed.clone()) {
                Ok(watched) => Some(watched),
                Err(error) => {
                    if is_told_of {
                        tracing::warn!(folder = %folder.display(), %error, "changes are not told, so they are looked for");
                    }
                    None
                }
            };
            is_told_of = watched.is_some();
        }
        let look = Arc::clone(&look);
        if let Err(error) = tokio::task::spawn_blocking(move || look()).await {
            tracing::error!(%error, "looking for changes failed");
        }
        let mut tick = interval(if watched.is_some() { SLOW } else { FAST });
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.tick().await;
        tokio::select! {
            _ = tick.tick() => {}
            _ = changes.recv() => {
                sleep(DEBOUNCE).await;
                while changes.try_recv().is_ok() {}
            }
        }
    }
}

/// A watch on a folder, and which folder that was.
struct Watched {
    _watcher: RecommendedWatcher,
    identity: (u64, u64),
}

impl Watched {
    fn start(folder: &Path, changed: mpsc::Sender<()>) -> notify::Result<Self> {
        let identity = identity(folder)?;
        let tell = move |event: notify::Result<Event>| {
            // To look at the folder is an event as well, which must not cause the next look. An error means
            // that events were lost.
            if event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                return;
            }
            let _ = changed.try_send(());
        };
        let mut watcher = RecommendedWatcher::new(tell, Config::default())?;
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        Ok(Self {
            _watcher: watcher,
            identity,
        })
    }

    /// Whether the watched folder is still the one of that name.
    fn is_still(&self, folder: &Path) -> bool {
        identity(folder).is_ok_and(|now| now == self.identity)
    }
}

fn identity(folder: &Path) -> std::io::Result<(u64, u64)> {
    let metadata = fs::metadata(folder)?;
    Ok((metadata.dev(), metadata.ino()))
}

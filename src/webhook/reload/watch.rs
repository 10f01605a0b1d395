//! Watches on directories whose files may change.
//!
//! The watch is on the directory, not on its files. The files of a mounted ConfigMap are symbolic links; a watch on a
//! file follows the link to the old generation, and ends when the kubelet removes it. The directory is also polled,
//! because some file systems send no events, and because another directory can replace the watched one.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use imageswap_files::MAX_READ;
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::reading::Reading;

/// Time without a reload after an event. The kubelet causes several events within a millisecond, a manual copy more.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// Poll interval with a watch.
const POLL_WITH_EVENTS: Duration = Duration::from_secs(10);
/// Poll interval without a watch.
const POLL_WITHOUT_EVENTS: Duration = Duration::from_millis(500);

/// A reload of what a directory has.
pub(super) trait Reload: Send + Sync + 'static {
    /// Reads the files and, if they have changed, makes them active. Calls [`Reading::ends`] once they are read. Blocks.
    fn reload(&self, reading: &Reading);

    /// Reports that the volume of the files does not answer. The text is the same for each of several directories, or each
    /// of them would count as another failure.
    fn report_stuck(&self);
}

/// Calls `reload`, on a thread that may block, each time a file in the directory may have changed. `files` has the
/// names of the files; `None` means all. A change of `asked` calls it too. Never returns.
pub(super) async fn watch(
    dir: PathBuf,
    files: Option<Vec<OsString>>,
    reload: Arc<dyn Reload>,
    mut asked: watch::Receiver<()>,
) {
    // A capacity of 1 is enough: one reload reads all changes before it.
    let (changed, mut changes) = mpsc::channel(1);
    let mut look = Look {
        dir: dir.into(),
        files: files.map(Into::into),
        changed,
        watched: None,
        is_reported: true,
    };
    loop {
        look = look.at(Arc::clone(&reload)).await;
        let mut tick = interval(if look.watched.is_some() {
            POLL_WITH_EVENTS
        } else {
            POLL_WITHOUT_EVENTS
        });
        // After a slow reload there is nothing to catch up with.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.tick().await;
        tokio::select! {
            _ = tick.tick() => {}
            Ok(()) = asked.changed() => {}
            _ = changes.recv() => {
                // The kubelet and editors change several files at once; one reload is enough for all.
                sleep(DEBOUNCE).await;
                while changes.try_recv().is_ok() {}
            }
        }
    }
}

/// A look at a directory: the watch on it, and what a new watch needs.
struct Look {
    dir: Arc<Path>,
    files: Option<Arc<[OsString]>>,
    changed: mpsc::Sender<()>,
    watched: Option<DirWatch>,
    /// False once the log has that there is no watch.
    is_reported: bool,
}

impl Look {
    /// Renews the watch if it is lost, and reloads. All of it blocks, even asking for the identity of the directory if
    /// its volume does not answer, so it must not run on a worker that serves requests.
    async fn at(mut self, reload: Arc<dyn Reload>) -> Self {
        let (dir, files, changed) = (Arc::clone(&self.dir), self.files.clone(), self.changed.clone());
        let reading = Arc::new(Reading::default());
        let (of_this, reloading) = (Arc::clone(&reading), Arc::clone(&reload));
        let mut blocking = tokio::task::spawn_blocking(move || {
            of_this.begins();
            self.renew_watch();
            reloading.reload(&of_this);
            self
        });
        loop {
            match timeout(MAX_READ, &mut blocking).await {
                Ok(Ok(look)) => return look,
                Ok(Err(error)) => {
                    tracing::error!(%error, "reload attempt panicked");
                    return Self {
                        dir,
                        files,
                        changed,
                        watched: None,
                        is_reported: true,
                    };
                }
                Err(_) => reading.report_if_stuck(|| reload.report_stuck()),
            }
        }
    }

    /// Watches the directory, unless the watch on it still works.
    fn renew_watch(&mut self) {
        // A directory that was removed and created again has another inode, and the old watch sees nothing.
        if self
            .watched
            .as_ref()
            .is_some_and(|watched| watched.is_same(&self.dir))
        {
            return;
        }
        self.watched = match DirWatch::start(&self.dir, self.files.clone(), self.changed.clone()) {
            Ok(watched) => Some(watched),
            Err(error) => {
                // Once for each loss of the watch, because each look tries again.
                if self.is_reported {
                    let directory = self.dir.display();
                    tracing::warn!(%directory, %error, "directory watch failed, so the directory is polled");
                }
                None
            }
        };
        self.is_reported = self.watched.is_some();
    }
}

/// A watch on a directory, with the identity of that directory.
struct DirWatch {
    _watcher: RecommendedWatcher,
    identity: (u64, u64),
    /// True once the directory has been removed, which ends the watch. Its inode number may be used again at once.
    is_removed: Arc<AtomicBool>,
}

impl DirWatch {
    fn start(dir: &Path, files: Option<Arc<[OsString]>>, changed: mpsc::Sender<()>) -> notify::Result<Self> {
        let identity = identity(dir)?;
        let this = dir.to_owned();
        let is_removed = Arc::new(AtomicBool::new(false));
        let removed = Arc::clone(&is_removed);
        let on_event = move |event: notify::Result<Event>| {
            if let Ok(event) = &event
                && event.kind.is_remove()
                && event.paths.contains(&this)
            {
                removed.store(true, Ordering::Relaxed);
            }
            // An error means that events were lost.
            if event.is_ok_and(|event| !is_relevant(&event, &this, files.as_deref())) {
                return;
            }
            let _ = changed.try_send(());
        };
        let mut watcher = RecommendedWatcher::new(on_event, Config::default())?;
        watcher.watch(dir, RecursiveMode::NonRecursive)?;
        Ok(Self {
            _watcher: watcher,
            identity,
            is_removed,
        })
    }

    /// Returns true if the path still names the watched directory.
    fn is_same(&self, dir: &Path) -> bool {
        !self.is_removed.load(Ordering::Relaxed) && identity(dir).is_ok_and(|now| now == self.identity)
    }
}

/// Returns true if one of the files may have changed. A read of the directory causes an event too, which must not cause
/// the next reload, and other processes may write other files.
fn is_relevant(event: &Event, dir: &Path, files: Option<&[OsString]>) -> bool {
    let concerns = |path: &PathBuf| {
        path == dir
            // The kubelet switches all files of a volume by this link.
            || path.file_name().is_none_or(|name| {
                name == "..data" || files.is_none_or(|files| files.iter().any(|file| file == name))
            })
    };
    // Reading the files causes such events, and would trigger the next reload.
    !matches!(event.kind, EventKind::Access(_))
        && (event.paths.is_empty() || event.paths.iter().any(concerns))
}

fn identity(dir: &Path) -> std::io::Result<(u64, u64)> {
    let metadata = fs::metadata(dir)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

    use super::*;

    /// Calls a function at each reload.
    struct Counted<F>(F);

    impl<F: Fn() + Send + Sync + 'static> Reload for Counted<F> {
        fn reload(&self, _reading: &Reading) {
            (self.0)();
        }

        fn report_stuck(&self) {
            panic!("the directory is stuck");
        }
    }

    /// Returns a receiver for requests that never come.
    fn nobody() -> watch::Receiver<()> {
        watch::channel(()).1
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn directory_is_polled_if_it_cannot_be_watched() {
        // A watch can fail because the kernel has no more watches or, as here, because the directory does not exist
        // yet.
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("maps");
        let seen = Arc::new(AtomicUsize::new(0));
        let (file, count) = (dir.join("a"), Arc::clone(&seen));
        let reload = move || {
            count.store(fs::read(&file).map_or(0, |text| text.len()), Ordering::SeqCst);
        };
        let watching = tokio::spawn(watch(
            dir.clone(),
            Some(vec!["a".into()]),
            Arc::new(Counted(reload)),
            nobody(),
        ));
        sleep(2 * DEBOUNCE).await;
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("a"), "text").unwrap();
        while seen.load(Ordering::SeqCst) != 4 {
            sleep(Duration::from_millis(5)).await;
        }
        watching.abort();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn replaced_directory_is_watched_and_other_files_are_ignored() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("maps");
        fs::create_dir(&dir).unwrap();
        let reloads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&reloads);
        let reload = move || {
            counted.fetch_add(1, Ordering::SeqCst);
        };
        let watching = tokio::spawn(watch(
            dir.clone(),
            Some(vec!["a".into()]),
            Arc::new(Counted(reload)),
            nobody(),
        ));
        let reloaded = async |times| {
            while reloads.load(Ordering::SeqCst) < times {
                sleep(Duration::from_millis(5)).await;
            }
        };
        reloaded(1).await;
        for _ in 0..100 {
            fs::write(dir.join("other"), "x").unwrap();
            fs::read_dir(&dir).unwrap().count();
        }
        sleep(4 * DEBOUNCE).await;
        assert_eq!(reloads.load(Ordering::SeqCst), 1);
        fs::write(dir.join("a"), "x").unwrap();
        reloaded(2).await;
        sleep(4 * DEBOUNCE).await;
        let before = reloads.load(Ordering::SeqCst);
        fs::rename(&dir, root.path().join("old")).unwrap();
        fs::create_dir(&dir).unwrap();
        reloaded(before + 1).await;
        sleep(4 * DEBOUNCE).await;
        let before = reloads.load(Ordering::SeqCst);
        fs::write(dir.join("a"), "y").unwrap();
        reloaded(before + 1).await;
        watching.abort();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn directory_that_is_made_again_is_watched_at_once() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("maps");
        fs::create_dir(&dir).unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let (file, count) = (dir.join("a"), Arc::clone(&seen));
        let reload = move || {
            count.store(fs::read(&file).map_or(0, |text| text.len()), Ordering::SeqCst);
        };
        let watching = tokio::spawn(watch(dir.clone(), None, Arc::new(Counted(reload)), nobody()));
        for length in 1..6 {
            // ext4 gives the new directory the inode number of the old one.
            fs::remove_dir_all(&dir).unwrap();
            fs::create_dir(&dir).unwrap();
            sleep(4 * DEBOUNCE).await;
            fs::write(dir.join("a"), "x".repeat(length)).unwrap();
            let started = Instant::now();
            while seen.load(Ordering::SeqCst) != length {
                // A dead watch would find it after the poll interval of ten seconds.
                assert!(
                    started.elapsed() < POLL_WITH_EVENTS / 2,
                    "the change was not seen"
                );
                sleep(Duration::from_millis(5)).await;
            }
        }
        watching.abort();
    }
}

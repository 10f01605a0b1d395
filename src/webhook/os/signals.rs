//! The signals that end the process, that make it check its files, and that it ignores.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Receives the signals that end the process, from the call of [`Self::listen`] on.
#[derive(Debug)]
pub(crate) struct EndSignals {
    terminate: Signal,
    quit: Signal,
    interrupt: Signal,
    /// They end a process that does not handle them. Users of gunicorn send the first two, and the third comes with a
    /// log file at its size limit.
    _ignored: [Signal; 3],
}

/// Receives SIGHUP, by which people ask a server to check its files.
#[derive(Debug)]
pub(crate) struct Hangups(Signal);

/// A signal that ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndSignal {
    /// SIGTERM, which the kubelet sends.
    Terminate,
    /// SIGQUIT, which means the same.
    Quit,
    /// SIGINT, which Ctrl+C at a terminal sends.
    Interrupt,
}

impl EndSignals {
    /// Listens for the signals.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            interrupt: signal(SignalKind::interrupt())?,
            _ignored: [
                signal(SignalKind::user_defined1())?,
                signal(SignalKind::user_defined2())?,
                signal(SignalKind::from_raw(libc::SIGXFSZ))?,
            ],
        })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> EndSignal {
        tokio::select! {
            _ = self.terminate.recv() => EndSignal::Terminate,
            _ = self.quit.recv() => EndSignal::Quit,
            _ = self.interrupt.recv() => EndSignal::Interrupt,
        }
    }
}

/// Does work that a signal must not leave half done, such as replacing a file by a temporary one. From the first call on, a
/// signal ends the process at once or, if it comes during the work, after it.
pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    static WATCH: Once = Once::new();
    // Without the thread, a signal ends the process as always.
    WATCH.call_once(|| {
        let _ = end_between_works();
    });
    let guard = WORK.lock().unwrap_or_else(PoisonError::into_inner);
    let result = work();
    drop(guard);
    while IS_ENDING.load(Ordering::Relaxed) {
        thread::park();
    }
    result
}

/// Held during work that is not interrupted.
static WORK: Mutex<()> = Mutex::new(());
/// True once a signal has come.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// Starts a thread that ends the process by the next signal, once no work is done.
fn end_between_works() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _guard = runtime.enter();
        EndSignals::listen()?
    };
    thread::Builder::new().spawn(move || {
        let signal = runtime.block_on(signals.next());
        IS_ENDING.store(true, Ordering::Relaxed);
        let _guard = WORK.lock();
        std::process::exit(signal.status())
    })?;
    Ok(())
}

impl EndSignal {
    /// Returns the exit status of a process that it ends, as shells give it.
    const fn status(self) -> i32 {
        let number = match self {
            Self::Terminate => libc::SIGTERM,
            Self::Quit => libc::SIGQUIT,
            Self::Interrupt => libc::SIGINT,
        };
        128 + number
    }

    /// Returns the name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Quit => "SIGQUIT",
            Self::Interrupt => "SIGINT",
        }
    }
}

impl Hangups {
    /// Listens for the signal.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) {
        // It ends only with the process.
        let _ = self.0.recv().await;
    }
}

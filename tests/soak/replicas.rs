//! Two replicas with the same rules and key pair. One is ended and started again now and then.

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Pair, Server, Start, Volume};

use super::IMAGESWAP;

/// Connections of each port: fewer than an attack opens.
const MAX_CONNECTIONS: &str = "200";
/// Time for which a replica that ends still serves.
const SHUTDOWN_DELAY: Duration = Duration::from_secs(2);
/// Time after which clients do not choose a replica that ends: the delay of endpoints and proxies.
const LAG: Duration = Duration::from_secs(1);

/// A replica, as clients know it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) http_address: SocketAddr,
    /// True once the process has been killed. What is in flight there fails.
    is_killed: AtomicBool,
}

/// Memory and open files of a replica.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Resident memory, in KiB.
    pub(crate) memory: u64,
    /// Peak of the resident memory, in KiB.
    pub(crate) peak: u64,
    pub(crate) descriptors: u64,
}

/// Two replicas.
#[derive(Debug)]
pub(crate) struct Replicas {
    /// Replicas that are there for clients.
    endpoints: Mutex<Vec<Arc<Endpoint>>>,
    first: Server,
    second: Mutex<Option<Server>>,
    rules: Mutex<Volume>,
    pair: Mutex<Volume>,
}

fn start(rules: PathBuf, pair: PathBuf) -> (Server, Arc<Endpoint>) {
    let delay = SHUTDOWN_DELAY.as_secs().to_string();
    let server = Start::new(IMAGESWAP)
        .args(["--tls-dir", pair.to_str().unwrap()])
        .args(["--max-connections", MAX_CONNECTIONS, "--shutdown-delay", &delay])
        .rules(&rules)
        .serve();
    let endpoint = Endpoint {
        address: server.address,
        http_address: server.http_address,
        is_killed: AtomicBool::new(false),
    };
    (server, Arc::new(endpoint))
}

/// Returns rules. Clients ask for images of Docker Hub; the others are for the attacks.
fn rules(generation: u64) -> String {
    let mut rules = format!(
        "rules v1\nswap docker.io/ -> h{}.example.com/hub/\n",
        generation % 7
    );
    // The longest answers for the shortest images.
    rules.push_str(&format!("swap r.io/ -> long.example.com/{}/\n", "x".repeat(120)));
    // The slowest patterns: the index cannot exclude any, since they have no two characters in a row of their own.
    for rule in 0..300 {
        let [one, two, three] = [rule / 100, rule / 10 % 10, rule % 10];
        rules.push_str(&format!(
            "swap a.example.com/**/a*b*{one}*{two}*{three}*/**/b -> h.example.com/b\n"
        ));
    }
    rules
}

impl Endpoint {
    /// Returns true if the process has been killed.
    pub(crate) fn is_killed(&self) -> bool {
        self.is_killed.load(Ordering::SeqCst)
    }
}

impl Replicas {
    pub(crate) fn start() -> Self {
        let pair = Volume::mount(&Pair::generate().files());
        let volume = Volume::mount(&[("10.rules", rules(0).as_bytes())]);
        let (first, one) = start(volume.path().to_owned(), pair.path().to_owned());
        let (second, other) = start(volume.path().to_owned(), pair.path().to_owned());
        Self {
            endpoints: Mutex::new(vec![one, other]),
            first,
            second: Mutex::new(Some(second)),
            rules: Mutex::new(volume),
            pair: Mutex::new(pair),
        }
    }

    /// Returns the replicas that a client may choose.
    pub(crate) fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        self.endpoints.lock().unwrap().clone()
    }

    /// Returns the replica that is never ended.
    pub(crate) fn target(&self) -> Arc<Endpoint> {
        Arc::clone(&self.endpoints.lock().unwrap()[0])
    }

    /// Returns the number of reloads of rules and of pairs with a result, on the replica that is never ended.
    pub(crate) fn reloads(&self, result: &str) -> f64 {
        let label = format!("result=\"{result}\"");
        self.first.metric("imageswap_reloads_total", &label)
    }

    /// Changes rules and pair every second.
    pub(crate) fn reload_every_second(&self, is_over: &AtomicBool) {
        let mut generation = 0;
        while !is_over.load(Ordering::Relaxed) {
            generation += 1;
            let text = rules(generation);
            self.rules
                .lock()
                .unwrap()
                .update(&[("10.rules", text.as_bytes())]);
            self.pair.lock().unwrap().update(&Pair::generate().files());
            thread::sleep(Duration::from_secs(1));
        }
    }

    /// Ends the second replica and starts it again, by SIGTERM and by SIGKILL in turn.
    pub(crate) fn restart_now_and_then(&self, is_over: &AtomicBool) {
        let mut is_gentle = true;
        let wait = |time: Duration| {
            let started = Instant::now();
            while started.elapsed() < time && !is_over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(50));
            }
        };
        loop {
            wait(Duration::from_secs(5));
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            let mut server = self.second.lock().unwrap().take().unwrap();
            if is_gentle {
                server.signal("TERM");
                thread::sleep(LAG);
                self.endpoints.lock().unwrap().truncate(1);
                assert_eq!(server.wait().code(), Some(0));
            } else {
                let endpoint = self.endpoints.lock().unwrap().pop().unwrap();
                endpoint.is_killed.store(true, Ordering::SeqCst);
                server.signal("KILL");
                server.wait();
            }
            is_gentle = !is_gentle;
            let paths = [&self.rules, &self.pair].map(|volume| volume.lock().unwrap().path().to_owned());
            let [rules, pair] = paths;
            let (server, endpoint) = start(rules, pair);
            *self.second.lock().unwrap() = Some(server);
            self.endpoints.lock().unwrap().push(endpoint);
        }
    }

    /// Returns the least figures within a time.
    pub(crate) fn least_figures(&self, time: Duration) -> Figures {
        let started = Instant::now();
        let mut least = self.figures();
        while started.elapsed() < time {
            thread::sleep(Duration::from_millis(100));
            let now = self.figures();
            least.memory = least.memory.min(now.memory);
            least.descriptors = least.descriptors.min(now.descriptors);
            least.peak = now.peak;
        }
        least
    }

    /// Returns the figures of the replica that is never ended.
    fn figures(&self) -> Figures {
        Figures {
            memory: self.first.memory(),
            peak: self.first.peak_memory(),
            descriptors: fs::read_dir(format!("/proc/{}/fd", self.first.id()))
                .unwrap()
                .count() as u64,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [memory, peak] = [self.memory, self.peak].map(|kib| kib >> 10);
        write!(
            f,
            "{memory} MiB, at most {peak} MiB so far, {} descriptors",
            self.descriptors
        )
    }
}

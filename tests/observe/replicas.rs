//! Four replicas, each with faults of its own.

use std::io::PipeReader;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use imageswap_tests_support::webhook::{Pair, Server, Start, Volume, free_address};

use crate::IMAGESWAP;

const FILE: &str = "10-mirror.rules";
const RULES: &str = "rules v1\nkeep harbor.example.com/\nkeep ghcr.io/ as theirs\n\
    deny quay.io/ because \"not here\"\nswap *.example.org/** -> h.example.com/{tag}/{name}\nswap docker.io/ -> harbor.example.com/hub/ as hub\n";

pub(crate) struct Replicas {
    /// A replica whose certificate expires soon, with a candidate.
    pub(crate) main: Server,
    /// A replica with other rules, then with rejected ones, with `--dry-run`, and with low limits.
    pub(crate) odd: Server,
    odd_rules: Volume,
    /// A replica whose log nobody reads.
    pub(crate) unread: Server,
    /// A replica that starts again and again, at the same addresses.
    restarts: Option<Server>,
    addresses: [SocketAddr; 2],
    _kept: (PipeReader, [Volume; 3]),
}

impl Replicas {
    pub(crate) fn start() -> Self {
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        let tls = Volume::mount(&Pair::between(now - hour, now + 12 * hour).files());
        let mount = |rules: &str| Volume::mount(&[(FILE, rules.as_bytes())]);
        let rules = mount(RULES);
        let candidate = mount(&RULES.replace("/hub/", "/mirror/"));
        let odd_rules = mount(&format!("{RULES}off hub\n"));
        let (reader, writer) = std::io::pipe().unwrap();
        let addresses = [free_address(), free_address()];
        Self {
            main: Start::new(IMAGESWAP)
                .args(["--tls-dir", tls.path().to_str().unwrap()])
                .args(["--candidate", candidate.path().to_str().unwrap()])
                .rules(rules.path())
                .serve(),
            odd: Start::new(IMAGESWAP)
                .self_signed()
                .args(["--dry-run", "--max-connections=20", "--max-body-memory=16"])
                .rules(odd_rules.path())
                .serve(),
            unread: Start::new(IMAGESWAP)
                .self_signed()
                .rules(rules.path())
                .serve_with_stderr(writer),
            restarts: Some(restarted(rules.path(), addresses)),
            odd_rules,
            addresses,
            _kept: (reader, [tls, rules, candidate]),
        }
    }

    /// Returns the addresses of the metrics.
    pub(crate) fn addresses(&self) -> [SocketAddr; 4] {
        let [main, odd, unread] = [&self.main, &self.odd, &self.unread].map(|replica| replica.http_address);
        [main, odd, unread, self.addresses[1]]
    }

    /// Mounts rules with an error.
    pub(crate) fn break_rules(&mut self) {
        self.odd_rules.update(&[(FILE, b"rules v1\nswap\n")]);
    }

    /// Ends a replica, and starts it again.
    pub(crate) fn restart(&mut self) {
        drop(self.restarts.take());
        let [.., rules, _] = &self._kept.1;
        self.restarts = Some(restarted(rules.path(), self.addresses));
    }
}

fn restarted(rules: &std::path::Path, [address, http_address]: [SocketAddr; 2]) -> Server {
    Start::new(IMAGESWAP)
        .self_signed()
        .only("--listen", &address.to_string())
        .only("--http-listen", &http_address.to_string())
        .rules(rules)
        .serve()
}

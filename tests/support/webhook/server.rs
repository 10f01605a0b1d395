//! A webhook for each test, which ends with the test.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::client::{self, Answer, Connection};
use super::eventually::{eventually, eventually_within};
use super::log::log_lines;

/// A webhook that serves.
#[derive(Debug)]
pub struct Server {
    pub(super) child: Child,
    pub(super) directory: TempDir,
    /// Address of the port with TLS.
    pub address: SocketAddr,
    /// Address of the port without TLS.
    pub http_address: SocketAddr,
    /// Address of the page, if there is one.
    pub page_address: Option<SocketAddr>,
}

impl Server {
    /// Opens a new connection over TLS.
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Posts a review over a new connection.
    pub fn post(&self, body: &[u8]) -> Answer {
        self.connect().post("/", body)
    }

    /// Gets a path of the port without TLS.
    pub fn get(&self, path: &str) -> Answer {
        client::get_plain(self.http_address, path).unwrap()
    }

    /// Returns the image after a review of a Pod. `None` if the answer has no patch.
    pub fn swap(&self, image: &str) -> Option<String> {
        self.post(&client::pod(&[image])).images().into_iter().next()
    }

    /// Returns the sum of all series of a metric whose labels contain `label`.
    pub fn metric(&self, name: &str, label: &str) -> f64 {
        let text = self.get("/metrics").text();
        let series = text.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']) && rest.contains(label))
        });
        series
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
            .sum()
    }

    /// Returns the series of a metric with a single label, by its value.
    pub fn series(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        let start = format!("{name}{{{label}=\"");
        let text = self.get("/metrics").text();
        let series = text
            .lines()
            .filter_map(|line| line.strip_prefix(&start)?.rsplit_once("\"} "));
        series
            .map(|(value, count)| (value.to_owned(), count.parse().unwrap()))
            .collect()
    }

    /// Returns the digest of the active set.
    pub fn digest(&self) -> String {
        let text = self.get("/metrics").text();
        let series = text.split_once("imageswap_rules_info{digest=\"").unwrap().1;
        series.split_once('"').unwrap().0.to_owned()
    }

    /// Makes a change, and waits until another set is active.
    #[track_caller]
    pub fn reloads_when(&self, change: impl FnOnce()) {
        let before = self.digest();
        change();
        eventually("another set", || {
            assert_eq!(self.get("/readyz").text(), "ready\n");
            self.digest() != before
        });
    }

    /// Returns all of its stderr.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// Returns the lines of the log.
    pub fn log(&self) -> Vec<Value> {
        log_lines(&self.directory.path().join("log"))
    }

    /// Waits until the log has a wanted line.
    pub fn wait_for_log(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut found = None;
        eventually("the line of the log", || {
            found = self.log().into_iter().find(&wanted);
            found.is_some()
        });
        found.unwrap()
    }

    /// Returns the number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns its peak memory, in KiB.
    pub fn peak_memory(&self) -> u64 {
        self.kib("VmHWM:")
    }

    /// Returns its memory, in KiB.
    pub fn memory(&self) -> u64 {
        self.kib("VmRSS:")
    }

    /// Waits until it has given memory back: until it has at most this many MiB. Returns how many it has.
    #[track_caller]
    pub fn gives_back(&self, limit: u64) -> u64 {
        let mut now = 0;
        let what = format!("a memory of at most {limit} MiB");
        eventually_within(Duration::from_secs(30), &what, || {
            now = self.memory() >> 10;
            now <= limit
        });
        now
    }

    fn kib(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Returns the CPU time that it has taken. The kernel counts it in hundredths of a second.
    pub fn cpu_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // Fields 14 and 15, of which the first two end with the name in parentheses.
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11);
        let ticks: u64 = fields.take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(10 * ticks)
    }

    /// Sends a signal, by its name without `SIG`.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits until SIGTERM does not simply kill it any more.
    pub fn wait_for_signal_handler(&self) {
        const TERM: u64 = 1 << 14;
        let status = format!("/proc/{}/status", self.child.id());
        eventually("the handler of the signal", || {
            let status = fs::read_to_string(&status).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t"));
            caught.is_some_and(|caught| u64::from_str_radix(caught, 16).unwrap() & TERM != 0)
        });
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Returns true if it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!(
                "{}",
                fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
            );
        }
    }
}

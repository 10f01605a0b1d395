//! A webhook of its own for each test, ended when the test is over.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::{self, Answer, Connection};

/// A map that every test can start from.
pub(crate) const MAP: &str = "default::\ndocker.io::mirror.example.com/hub\n";

/// A webhook that serves.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) http_address: SocketAddr,
}

/// How a webhook is started.
pub(crate) struct Start {
    command: Command,
    folder: TempDir,
}

impl Start {
    /// With the arguments that every test needs: free ports, and a log to read.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command();
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--http-listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
        ]);
        Self { command, folder }
    }

    /// As a Deployment of imageswap-webhook calls it: all that it is told stands in variables.
    pub(crate) fn as_gunicorn() -> Self {
        use std::os::unix::process::CommandExt as _;
        let mut start = Self::new();
        let mut command = self::command();
        command
            .arg0("/usr/bin/gunicorn")
            .args(["imageswap:app", "--config=config.py"]);
        command
            .env("IMAGESWAP_LISTEN", "127.0.0.1:0")
            .env("IMAGESWAP_HTTP_LISTEN", "127.0.0.1:0");
        start.command = command;
        start
    }

    pub(crate) fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn self_signed(self) -> Self {
        self.args(["--self-signed"])
    }

    /// From the folder that the repository is in.
    pub(crate) fn in_repository(mut self) -> Self {
        self.command.current_dir(env!("CARGO_MANIFEST_DIR"));
        self
    }

    /// With another address of a port.
    pub(crate) fn only(mut self, option: &str, address: &str) -> Self {
        let arguments: Vec<_> = self.command.get_args().map(ToOwned::to_owned).collect();
        let mut command = command();
        let mut is_value = false;
        for argument in arguments {
            command.arg(if is_value {
                address.into()
            } else {
                argument.clone()
            });
            is_value = argument == option;
        }
        self.command = command;
        self
    }

    /// With this map, in a file that stays as it is.
    pub(crate) fn map(self, text: &str) -> Self {
        let path = self.folder.path().join("maps.conf");
        fs::write(&path, text).unwrap();
        self.args(["--maps-file", path.to_str().unwrap()])
    }

    /// With the rules of this file or directory.
    pub(crate) fn rules(self, path: &Path) -> Self {
        self.args(["--rules", path.to_str().unwrap()])
    }

    /// With a prefix for every image.
    pub(crate) fn prefix(self, prefix: &str) -> Self {
        self.args(["--mode", "legacy", "--image-prefix", prefix])
    }

    /// Starts it, and waits until it serves.
    pub(crate) fn serve(mut self) -> Server {
        let log = self.folder.path().join("log");
        self.command
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap());
        let mut child = self.command.spawn().unwrap();
        let started = Instant::now();
        loop {
            let lines = lines(&log);
            if let Some(serving) = lines.iter().find(|line| line["message"] == "serving") {
                let address = |field: &str| serving[field].as_str().unwrap().parse().unwrap();
                return Server {
                    address: address("address"),
                    http_address: address("http_address"),
                    child,
                    folder: self.folder,
                };
            }
            let text = fs::read_to_string(&log).unwrap();
            assert!(child.try_wait().unwrap().is_none(), "it ended: {text}");
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "it does not serve: {text}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs it to its end: its exit status, and what it wrote to stderr.
    pub(crate) fn fail(mut self) -> (Option<i32>, String) {
        let output = self.command.stdin(Stdio::null()).output().unwrap();
        assert!(output.stdout.is_empty());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

/// The binary, with nothing of ours in its environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imageswap"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("IMAGE") {
            command.env_remove(name);
        }
    }
    command
}

impl Server {
    /// With the map that every test can start from.
    pub(crate) fn start() -> Self {
        Start::new().self_signed().map(MAP).serve()
    }

    /// A new connection over TLS.
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Posts a review over a connection of its own.
    pub(crate) fn post(&self, body: &[u8]) -> Answer {
        self.connect().post("/", body)
    }

    /// Gets a path of the port without TLS.
    pub(crate) fn get(&self, path: &str) -> Answer {
        client::get_plain(self.http_address, path)
    }

    /// What an image becomes in a Pod; `None` where there is no patch.
    pub(crate) fn swap(&self, image: &str) -> Option<String> {
        self.post(&client::pod(&[image])).images().into_iter().next()
    }

    /// The sum of all series of a metric whose labels hold `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> f64 {
        let text = self.get("/metrics").text();
        let series = text.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']) && rest.contains(label))
        });
        series
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
            .sum()
    }

    /// Which set is in force.
    pub(crate) fn digest(&self) -> String {
        let text = self.get("/metrics").text();
        let series = text.split_once("imageswap_rules_info{digest=\"").unwrap().1;
        series.split_once('"').unwrap().0.to_owned()
    }

    /// Changes something, and waits until another set is in force.
    #[track_caller]
    pub(crate) fn reloads_when(&self, change: impl FnOnce()) {
        let before = self.digest();
        change();
        eventually("another set", || {
            assert_eq!(self.get("/readyz").text(), "ready\n");
            self.digest() != before
        });
    }

    /// All that it wrote to stderr.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The lines of the log.
    pub(crate) fn log(&self) -> Vec<Value> {
        lines(&self.folder.path().join("log"))
    }

    /// Waits until the log has a line that is asked for.
    pub(crate) fn wait_for_log(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut found = None;
        eventually("the line of the log", || {
            found = self.log().into_iter().find(&wanted);
            found.is_some()
        });
        found.unwrap()
    }

    /// The most memory that it has held, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
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
                fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
            );
        }
    }
}

/// The JSON objects of a log; what is for people is left out.
fn lines(log: &Path) -> Vec<Value> {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// Waits until something is so: longer than it should ever take, but not as long as the slow look for changed
/// files, which is there for file systems that tell nothing.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(8), "{what} never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A folder of the conformance vectors.
pub(crate) fn conformance(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/conformance")
        .join(path)
}

/// A real review.
pub(crate) fn real(file: &str) -> Vec<u8> {
    fs::read(conformance("reviews").join(file)).unwrap()
}

//! The start of a webhook.

use std::ffi::OsStr;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::eventually::eventually;
use super::log::log_lines;
use super::server::Server;
use crate::repository;

/// A map that every test can start from.
pub const MAP: &str = "default::\ndocker.io::mirror.example.com/hub\n";

/// Message of the error that ends a webhook.
pub const STOPPED: &str = "stopped by an error";

/// The command line of a webhook.
pub struct Start {
    command: Command,
    directory: TempDir,
}

impl Start {
    /// Arguments that every test needs: free ports, and a log to read.
    pub const ARGUMENTS: [&str; 7] = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--http-listen",
        "127.0.0.1:0",
        "--log-format",
        "json",
    ];

    /// Starts the program with [`Self::ARGUMENTS`].
    pub fn new(program: &str) -> Self {
        Self::of(command(program)).args(Self::ARGUMENTS)
    }

    /// Starts a command that runs the program, such as that of a container.
    pub fn of(command: Command) -> Self {
        Self {
            command,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// Calls the program as a Deployment of imageswap-webhook v1.5.3 does, with all settings in variables.
    pub fn as_gunicorn(program: &str) -> Self {
        use std::os::unix::process::CommandExt as _;
        let mut start = Self::new(program);
        let mut command = command(program);
        command
            .arg0("/usr/bin/gunicorn")
            .args(["imageswap:app", "--config=config.py"]);
        command
            .env("IMAGESWAP_LISTEN", "127.0.0.1:0")
            .env("IMAGESWAP_HTTP_LISTEN", "127.0.0.1:0");
        start.command = command;
        start
    }

    /// Adds arguments.
    pub fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds `--self-signed`.
    pub fn self_signed(self) -> Self {
        self.args(["--self-signed"])
    }

    /// Sets the directory of the repository as working directory.
    pub fn in_repository(mut self) -> Self {
        self.command.current_dir(repository::path(""));
        self
    }

    /// Sets another address of a port.
    pub fn only(mut self, option: &str, address: &str) -> Self {
        let arguments: Vec<_> = self.command.get_args().map(ToOwned::to_owned).collect();
        let mut command = command(self.command.get_program());
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

    /// Sets a map, in a file that does not change.
    pub fn map(self, text: &str) -> Self {
        let path = self.directory.path().join("maps.conf");
        fs::write(&path, text).unwrap();
        self.args(["--maps-file", path.to_str().unwrap()])
    }

    /// Sets the rules to a file or directory.
    pub fn rules(self, path: &Path) -> Self {
        self.args(["--rules", path.to_str().unwrap()])
    }

    /// Sets LEGACY mode with a prefix.
    pub fn prefix(self, prefix: &str) -> Self {
        self.args(["--mode", "legacy", "--image-prefix", prefix])
    }

    /// Starts it, and waits until it serves.
    pub fn serve(mut self) -> Server {
        let log = self.directory.path().join("log");
        self.command
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap());
        let mut child = self.command.spawn().unwrap();
        let started = Instant::now();
        loop {
            let lines = log_lines(&log);
            if let Some(serving) = lines.iter().find(|line| line["message"] == "serving") {
                let address = |field: &str| serving[field].as_str().unwrap().parse().unwrap();
                return Server {
                    address: address("address"),
                    http_address: address("http_address"),
                    page_address: serving["page_address"]
                        .as_str()
                        .map(|address| address.parse().unwrap()),
                    child,
                    directory: self.directory,
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

    /// Starts it, and does not wait until it serves. Its addresses are not known.
    pub fn spawn(mut self) -> Server {
        let log = fs::File::create(self.directory.path().join("log")).unwrap();
        self.command.stdout(Stdio::null()).stderr(log);
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        Server {
            address: unknown,
            http_address: unknown,
            page_address: None,
            child: self.command.spawn().unwrap(),
            directory: self.directory,
        }
    }

    /// Starts it with this stderr, which nothing reads here, and waits until it serves.
    pub fn serve_with_stderr(self, stderr: impl Into<Stdio>) -> Server {
        let (address, http_address) = (free_address(), free_address());
        let mut start = self
            .only("--listen", &address.to_string())
            .only("--http-listen", &http_address.to_string());
        start.command.stdout(Stdio::null()).stderr(stderr);
        let child = start.command.spawn().unwrap();
        eventually("the webhook", || TcpStream::connect(http_address).is_ok());
        Server {
            address,
            http_address,
            page_address: None,
            child,
            directory: start.directory,
        }
    }

    /// Runs it to its end, and returns its exit status, and the lines of its log. All of its stderr is JSON.
    pub fn end(mut self) -> (Option<i32>, Vec<Value>) {
        let output = self.command.stdin(Stdio::null()).output().unwrap();
        assert!(output.stdout.is_empty());
        let stderr = String::from_utf8(output.stderr).unwrap();
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {stderr}"));
        (output.status.code(), stderr.lines().map(parse).collect())
    }

    /// Runs it to its end, and returns its exit status, and its log, in which the error that ended it has the form that
    /// it has for people.
    pub fn fail(self) -> (Option<i32>, String) {
        let (status, log) = self.end();
        let text = |line: Value| match line["message"].as_str() {
            Some(STOPPED) => {
                assert_eq!(
                    (line["level"].as_str(), line["exit_status"].as_i64()),
                    (Some("ERROR"), status.map(i64::from))
                );
                format!("imageswap: {}\n", line["error"].as_str().unwrap())
            }
            _ => format!("{line}\n"),
        };
        (status, log.into_iter().map(text).collect())
    }
}

impl Server {
    /// Starts the program with [`MAP`] and a certificate of its own.
    pub fn start(program: &str) -> Self {
        Start::new(program).self_signed().map(MAP).serve()
    }
}

/// Returns an address whose port was free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Returns the program, with nothing of ours in its environment.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("IMAGE") {
            command.env_remove(name);
        }
    }
    command
}

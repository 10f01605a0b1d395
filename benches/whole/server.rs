//! The servers: processes of their own, on the first core.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client;

/// A server that answers, until it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    /// Time from the start until it is ready, in milliseconds.
    pub(crate) ready_after: f64,
}

impl Server {
    /// The webhook with a map, with metrics, and logs at info into a file.
    pub(crate) fn webhook(map: &Path, directory: &Path) -> Self {
        Self::serve("0", &["--maps-file".as_ref(), map.as_os_str()], directory)
    }

    /// The webhook with a directory of rules, on these cores.
    pub(crate) fn with_rules(rules: &Path, directory: &Path, cores: &str) -> Self {
        Self::serve(cores, &["--rules".as_ref(), rules.as_os_str()], directory)
    }

    /// The webhook with a directory of rules and a candidate, on one core.
    pub(crate) fn with_candidate(rules: &Path, candidate: &Path, directory: &Path) -> Self {
        let arguments = [
            "--rules".as_ref(),
            rules.as_os_str(),
            "--candidate".as_ref(),
            candidate.as_os_str(),
        ];
        Self::serve("0", &arguments, directory)
    }

    fn serve(cores: &str, rules: &[&OsStr], directory: &Path) -> Self {
        let (port, plain) = (free_port(), free_port());
        let log = File::create(directory.join(format!("log-{port}"))).expect("a writable directory");
        let mut command = on_cores(cores, env!("CARGO_BIN_EXE_imageswap"));
        command.args([
            "serve",
            "--self-signed",
            "--log-level",
            "info",
            "--log-format",
            "json",
        ]);
        command
            .args(rules)
            .args(["--listen", &format!("127.0.0.1:{port}")]);
        command.args(["--http-listen", &format!("127.0.0.1:{plain}")]);
        command.stdout(Stdio::null()).stderr(log);
        Self::start(command, port)
    }

    /// The floor.
    pub(crate) fn floor() -> Self {
        let port = free_port();
        let this = std::env::current_exe().expect("this program");
        let mut command = on_core(0, this.to_str().expect("a path in UTF-8"));
        command.args(["floor", &port.to_string()]);
        Self::start(command, port)
    }

    fn start(mut command: Command, port: u16) -> Self {
        let started = Instant::now();
        let child = command.spawn().expect("taskset, of the package util-linux");
        let mut server = Self {
            child,
            port,
            ready_after: 0.0,
        };
        while !client::is_answered(port) {
            assert!(
                server.child.try_wait().expect("a child").is_none(),
                "the server ended at once"
            );
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "the server does not answer"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        server.ready_after = started.elapsed().as_secs_f64() * 1000.0;
        server
    }

    /// The CPU time that it has used, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        let mut nanoseconds = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))
            .expect("a process")
            .flatten()
        {
            let statistics = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            nanoseconds += statistics
                .split(' ')
                .next()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0.0);
        }
        nanoseconds / 1e9
    }

    /// The memory that it holds, in MiB.
    pub(crate) fn resident(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most memory that it has held, in MiB.
    pub(crate) fn peak(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .expect("a field of the kernel's");
        line.trim()
            .trim_end_matches(" kB")
            .parse::<f64>()
            .expect("a number")
            / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that runs on one core only.
pub(crate) fn on_core(core: usize, program: &str) -> Command {
    on_cores(&core.to_string(), program)
}

/// A command that runs on some cores only, as `taskset` names them.
fn on_cores(cores: &str, program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", cores, program]);
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

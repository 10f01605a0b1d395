//! Volumes and files that are never read to their end: they stop neither the start nor a reload nor the shutdown.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Pair, Server, Start, command, eventually, eventually_within};
use tempfile::TempDir;

use crate::IMAGESWAP;

const RULES: &str = "rules v1\nswap docker.io/ -> h.example.com/hub/\n";
/// The reason after ten seconds without an answer.
const NO_ANSWER: &str = "its volume has not answered for 10 s";

/// A directory whose volume hangs on demand.
struct HangingVolume {
    root: TempDir,
    library: PathBuf,
}

impl HangingVolume {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("volume")).unwrap();
        let library = root.path().join("hanging.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webhook/hanging.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        assert!(compiled.unwrap().success());
        Self { root, library }
    }

    fn path(&self) -> PathBuf {
        self.root.path().join("volume")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn flag(&self) -> PathBuf {
        self.root.path().join("volume.hangs")
    }

    fn hang(&self) {
        fs::write(self.flag(), "").unwrap();
    }

    fn recover(&self) {
        fs::remove_file(self.flag()).unwrap();
    }

    /// Returns the program with the library.
    fn command(&self) -> Command {
        let mut command = command(IMAGESWAP);
        command
            .env("LD_PRELOAD", &self.library)
            .env("HANGING", self.path());
        command
    }

    /// Returns the names of the files.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Returns a start of the webhook with the library.
    fn start(&self) -> Start {
        // One worker, so that a call that blocks it stops everything.
        Start::new(IMAGESWAP)
            .env("LD_PRELOAD", self.library.to_str().unwrap())
            .env("HANGING", self.path().to_str().unwrap())
            .env("TOKIO_WORKER_THREADS", "1")
            .args(["--shutdown-delay", "0"])
    }
}

fn swaps(server: &Server) -> bool {
    server.swap("acme/x").as_deref() == Some("h.example.com/hub/acme/x")
}

fn readyz(server: &Server) -> String {
    server.get("/readyz").text()
}

/// Writes a pair into a directory.
fn write_pair(directory: &Path) {
    for (name, text) in Pair::generate().files() {
        fs::write(directory.join(name), text).unwrap();
    }
}

#[test]
fn start_ends_with_a_reason_if_a_volume_hangs() {
    let volumes = [HangingVolume::new(), HangingVolume::new(), HangingVolume::new()];
    let [rules, map, pair] = &volumes;
    rules.write("10.rules", RULES);
    map.write("maps", "default::\n");
    write_pair(&pair.path());
    for volume in &volumes {
        volume.hang();
    }
    let map_path = map.path().join("maps");
    let starts = [
        rules.start().self_signed().rules(&rules.path()),
        map.start()
            .self_signed()
            .args(["--maps-file", map_path.to_str().unwrap()]),
        pair.start()
            .prefix("h.example.com")
            .args(["--tls-dir", pair.path().to_str().unwrap()]),
    ];
    let started = Instant::now();
    let ends = thread::scope(|scope| {
        let threads = starts.map(|start| scope.spawn(|| start.fail()));
        threads.map(|thread| thread.join().unwrap())
    });
    // All three wait at the same time.
    let took = started.elapsed();
    let expected = Duration::from_secs(5)..Duration::from_secs(100);
    assert!(expected.contains(&took), "{took:?}");
    for ((status, stderr), path) in ends.into_iter().zip([rules.path(), map_path, pair.path()]) {
        let last = stderr.lines().last().unwrap_or_default();
        assert_eq!(status, Some(1), "{stderr}");
        assert!(last.contains(NO_ANSWER), "{stderr}");
        assert!(last.contains(path.to_str().unwrap()), "{stderr}");
    }
}

#[test]
fn signal_ends_a_start_that_hangs() {
    let volume = HangingVolume::new();
    volume.write("10.rules", RULES);
    volume.hang();
    let mut server = volume.start().self_signed().rules(&volume.path()).spawn();
    server.wait_for_signal_handler();
    let started = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.stderr());
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(
        server
            .stderr()
            .contains("shutdown requested before the start was complete"),
        "{}",
        server.stderr()
    );
}

#[test]
fn reload_that_hangs_stops_nothing_and_is_reported() {
    let volume = HangingVolume::new();
    let pair = tempfile::tempdir().unwrap();
    write_pair(pair.path());
    volume.write("10.rules", RULES);
    let mut server = volume
        .start()
        .args(["--tls-dir", pair.path().to_str().unwrap()])
        .rules(&volume.path())
        .serve();
    let certificate = server.connect().certificate();
    volume.hang();
    volume.write("10.rules", "rules v1\nswap docker.io/ -> h.example.com/new/\n");
    let started = Instant::now();
    eventually_within(Duration::from_secs(100), "the reason", || {
        assert!(swaps(&server));
        readyz(&server).contains(NO_ANSWER)
    });
    assert!(started.elapsed() > Duration::from_secs(5));
    assert_eq!(server.get("/readyz").status, 200);
    // The pair is on another volume.
    write_pair(pair.path());
    eventually("the new pair", || server.connect().certificate() != certificate);
    volume.recover();
    eventually("the end of the failure", || readyz(&server) == "ready\n");
    assert_eq!(server.swap("x").as_deref(), Some("h.example.com/new/library/x"));

    volume.hang();
    volume.write("10.rules", RULES);
    thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// Puts something else where a file was.
type Replace = fn(&Path);

/// Returns what is there instead of a file, each with the reason that a message gives.
fn not_files() -> [(Replace, &'static str); 6] {
    [
        (
            |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
            "it is not a regular file",
        ),
        (
            |path| drop(UnixListener::bind(path).unwrap()),
            "it is not a regular file",
        ),
        (
            |path| symlink("/dev/zero", path).unwrap(),
            "it is not a regular file",
        ),
        (
            |path| symlink("/dev/tty", path).unwrap(),
            "it is not a regular file",
        ),
        (
            |path| symlink(path.file_name().unwrap(), path).unwrap(),
            "Too many levels of symbolic links",
        ),
        (
            |path| {
                let file = fs::File::create(path).unwrap();
                file.set_len(1 << 40).unwrap();
            },
            "it is longer than",
        ),
    ]
}

#[test]
fn what_is_not_a_file_neither_hangs_nor_replaces_the_active_version() {
    let directory = tempfile::tempdir().unwrap();
    write_pair(directory.path());
    fs::write(directory.path().join("10.rules"), RULES).unwrap();
    let server = Start::new(IMAGESWAP)
        .args(["--tls-dir", directory.path().to_str().unwrap()])
        .rules(&directory.path().join("10.rules"))
        .serve();
    for name in ["10.rules", "cert.pem", "key.pem"] {
        let path = directory.path().join(name);
        let kept = fs::read(&path).unwrap();
        for (replace, reason) in not_files() {
            fs::remove_file(&path).unwrap();
            replace(&path);
            eventually(&format!("{name}: {reason}"), || {
                let body = readyz(&server);
                body.contains(name) && body.contains(reason)
            });
            assert!(swaps(&server));
            fs::remove_file(&path).unwrap();
            fs::write(&path, &kept).unwrap();
            eventually("the file", || readyz(&server) == "ready\n");
        }
    }
}

#[test]
fn what_is_not_a_file_ends_the_start() {
    let not_files = not_files();
    for name in ["10.rules", "maps", "cert.pem", "key.pem"] {
        for (replace, reason) in &not_files {
            let directory = tempfile::tempdir().unwrap();
            write_pair(directory.path());
            let path = directory.path().join(name);
            let _ = fs::remove_file(&path);
            replace(&path);
            let start = Start::new(IMAGESWAP).args(["--tls-dir", directory.path().to_str().unwrap()]);
            let start = match name {
                "10.rules" => start.rules(directory.path()),
                "maps" => start.args(["--maps-file", path.to_str().unwrap()]),
                _ => start.prefix("h.example.com"),
            };
            let (status, stderr) = start.fail();
            let last = stderr.lines().last().unwrap_or_default();
            assert_eq!(status, Some(1), "{stderr}");
            assert!(last.contains(name) && last.contains(reason), "{stderr}");
        }
    }
}

#[test]
fn signal_during_a_write_leaves_no_temporary_file() {
    let volume = HangingVolume::new();
    let path = |name: &str| volume.path().join(name).to_str().unwrap().to_owned();
    let flag = volume.root.path().join("volume.syncs");
    for (signal, status) in [("INT", 130), ("TERM", 143), ("QUIT", 131)] {
        volume.write("a.rules", "rules v1\nswap   docker.io/ -> h.example.com/\n");
        volume.write("b.rules", "rules v1\nswap   quay.io/ -> h.example.com/\n");
        let _ = fs::remove_file(path("c.rules"));
        let mut fmt = volume.command();
        fmt.args(["fmt", &path("")]);
        let mut migrate = volume.command();
        migrate.args([
            "migrate",
            "--image-prefix",
            "h.example.com/hub",
            "--output",
            &path("c.rules"),
        ]);
        for (mut command, names) in [
            (fmt, &["a.rules", "b.rules"][..]),
            (migrate, &["a.rules", "b.rules", "c.rules"]),
        ] {
            fs::write(&flag, "").unwrap();
            let mut child = command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            eventually("the temporary file", || volume.names()[0].ends_with(".tmp"));
            let id = child.id().to_string();
            let sent = Command::new("kill").args(["-s", signal, &id]).status();
            assert!(sent.unwrap().success());
            thread::sleep(Duration::from_millis(100));
            fs::remove_file(&flag).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(status), "{signal} {command:?}");
            assert_eq!(volume.names(), names);
        }
        // The first file is whole, and the second one was not begun.
        let text = |name| fs::read_to_string(path(name)).unwrap();
        assert_eq!(text("a.rules"), "rules v1\nswap  docker.io/  -> h.example.com/\n");
        assert!(text("b.rules").contains("swap   quay.io/"));
        assert!(text("c.rules").starts_with("rules v1\n") || text("c.rules").contains("\nrules v1\n"));
    }
}

#[test]
fn signal_after_a_write_ends_the_command_at_once() {
    let volume = HangingVolume::new();
    volume.write("a.rules", "rules v1\nswap   docker.io/ -> h.example.com/\n");
    let file = volume.path().join("a.rules");
    for signal in ["INT", "TERM", "QUIT"] {
        volume.write("a.rules", "rules v1\nswap   docker.io/ -> h.example.com/\n");
        // The second path is stdin, which has no end.
        let mut child = volume
            .command()
            .args(["fmt", file.to_str().unwrap(), "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the formatted file", || {
            fs::read_to_string(&file)
                .unwrap()
                .contains("swap  docker.io/  ->")
        });
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
        eventually("its end", || child.try_wait().unwrap().is_some());
        assert!(!child.wait().unwrap().success());
    }
}

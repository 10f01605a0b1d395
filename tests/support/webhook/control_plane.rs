//! A Kubernetes control plane of its own for each test: etcd, API server, controller manager and kubectl, built from
//! source (`tests/control-plane`). There is no node, so Pods stay Pending; all that happens before is real.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::repository;

/// A control plane, which ends with the test.
pub struct ControlPlane {
    /// Program under test.
    program: PathBuf,
    parts: Vec<Child>,
    directory: TempDir,
}

/// The result of a command line.
#[derive(Debug)]
pub struct Ran {
    /// True if the exit status is 0.
    pub is_success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Maximum time for any step, long enough for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

const AUDIT_POLICY: &str =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n";

impl ControlPlane {
    /// Starts a control plane, and waits until it takes Pods; `None` unless a variable asks for it.
    ///
    /// `program` is the one that `imageswap` means in its command lines. The control plane is built into `build`.
    pub fn start(program: &str, build: &str) -> Option<Self> {
        if std::env::var_os("IMAGESWAP_TEST_CLUSTER").is_none() {
            eprintln!("not run: it builds a control plane, which needs Go; IMAGESWAP_TEST_CLUSTER=1 runs it");
            return None;
        }
        let mut plane = Self {
            program: program.into(),
            parts: Vec::new(),
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(plane.path("bin")).unwrap();
        for part in ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] {
            symlink(built(build), plane.path("bin").join(part)).unwrap();
        }
        let key = rcgen::KeyPair::generate().unwrap();
        plane.write("service-account.key", &key.serialize_pem());
        plane.write("service-account.pub", &key.public_key_pem());
        plane.write("tokens.csv", "of-the-tests,admin,admin,system:masters\n");
        plane.write("audit.yaml", AUDIT_POLICY);

        let etcd = format!("http://127.0.0.1:{}", free_port());
        plane.part(
            "etcd",
            &["--data-dir=etcd", &format!("--listen-client-url={etcd}")],
        );
        let port = free_port();
        plane.write("kubeconfig", &kubeconfig(port));
        plane.part(
            "kube-apiserver",
            &[
                &format!("--etcd-servers={etcd}"),
                "--bind-address=127.0.0.1",
                &format!("--secure-port={port}"),
                "--cert-dir=certificates",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=service-account.pub",
                "--service-account-signing-key-file=service-account.key",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--token-auth-file=tokens.csv",
                "--authorization-mode=RBAC",
                "--allow-privileged=true",
                "--audit-policy-file=audit.yaml",
                "--audit-log-path=audit.log",
            ],
        );
        plane.wait("an API server", |plane| {
            plane.run("kubectl get --raw /readyz").is_success
        });
        plane.part(
            "kube-controller-manager",
            &[
                "--kubeconfig=kubeconfig",
                "--service-account-private-key-file=service-account.key",
                "--use-service-account-credentials=false",
                "--leader-elect=false",
                "--secure-port=0",
            ],
        );
        plane.wait_for_service_account("default");
        Some(plane)
    }

    /// Creates a namespace with labels (`KEY=VALUE`), and waits until it accepts Pods.
    pub fn namespace(&self, name: &str, labels: &str) {
        self.succeed(&format!("kubectl create namespace {name}"));
        if !labels.is_empty() {
            self.succeed(&format!("kubectl label namespace {name} {labels}"));
        }
        self.wait_for_service_account(name);
    }

    /// Runs a command line that has to succeed, and returns its stdout.
    #[track_caller]
    pub fn succeed(&self, line: &str) -> String {
        let ran = self.run(line);
        assert!(ran.is_success, "{line}\n{}{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// Returns the output of kubectl in JSON.
    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.succeed(line)).unwrap()
    }

    /// Runs a command line in the directory of the test, with `kubectl` and `imageswap` in its path.
    pub fn run(&self, line: &str) -> Ran {
        let binary = self.program.parent().unwrap();
        let mut path = vec![self.path("bin"), binary.to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(self.directory.path())
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("KUBECONFIG", self.path("kubeconfig"))
            // kubectl would use a cache of one API server for that of the next test.
            .env("KUBECACHEDIR", self.path("cache"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran {
            is_success: output.status.success(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Applies a manifest.
    #[track_caller]
    pub fn apply(&self, manifest: &str) {
        self.write("manifest.yaml", manifest);
        self.succeed("kubectl apply -f manifest.yaml");
    }

    /// Reads a file of the directory in which command lines run.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Waits until a condition is true.
    #[track_caller]
    pub fn wait(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < TIMEOUT, "{what} never came: {}", self.logs());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn wait_for_service_account(&self, namespace: &str) {
        let line = format!("kubectl get serviceaccount default -n {namespace}");
        self.wait("the service account", |plane| plane.run(&line).is_success);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn part(&mut self, name: &str, arguments: &[&str]) {
        let log = fs::File::create(self.path(&format!("{name}.log"))).unwrap();
        let child = Command::new(self.path("bin").join(name))
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.parts.push(child);
    }

    /// Returns the last lines of the log of each part.
    fn logs(&self) -> String {
        let last = |part: &str| {
            let text = fs::read_to_string(self.path(&format!("{part}.log"))).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let lines = lines[lines.len().saturating_sub(15)..].join("\n");
            format!("\n== {part}\n{lines}")
        };
        ["etcd", "kube-apiserver", "kube-controller-manager"]
            .map(last)
            .concat()
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // The parts stop in reverse order, so that none waits for another.
        for part in self.parts.iter_mut().rev() {
            let _ = part.kill();
            let _ = part.wait();
        }
    }
}

/// Builds the program once, and returns its path.
fn built(directory: &str) -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let program = Path::new(directory).join("control-plane");
        let build = repository::path("tests/control-plane/build");
        let status = Command::new(build).arg(&program).status().unwrap();
        assert!(status.success(), "the control plane can't be built");
        program
    })
}

fn kubeconfig(port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: tests\n\
         clusters: [{{name: tests, cluster: {{server: 'https://127.0.0.1:{port}', \
         certificate-authority: certificates/apiserver.crt}}}}]\n\
         users: [{{name: admin, user: {{token: of-the-tests}}}}]\n\
         contexts: [{{name: tests, context: {{cluster: tests, user: admin}}}}]\n"
    )
}

/// Returns a free port. Another process may take it first, but this is unlikely: the system assigns ports in turn.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

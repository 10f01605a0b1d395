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

use super::node::{API_SERVER, Node, enter_network};
use super::pair::authority;
use crate::repository;

/// A control plane, which ends with the test.
pub struct ControlPlane {
    /// Program under test.
    program: PathBuf,
    parts: Vec<Child>,
    /// Arguments of the API server, to start it again.
    api_server: Vec<String>,
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
        Self::start_parts(program, build, Ipv4Addr::LOCALHOST, &[])
    }

    /// Starts a control plane in a network of its own, with a node that runs `program` for each Pod of some
    /// namespaces.
    pub fn start_with_node(program: &str, build: &str, namespaces: &[&str]) -> Option<(Self, Node)> {
        Self::start_with_options(program, build, namespaces, &[])
    }

    /// Starts a control plane with a node, and further options of the API server.
    pub fn start_with_options(
        program: &str,
        build: &str,
        namespaces: &[&str],
        options: &[&str],
    ) -> Option<(Self, Node)> {
        is_wanted().then(enter_network)?;
        let plane = Self::start_parts(program, build, API_SERVER, options)?;
        let kubectl = plane.command(&plane.path("bin/kubectl").to_string_lossy());
        let node = Node::start(kubectl, &plane.program, namespaces, plane.directory.path());
        Some((plane, node))
    }

    fn start_parts(program: &str, build: &str, address: Ipv4Addr, options: &[&str]) -> Option<Self> {
        if !is_wanted() {
            return None;
        }
        let mut plane = Self {
            program: program.into(),
            parts: Vec::new(),
            api_server: Vec::new(),
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(plane.path("bin")).unwrap();
        for part in ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] {
            symlink(built(build), plane.path("bin").join(part)).unwrap();
        }
        let key = rcgen::KeyPair::generate().unwrap();
        plane.write("service-account.key", &key.serialize_pem());
        plane.write("service-account.pub", &key.public_key_pem());
        let (certificate, key) = signing_authority();
        plane.write("cluster-signing.crt", &certificate);
        plane.write("cluster-signing.key", &key);
        plane.write("tokens.csv", "of-the-tests,admin,admin,system:masters\n");
        plane.write("audit.yaml", AUDIT_POLICY);

        let etcd = format!("http://127.0.0.1:{}", free_port());
        plane.part(
            "etcd",
            &["--data-dir=etcd", &format!("--listen-client-url={etcd}")],
        );
        let port = free_port();
        plane.write("kubeconfig", &kubeconfig(address, port));
        plane.api_server = [
            &format!("--etcd-servers={etcd}"),
            &format!("--bind-address={address}"),
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
        ]
        .iter()
        .chain(options)
        .map(|&option| option.to_owned())
        .collect();
        plane.start_api_server();
        // For the ConfigMap `kube-root-ca.crt` that Pods mount. The CA follows the certificate that it signed.
        let chain = plane.read("certificates/apiserver.crt");
        let last = chain.rfind("-----BEGIN").expect("a CA");
        plane.write("root-ca.crt", &chain[last..]);
        plane.part(
            "kube-controller-manager",
            &[
                "--kubeconfig=kubeconfig",
                "--service-account-private-key-file=service-account.key",
                "--root-ca-file=root-ca.crt",
                "--cluster-signing-cert-file=cluster-signing.crt",
                "--cluster-signing-key-file=cluster-signing.key",
                "--use-service-account-credentials=false",
                "--leader-elect=false",
                "--secure-port=0",
                // A node of the tests has no kubelet that renews its lease.
                "--controllers=*,-node-lifecycle-controller",
            ],
        );
        plane.wait_for_service_account("default");
        Some(plane)
    }

    /// Ends the API server, and starts it again on the same data.
    pub fn restart_api_server(&mut self) {
        // The parts are in the order of their start.
        let mut old = self.parts.remove(1);
        let _ = old.kill();
        let _ = old.wait();
        self.start_api_server();
        let new = self.parts.pop().expect("the new API server");
        self.parts.insert(1, new);
    }

    fn start_api_server(&mut self) {
        let arguments = std::mem::take(&mut self.api_server);
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.part("kube-apiserver", &words);
        self.api_server = arguments;
        self.wait("an API server", |plane| {
            plane.run("kubectl get --raw /readyz").is_success
        });
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
        // Commands of the pages wait without a limit, such as `kubectl rollout status`.
        let mut command = self.command("timeout");
        let limit = (TIMEOUT * 3).as_secs().to_string();
        let output = command
            .args([&limit, "sh", "-c", line])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran {
            is_success: output.status.success(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns a command with the directory and the environment of command lines.
    fn command(&self, program: &str) -> Command {
        let binary = self.program.parent().unwrap();
        let mut path = vec![self.path("bin"), binary.to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("KUBECONFIG", self.path("kubeconfig"))
            .env("HELM_CACHE_HOME", self.path("helm"))
            .env("HELM_CONFIG_HOME", self.path("helm"))
            .env("HELM_DATA_HOME", self.path("helm"))
            // kubectl would use a cache of one API server for that of the next test.
            .env("KUBECACHEDIR", self.path("cache"));
        command
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

    /// Returns the path of a file of the directory in which command lines run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file of the directory in which command lines run.
    pub fn write(&self, name: &str, text: &str) {
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

/// Generates the CA that signs certificate requests, and returns its certificate and key in PEM.
fn signing_authority() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = authority("cluster-signing").self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// Returns true if a variable asks for a control plane.
fn is_wanted() -> bool {
    let is_wanted = std::env::var_os("IMAGESWAP_TEST_CLUSTER").is_some();
    if !is_wanted {
        eprintln!("not run: it builds a control plane, which needs Go; IMAGESWAP_TEST_CLUSTER=1 runs it");
    }
    is_wanted
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

fn kubeconfig(address: Ipv4Addr, port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: tests\n\
         clusters: [{{name: tests, cluster: {{server: 'https://{address}:{port}', \
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

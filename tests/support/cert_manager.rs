//! cert-manager for a control plane: its CRDs, its controller and its cainjector, built from source
//! (`tests/cert-manager`).

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::json;
use tempfile::TempDir;

use crate::repository;
use crate::webhook::ControlPlane;

/// The controllers of cert-manager, which end with the test.
pub struct CertManager {
    parts: Vec<Child>,
    directory: TempDir,
}

/// Objects that show whether both controllers work: the controller sets the condition, the cainjector writes `caBundle`.
const PROBES: &str = "\
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: probe, namespace: default}
spec: {selfSigned: {}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: probe, annotations: {cert-manager.io/inject-apiserver-ca: 'true'}}
webhooks:
- name: probe.example.com
  clientConfig: {url: 'https://localhost:1/'}
  rules: []
  failurePolicy: Ignore
  sideEffects: None
  admissionReviewVersions: [v1]
";

impl CertManager {
    /// Returns true if a variable asks for the tests with cert-manager.
    pub fn is_wanted() -> bool {
        let is_wanted = std::env::var_os("IMAGESWAP_TEST_CERT_MANAGER").is_some();
        if !is_wanted {
            eprintln!(
                "not run: it builds cert-manager, which needs Go; \
                 IMAGESWAP_TEST_CLUSTER=1 IMAGESWAP_TEST_CERT_MANAGER=1 run it"
            );
        }
        is_wanted
    }

    /// Installs cert-manager in a control plane, and waits until it works. It is built into `build`.
    pub fn start(plane: &ControlPlane, build: &str) -> Self {
        let built = built(build);
        let crds = built.join("crds");
        plane.succeed(&format!("kubectl apply --server-side -f '{}'", crds.display()));
        plane.succeed(&format!(
            "kubectl wait --for=condition=Established --timeout=60s -f '{}'",
            crds.display()
        ));
        let mut manager = Self {
            parts: Vec::new(),
            directory: tempfile::tempdir().unwrap(),
        };
        let kubeconfig = plane.succeed("printf %s \"$KUBECONFIG\"");
        for part in ["cert-manager-controller", "cert-manager-cainjector"] {
            let program = manager.directory.path().join(part);
            symlink(built.join("cert-manager"), &program).unwrap();
            let log = File::create(program.with_extension("log")).unwrap();
            let child = Command::new(program)
                .arg(&kubeconfig)
                // The controller reads the relative path of the CA from here.
                .current_dir(Path::new(&kubeconfig).parent().unwrap())
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap();
            manager.parts.push(child);
        }
        plane.apply(PROBES);
        for (part, probe, field) in [
            (
                "controller",
                "issuer",
                ".status.conditions[?(@.type==\"Ready\")].status",
            ),
            (
                "cainjector",
                "mutatingwebhookconfiguration",
                ".webhooks[0].clientConfig.caBundle",
            ),
        ] {
            let line = format!("kubectl get {probe} probe -o jsonpath='{{{field}}}'");
            plane.wait(&format!("cert-manager's {part}"), |plane| {
                let ended = manager
                    .parts
                    .iter_mut()
                    .any(|part| part.try_wait().unwrap().is_some());
                assert!(!ended, "cert-manager ended: {}", manager.logs());
                !plane.succeed(&line).is_empty()
            });
            plane.succeed(&format!("kubectl delete {probe} probe"));
        }
        manager
    }

    /// Renews a certificate, as `cmctl renew` does, and waits until its Secret has the new one.
    pub fn renew(&self, plane: &ControlPlane, namespace: &str, certificate: &str) {
        let of_certificate = format!("certificate {certificate} -n {namespace}");
        let revision = || {
            plane.succeed(&format!(
                "kubectl get {of_certificate} -o jsonpath='{{.status.revision}}'"
            ))
        };
        let old = revision();
        let condition = json!([{
            "op": "add",
            "path": "/status/conditions/-",
            "value": {
                "type": "Issuing",
                "status": "True",
                "reason": "ManuallyTriggered",
                "message": "renewed by a test",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            },
        }]);
        plane.succeed(&format!(
            "kubectl patch {of_certificate} --subresource=status --type=json -p '{condition}'"
        ));
        plane.wait(certificate, |_| revision() != old);
    }

    /// Returns the ends of the logs.
    pub fn logs(&self) -> String {
        let last = |part: &str| {
            let path = self.directory.path().join(part).with_extension("log");
            let text = fs::read_to_string(path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            format!(
                "\n== {part}\n{}",
                lines[lines.len().saturating_sub(20)..].join("\n")
            )
        };
        ["cert-manager-controller", "cert-manager-cainjector"]
            .map(last)
            .concat()
    }
}

impl Drop for CertManager {
    fn drop(&mut self) {
        for part in &mut self.parts {
            let _ = part.kill();
            let _ = part.wait();
        }
    }
}

/// Builds the program and its CRDs once, and returns their directory.
fn built(build: &str) -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let directory = Path::new(build).join("cert-manager");
        let build = repository::path("tests/cert-manager/build");
        let status = Command::new(build).arg(&directory).status().unwrap();
        assert!(status.success(), "cert-manager can't be built");
        directory
    })
}

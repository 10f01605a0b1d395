//! The forms of the installation: the commands of docs/operations.md that install, upgrade, roll back and uninstall.

use std::fs;
use std::path::Path;

use imageswap_tests_support::repository;
use imageswap_tests_support::tools::Tools;
use imageswap_tests_support::webhook::ControlPlane;

/// The rules of the tests.
pub(crate) const RULES: &str = "\
rules v1

swap  docker.io/  -> harbor.example.com/dockerhub/

test  nginx:1.25  -> harbor.example.com/dockerhub/library/nginx:1.25
";

/// A form of the installation, as command lines.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) install: &'static str,
    /// To a version whose image has another tag.
    pub(crate) upgrade: &'static str,
    pub(crate) roll_back: &'static str,
    pub(crate) uninstall: &'static str,
}

/// Installs the Secret that Helm and install.yaml expect.
const SECRET: &str = "kubectl create namespace imageswap-system && \
     kubectl create secret tls imageswap-tls -n imageswap-system --cert=tls.crt --key=tls.key";

pub(crate) const KUSTOMIZE: Form = Form {
    name: "kustomize",
    install: "kubectl apply -k deploy/overlays/own-certificate",
    upgrade: "sed -i 's/imageswap:0.1.0/imageswap:0.1.1/' deploy/base/deployment.yaml && \
              kubectl apply -k deploy/overlays/own-certificate",
    roll_back: "sed -i 's/imageswap:0.1.1/imageswap:0.1.0/' deploy/base/deployment.yaml && \
                kubectl apply -k deploy/overlays/own-certificate",
    uninstall: "kubectl delete -k deploy/overlays/own-certificate --wait=false",
};

pub(crate) const HELM: Form = Form {
    name: "Helm",
    install: "helm install imageswap deploy/chart -n imageswap-system --set-file certificate.ca=ca.crt",
    upgrade: "helm upgrade imageswap deploy/chart -n imageswap-system --reuse-values --set image.tag=0.1.1",
    roll_back: "helm rollback imageswap 1 -n imageswap-system",
    uninstall: "helm uninstall imageswap -n imageswap-system",
};

pub(crate) const INSTALL_YAML: Form = Form {
    name: "install.yaml",
    install: "CA_BUNDLE=$(base64 < ca.crt | tr -d '\\n') && \
              sed \"s|CA_BUNDLE|$CA_BUNDLE|\" deploy/install.yaml | kubectl apply -f -",
    upgrade: "CA_BUNDLE=$(base64 < ca.crt | tr -d '\\n') && \
              sed -e \"s|CA_BUNDLE|$CA_BUNDLE|\" -e 's/imageswap:0.1.0/imageswap:0.1.1/' deploy/install.yaml | kubectl apply -f -",
    roll_back: "kubectl rollout undo deployment/imageswap -n imageswap-system",
    uninstall: "kubectl delete -f deploy/install.yaml --wait=false",
};

impl Form {
    /// Installs it with a certificate of one's own, and sets the rules.
    pub(crate) fn install(&self, plane: &ControlPlane) {
        if self.name != KUSTOMIZE.name {
            plane.succeed(SECRET);
        }
        plane.succeed(self.install);
        set_rules(plane, RULES);
    }
}

/// Replaces the rules of the installation.
pub(crate) fn set_rules(plane: &ControlPlane, rules: &str) {
    let patch = serde_json::json!({"data": {"10-example.rules": null, "10-mirror.rules": rules}});
    plane.write("rules.json", &patch.to_string());
    plane.succeed(
        "kubectl patch configmap imageswap-rules -n imageswap-system --type=merge --patch-file=rules.json",
    );
}

/// Copies the manifests and a certificate to the directory of command lines, and Helm if there is one.
pub(crate) fn prepare(plane: &ControlPlane, tools: Option<&Tools>) {
    let deploy = repository::path("deploy");
    plane.succeed(&format!("cp -r '{}' deploy", deploy.display()));
    plane.succeed(
        "cd deploy/components/own-certificate && rm -f tls.crt tls.key ca.crt && ./generate && \
         cp tls.crt tls.key ca.crt ../../..",
    );
    for name in ["helm", "helm3"] {
        if let Some(tools) = tools {
            let link = plane.path("bin").join(name);
            std::os::unix::fs::symlink(fs::canonicalize(tools.bin().join(name)).unwrap(), link).unwrap();
        }
    }
    assert!(Path::new(&plane.path("ca.crt")).exists());
}

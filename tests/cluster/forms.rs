//! The forms of the installation: the commands of docs/operations.md that install, upgrade, roll back and uninstall.

use std::os::unix::fs::symlink;

use imageswap_tests_support::pages::blocks;
use imageswap_tests_support::repository;
use imageswap_tests_support::tools::Tools;
use imageswap_tests_support::webhook::ControlPlane;
use serde_json::{Value, json};

/// The rules of the tests.
pub(crate) const RULES: &str = "\
rules v1

swap  docker.io/  -> harbor.example.com/dockerhub/

test  nginx:1.25  -> harbor.example.com/dockerhub/library/nginx:1.25
";

/// The image that [`RULES`] make of `nginx:1.25`.
pub(crate) const SWAPPED: &str = "harbor.example.com/dockerhub/library/nginx:1.25";

/// A workload whose Pod the rules swap.
pub(crate) const WORKLOAD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'nginx:1.25'}]}
";

/// A form of the installation. Each command is a block of the page: the heading, and the place of the block below it.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    install: (&'static str, usize),
    pub(crate) upgrade: (&'static str, usize),
    pub(crate) roll_back: (&'static str, usize),
    pub(crate) uninstall: (&'static str, usize),
}

pub(crate) const KUSTOMIZE: Form = Form {
    name: "kustomize",
    install: ("With kustomize", 0),
    upgrade: ("Upgrade and roll back", 0),
    roll_back: ("Upgrade and roll back", 0),
    uninstall: ("Uninstall", 0),
};

pub(crate) const INSTALL_YAML: Form = Form {
    name: "install.yaml",
    install: ("With install.yaml", 0),
    upgrade: ("With install.yaml", 0),
    roll_back: ("With install.yaml", 0),
    uninstall: ("Uninstall", 0),
};

/// With a certificate of one's own, and without access to the API server.
pub(crate) const OWN: Form = Form {
    name: "own certificate",
    install: ("With your own certificate", 1),
    upgrade: ("With your own certificate", 1),
    roll_back: ("With your own certificate", 1),
    uninstall: ("Uninstall", 0),
};

/// [`OWN`] by Helm.
pub(crate) const HELM_OWN: Form = Form {
    name: "own certificate by Helm",
    install: ("With your own certificate", 2),
    upgrade: ("Upgrade and roll back", 1),
    roll_back: ("Upgrade and roll back", 2),
    uninstall: ("Uninstall", 1),
};

pub(crate) const HELM: Form = Form {
    name: "Helm",
    install: ("With Helm", 0),
    upgrade: ("Upgrade and roll back", 1),
    roll_back: ("Upgrade and roll back", 2),
    uninstall: ("Uninstall", 1),
};

impl Form {
    /// Installs it, and sets the rules.
    pub(crate) fn install(&self, plane: &ControlPlane) {
        run(plane, self.install);
        set_rules(plane, RULES);
    }

    /// Runs a block of the page after the installation. The one that installs can be repeated without the objects that
    /// it creates first.
    pub(crate) fn again(&self, plane: &ControlPlane, block: (&str, usize)) {
        let commands = commands(block);
        let lines: Vec<&str> = commands
            .lines()
            .filter(|line| !line.starts_with("kubectl create"))
            .collect();
        plane.succeed(&format!("set -e\n{}", lines.join("\n")));
    }
}

/// Returns a block of commands of docs/operations.md.
pub(crate) fn commands(block: (&str, usize)) -> String {
    commands_of("docs/operations.md", block)
}

/// Returns a block of commands of a page.
pub(crate) fn commands_of(page: &str, (heading, place): (&str, usize)) -> String {
    let page = repository::read(page);
    let mut section = page.split("\n#").filter(|section| {
        section
            .trim_start_matches(['#', ' '])
            .starts_with(&format!("{heading}\n"))
    });
    let section = section.next().unwrap_or_else(|| panic!("no heading {heading}"));
    let blocks = blocks(section, "sh");
    let block = blocks.get(place).unwrap_or_else(|| panic!("{heading} {place}"));
    (*block).to_owned()
}

/// Runs a block of commands of docs/operations.md.
#[track_caller]
pub(crate) fn run(plane: &ControlPlane, block: (&str, usize)) -> String {
    plane.succeed(&format!("set -e\n{}", commands(block)))
}

/// Changes the manifests to those of another version.
pub(crate) fn check_out(plane: &ControlPlane, from: &str, to: &str) {
    plane.succeed(&format!(
        "sed -i 's/imageswap:{from}/imageswap:{to}/' deploy/base/deployment.yaml deploy/install.yaml && \
         sed -i 's/^appVersion: {from}/appVersion: {to}/' deploy/chart/Chart.yaml"
    ));
}

/// Replaces the rules of the installation, by a ConfigMap that the webhook does not validate.
pub(crate) fn set_rules(plane: &ControlPlane, rules: &str) {
    plane.write("rules.json", &rules_map("imageswap-rules", rules).to_string());
    plane.succeed("kubectl apply -f rules.json");
}

/// Returns a ConfigMap with rules.
pub(crate) fn rules_map(name: &str, rules: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "imageswap-system"},
        "data": {"10-mirror.rules": rules},
    })
}

/// Returns a text with each `from` replaced by `to`. There has to be one.
#[track_caller]
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in {text}");
    text.replace(from, to)
}

/// Copies the manifests to the directory of command lines.
pub(crate) fn copy_manifests(plane: &ControlPlane) {
    let deploy = repository::path("deploy");
    plane.succeed(&format!("cp -r '{}' deploy", deploy.display()));
}

/// Copies the manifests to the directory of command lines, generates a certificate, and adds a version of Helm if there
/// is one.
pub(crate) fn prepare(plane: &ControlPlane, helm: Option<(&Tools, &str)>) {
    copy_manifests(plane);
    plane.succeed("cd deploy/components/own-certificate && rm -f tls.crt tls.key ca.crt");
    run(plane, ("With your own certificate", 0));
    if let Some((tools, program)) = helm {
        let helm = tools.bin().join(program).canonicalize().unwrap();
        symlink(helm, plane.path("bin/helm")).unwrap();
    }
}

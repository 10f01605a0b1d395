//! A copy of `deploy/`, with a certificate in place.

use std::fs;
use std::path::PathBuf;

use imageswap_tests_support::tools::Tools;
use imageswap_tests_support::webhook::Pair;

/// A copy of `deploy/` with a certificate of one's own.
pub(crate) struct Deploy<'a> {
    tools: &'a Tools,
    pub(crate) directory: PathBuf,
}

impl<'a> Deploy<'a> {
    pub(crate) fn copy(tools: &'a Tools) -> Self {
        let directory = tools.path("deploy");
        tools.succeed(&format!("cp -r deploy '{}'", directory.display()));
        let pair = Pair::generate();
        for (name, text) in [
            ("tls.crt", &pair.certificate),
            ("tls.key", &pair.key),
            ("ca.crt", &pair.certificate),
        ] {
            fs::write(directory.join("components/own-certificate").join(name), text).unwrap();
        }
        // A component that no overlay has, since it needs the Prometheus Operator.
        fs::create_dir(directory.join("overlays/monitoring")).unwrap();
        fs::write(
            directory.join("overlays/monitoring/kustomization.yaml"),
            "resources: [../../base]\ncomponents: [../../components/monitoring]\n",
        )
        .unwrap();
        Self { tools, directory }
    }

    /// Returns the manifests of a kustomization.
    pub(crate) fn kustomize(&self, directory: &str) -> String {
        let line = format!("kubectl kustomize '{}/{directory}'", self.directory.display());
        self.tools.succeed(&line)
    }

    /// Returns the manifests of the chart, by a program of Helm, for a version of Kubernetes.
    pub(crate) fn template(&self, helm: &str, version: &str, values: &str) -> String {
        self.tools.succeed(&format!(
            "{helm} template imageswap '{}/chart' --namespace imageswap-system --kube-version {version} {values}",
            self.directory.display()
        ))
    }
}

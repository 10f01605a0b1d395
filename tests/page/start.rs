//! A webhook with something to show on its page.

use std::fs;

use imageswap_tests_support::webhook::{Server, Start, eventually, get_plain};
use serde_json::{Value, json};
use tempfile::TempDir;

const RULES: &str = "rules v1
# Images of public registries come from our mirror.
let mirror = harbor.example.com
home harbor.example.com/

deny docker.io/**:latest when namespace prod-*
  as pinned because \"pin a version\"
swap docker.io/** -> {mirror}/hub/{1}
  as hub because \"Docker Hub limits pulls\"
swap quay.io/ -> {mirror}/quay/ as quay
keep gcr.io/ when label team=core as core

off quay because \"the copy is not complete\"
test nginx:1.25 -> harbor.example.com/hub/library/nginx:1.25
";

/// A webhook that has denied, skipped and swapped, and whose last reload failed.
pub(crate) struct Shown {
    pub(crate) server: Server,
    _directory: TempDir,
}

impl Shown {
    /// Starts it. Returns `None` unless a variable asks for these tests.
    pub(crate) fn start() -> Option<Self> {
        if std::env::var_os("IMAGESWAP_TEST_BROWSER").is_none() {
            eprintln!("not run: it needs chromium; IMAGESWAP_TEST_BROWSER=1 runs it");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let rules = directory.path().join("rules");
        fs::create_dir(&rules).unwrap();
        fs::write(rules.join("10-mirror.rules"), RULES).unwrap();
        let server = Start::new(env!("CARGO_BIN_EXE_imageswap"))
            .self_signed()
            .rules(&rules)
            .args([
                "--page-listen",
                "127.0.0.1:0",
                "--pod-name",
                "imageswap-7d4b9c-x2x5k",
            ])
            .serve();
        for image in ["nginx:1.25", "redis:7", "grafana/grafana:11.1", "nginx:1.25"] {
            server.post(&review("shop", &json!({"generateName": "web-6f7d-"}), image));
        }
        for _ in 0..3 {
            server.post(&review(
                "prod-eu",
                &json!({"generateName": "api-5c9b-"}),
                "nginx:latest",
            ));
        }
        let hidden = json!({"name": "db-0", "labels": {"k8s.twr.io/imageswap": "disabled"}});
        server.post(&review("shop", &hidden, "postgres:16"));
        fs::write(
            rules.join("20-team.rules"),
            "rules v1\nswapp ghcr.io/ -> harbor.example.com/ghcr/\n",
        )
        .unwrap();
        let http = server.http_address;
        eventually("the failed reload", || {
            get_plain(http, "/readyz").unwrap().text().contains("E0103")
        });
        Some(Self {
            server,
            _directory: directory,
        })
    }

    /// Returns the address of a target.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.server.page_address.unwrap())
    }
}

fn review(namespace: &str, metadata: &Value, image: &str) -> Vec<u8> {
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u1",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "namespace": namespace,
            "operation": "CREATE",
            "object": {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": image}]}},
        },
    })
    .to_string()
    .into_bytes()
}

//! A real Prometheus, which ends with the test.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use imageswap_tests_support::webhook::{eventually_within, free_address};
use serde_json::Value;
use tempfile::TempDir;

/// Job and namespace of the manifests.
const JOB: &str = "imageswap";
const NAMESPACE: &str = "imageswap-system";

pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Prometheus {
    /// Starts it with rules. It scrapes the replicas each second, and evaluates the rules each second.
    pub(crate) fn start(rules: &str, replicas: &[SocketAddr]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let targets: String = replicas
            .iter()
            .enumerate()
            .map(|(index, address)| {
                format!(
                    "  - targets: ['{address}']\n    labels: {{namespace: {NAMESPACE}, pod: imageswap-{index}}}\n"
                )
            })
            .collect();
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: ['{}']\n\
             scrape_configs:\n- job_name: {JOB}\n  static_configs:\n{targets}",
            path("rules.yaml")
        );
        fs::write(path("rules.yaml"), rules).unwrap();
        fs::write(path("config.yaml"), config).unwrap();
        let address = free_address();
        let log = fs::File::create(path("log")).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", path("config.yaml")))
            .arg(format!("--storage.tsdb.path={}", path("data")))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus, of the package prometheus");
        let mut prometheus = Self {
            child,
            address,
            directory,
        };
        eventually_within(Duration::from_secs(60), "prometheus", || {
            let ended = prometheus.child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", prometheus.log());
            get(address, "/-/ready").is_ok_and(|answer| answer.starts_with("HTTP/1.0 200"))
        });
        prometheus
    }

    /// Returns the results of a query at this moment.
    #[track_caller]
    pub(crate) fn query(&self, expr: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/query?query={}", encoded(expr)));
        answer["result"].as_array().unwrap().clone()
    }

    /// Returns the values of a label of a metric.
    pub(crate) fn label_values(&self, label: &str, selector: &str) -> Vec<Value> {
        let path = format!("/api/v1/label/{label}/values?match[]={}", encoded(selector));
        self.get(&path).as_array().unwrap().clone()
    }

    /// Returns the names of the alerts that fire.
    pub(crate) fn firing(&self) -> Vec<String> {
        let alerts = self.get("/api/v1/alerts");
        let alerts = alerts["alerts"].as_array().unwrap().iter();
        alerts
            .filter(|alert| alert["state"] == "firing")
            .map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned())
            .collect()
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let answer = get(self.address, path).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["status"], "success", "{path}: {body}");
        body["data"].clone()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a value of a query of a URL.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Returns the whole answer to a request of HTTP 1.0, which has no chunks.
fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: prometheus\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

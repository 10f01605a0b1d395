//! The dashboard and the alerts of `deploy/`, and what they need: metrics of real replicas in a real Prometheus.

mod alerts;
mod dashboard;
mod load;
mod prometheus;
mod replicas;
mod served;

/// Program under test.
const IMAGESWAP: &str = env!("CARGO_BIN_EXE_imageswap");

/// File of the alerts.
const ALERTS: &str = "deploy/chart/files/alerts.yaml";

/// File of the dashboard.
const DASHBOARD: &str = "deploy/chart/files/dashboard.json";

/// Returns true if a variable asks for the tests that need Prometheus.
fn has_prometheus() -> bool {
    let is_wanted = std::env::var_os("IMAGESWAP_TEST_PROMTOOL").is_some();
    if !is_wanted {
        eprintln!(
            "not run: it needs prometheus and promtool, of the package prometheus; IMAGESWAP_TEST_PROMTOOL=1 runs it"
        );
    }
    is_wanted
}

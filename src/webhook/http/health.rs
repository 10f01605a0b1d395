//! Liveness and readiness of the process.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::webhook::conditions::{Conditions, Readiness};
use crate::webhook::status::{Reloaded, Status};
use crate::webhook::tls::SharedPair;

/// The health of the process.
#[derive(Debug)]
pub(crate) struct Health {
    pod_name: Option<String>,
    is_draining: AtomicBool,
    status: Arc<Status>,
    pair: Arc<SharedPair>,
    conditions: Arc<Conditions>,
}

impl Health {
    pub(crate) fn new(
        pod_name: Option<String>,
        status: Arc<Status>,
        pair: Arc<SharedPair>,
        conditions: Arc<Conditions>,
    ) -> Self {
        Self {
            pod_name,
            is_draining: AtomicBool::new(false),
            status,
            pair,
            conditions,
        }
    }

    /// Returns the body of `/healthz`, with the members that it had in v1.5.3.
    pub(crate) fn healthz(&self) -> String {
        let format =
            format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]");
        let now = OffsetDateTime::now_utc().format(format).unwrap_or_default();
        json!({"pod_name": self.pod_name, "date_time": now, "health": "ok"}).to_string() + "\n"
    }

    /// Returns the body of `/readyz`, with a line for each failed reload, each problem of the certificate and each
    /// condition. Most of them do not make the webhook unready: the active version still answers, and clients that
    /// accept it get their answers.
    ///
    /// # Errors
    ///
    /// Returns the body of the error if the process is shutting down, or if no API server would get an answer yet.
    pub(crate) fn readyz(&self) -> Result<String, String> {
        if self.is_draining() {
            return Err("not ready: shutting down\n".to_owned());
        }
        let conditions = self.conditions.all();
        let is_ready = conditions
            .iter()
            .all(|condition| condition.readiness == Readiness::Ready);
        let mut body = if is_ready { "ready\n" } else { "not ready\n" }.to_owned();
        for condition in conditions {
            let _ = writeln!(body, "{}: {}", condition.duty.as_str(), condition.text);
        }
        for object in Reloaded::ALL {
            let record = self.status.record(object);
            if let Some(error) = record.error {
                let _ = writeln!(
                    body,
                    "{}: reload failed, {} active: {error}",
                    object.as_str(),
                    match object {
                        Reloaded::Rules => "the previous rules stay",
                        Reloaded::Certificate => "the previous key pair stays",
                        Reloaded::Candidate if record.active.is_none() => "no candidate is",
                        Reloaded::Candidate => "the previous candidate stays",
                        Reloaded::LogLevel => "the previous level stays",
                    }
                );
            }
        }
        for problem in self.pair.problems() {
            let object = Reloaded::Certificate.as_str();
            let _ = writeln!(
                body,
                "{object}: {problem}; {}",
                problem.help(self.pair.dir().is_none())
            );
        }
        if is_ready { Ok(body) } else { Err(body) }
    }

    /// Makes the process unready for the rest of its life.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }
}

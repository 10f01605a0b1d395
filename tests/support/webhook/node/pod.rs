//! A Pod of the node: its init containers, its container, its probes, and the status that the API server gets.

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::Api;
use super::container::{Container, NodeFiles};
use super::network::address;
use super::volumes::Mounted;
use crate::webhook::get_plain;

/// A Pod that runs.
pub(super) struct RunningPod {
    name: String,
    namespace: Value,
    object: Value,
    address: String,
    number: u32,
    log: PathBuf,
    volumes: Vec<Mounted>,
    container: Option<Container>,
    /// Number of init containers that have succeeded.
    initialized: usize,
    /// Time of the last start, so that a container that fails at once starts at most once a second.
    started: Instant,
    starts: usize,
    probed: Option<Instant>,
    is_ready: bool,
    is_complete: bool,
    failures: u64,
    deleted: Option<Instant>,
    /// Time from the deletion until the process is killed.
    grace: Duration,
}

impl RunningPod {
    /// Binds a Pod to the node, and mounts its volumes. `None` if an object of a volume is missing.
    pub(super) fn bind(api: &Api, object: &Value, number: u32, log: PathBuf) -> Option<Self> {
        let volumes = Mounted::all(api, object)?;
        let name = object["metadata"]["name"].as_str()?.to_owned();
        let namespace = object["metadata"]["namespace"].clone();
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
            "target": {"apiVersion": "v1", "kind": "Node", "name": super::kubelet::NODE},
        });
        let path = format!("/api/v1/namespaces/{}/pods/{name}/binding", namespace.as_str()?);
        api.request("POST", &path, &binding).ok()?;
        Some(Self {
            name,
            namespace,
            object: object.clone(),
            address: address(number),
            number,
            log,
            volumes,
            container: None,
            initialized: 0,
            started: Instant::now().checked_sub(Duration::from_secs(1))?,
            starts: 0,
            probed: None,
            is_ready: false,
            is_complete: false,
            failures: 0,
            deleted: None,
            grace: Duration::ZERO,
        })
    }

    /// Does what is due: starts, probes, updates volumes, or ends. Returns false once the Pod has ended.
    pub(super) fn tick(&mut self, api: &Api, node: NodeFiles<'_>) -> bool {
        if let Some(deleted) = self.deleted {
            return !self.end(api, deleted);
        }
        for volume in &mut self.volumes {
            volume.update(api, &self.object);
        }
        let is_running = self.container.as_mut().is_some_and(Container::is_running);
        if !is_running && self.is_initializing() && self.has_succeeded() {
            self.initialized += 1;
            self.container = None;
            self.starts = 0;
        }
        let is_initializing = self.is_initializing();
        if !is_running
            && !is_initializing
            && self.starts > 0
            && self.object["spec"]["restartPolicy"] == "Never"
        {
            self.complete(api);
            return true;
        }
        if !is_running {
            self.set_ready(api, false);
            if self.started.elapsed() >= Duration::from_secs(1) {
                self.start(api, node);
            }
        } else if !is_initializing {
            self.probe(api);
        }
        true
    }

    /// Starts the next init container, or the container.
    fn start(&mut self, api: &Api, node: NodeFiles<'_>) {
        self.started = Instant::now();
        self.container = None;
        let init = &self.object["spec"]["initContainers"][self.initialized];
        let container = if init.is_null() {
            &self.object["spec"]["containers"][0]
        } else {
            init
        };
        self.container = Container::start(
            api,
            &self.object,
            container,
            node,
            &self.volumes,
            self.number,
            self.log.clone(),
        );
        self.starts += usize::from(self.container.is_some());
    }

    /// Returns true if an init container has not succeeded yet.
    fn is_initializing(&self) -> bool {
        !self.object["spec"]["initContainers"][self.initialized].is_null()
    }

    fn has_succeeded(&mut self) -> bool {
        self.container.as_mut().is_some_and(Container::has_succeeded)
    }

    /// Begins the end of the Pod, which the API server has marked as deleted, with a grace period in `metadata`.
    pub(super) fn delete(&mut self, metadata: &Value) {
        let grace = metadata["deletionGracePeriodSeconds"].as_u64().unwrap_or(30);
        self.grace = Duration::from_secs(grace);
        if self.deleted.is_none() {
            self.deleted = Some(Instant::now());
            if let Some(container) = &self.container {
                container.signal("TERM");
            }
        }
    }

    /// Kills the process, as a crash does.
    pub(super) fn crash(&self) {
        if let Some(container) = &self.container {
            container.signal("KILL");
        }
    }

    /// Returns the number of starts after the first one.
    pub(super) const fn restarts(&self) -> usize {
        self.starts.saturating_sub(1)
    }

    pub(super) fn log(&self) -> String {
        let log = self.container.as_ref().map(Container::log);
        format!("== {}\n{}\n", self.name, log.unwrap_or_default())
    }

    pub(super) const fn is_ready(&self) -> bool {
        self.is_ready && self.deleted.is_none()
    }

    /// Ends the Pod once its process has ended, or its grace period has. Returns true then.
    fn end(&mut self, api: &Api, deleted: Instant) -> bool {
        // The probes continue, so that the Service sees at once that it shuts down.
        self.probe(api);
        let is_running = self.container.as_mut().is_some_and(Container::is_running);
        if is_running && deleted.elapsed() < self.grace {
            return false;
        }
        self.container = None;
        let path = format!("{}?gracePeriodSeconds=0", self.path());
        api.request("DELETE", &path, &Value::Null).is_ok()
    }

    /// Asks the readiness probe if it is due.
    fn probe(&mut self, api: &Api) {
        let probe = &self.object["spec"]["containers"][0]["readinessProbe"];
        let seconds = |field: &str, default| Duration::from_secs(probe[field].as_u64().unwrap_or(default));
        // Until it is ready for the first time, more often, since the startup probe would be due each second.
        let period = if self.is_ready {
            seconds("periodSeconds", 10)
        } else {
            Duration::from_millis(500)
        };
        if self.probed.is_some_and(|probed| probed.elapsed() < period) {
            return;
        }
        self.probed = Some(Instant::now());
        let allowed = probe["failureThreshold"].as_u64().unwrap_or(3);
        let answers = self.answers(probe, seconds("timeoutSeconds", 1));
        self.failures = if answers { 0 } else { self.failures + 1 };
        let is_ready = if self.is_ready {
            self.failures < allowed
        } else {
            answers
        };
        self.set_ready(api, is_ready);
    }

    fn answers(&self, probe: &Value, timeout: Duration) -> bool {
        // Without a probe, a Pod is ready once it runs.
        let Some(get) = probe.get("httpGet") else {
            return true;
        };
        let ports = self.object["spec"]["containers"][0]["ports"]
            .as_array()
            .into_iter()
            .flatten();
        let named = ports
            .filter(|port| port["name"] == get["port"])
            .find_map(|port| port["containerPort"].as_u64());
        let port = named.or_else(|| get["port"].as_u64()).unwrap();
        let address: SocketAddr = format!("{}:{port}", self.address).parse().unwrap();
        TcpStream::connect_timeout(&address, timeout).is_ok()
            && get_plain(address, get["path"].as_str().unwrap()).is_ok_and(|answer| answer.status == 200)
    }

    fn set_ready(&mut self, api: &Api, is_ready: bool) {
        if self.is_ready == is_ready {
            return;
        }
        let state = if is_ready { "True" } else { "False" };
        let condition = |kind| json!({"type": kind, "status": state, "lastTransitionTime": null});
        let status = json!({"status": {
            "phase": "Running",
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
            "conditions": [condition("ContainersReady"), condition("Ready")],
        }});
        let path = format!("{}/status", self.path());
        // The API server may be restarting; the next tick tries again.
        if api
            .request("PATCH", &path, &status)
            .is_ok_and(|response| response.status == 200)
        {
            self.is_ready = is_ready;
        }
    }

    /// Reports the end of a Pod that does not start again.
    fn complete(&mut self, api: &Api) {
        if self.is_complete {
            return;
        }
        self.is_ready = false;
        let phase = if self.has_succeeded() {
            "Succeeded"
        } else {
            "Failed"
        };
        let path = format!("{}/status", self.path());
        let reported = api.request("PATCH", &path, &json!({"status": {"phase": phase}}));
        self.is_complete = reported.is_ok_and(|response| response.status == 200);
    }

    fn path(&self) -> String {
        format!(
            "/api/v1/namespaces/{}/pods/{}",
            self.namespace.as_str().unwrap(),
            self.name
        )
    }
}

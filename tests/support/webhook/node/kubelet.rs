//! The loop of the node.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use super::api::Api;
use super::container::NodeFiles;
use super::names::ServiceNames;
use super::pod::RunningPod;
use super::service_proxy::ServiceProxies;
use crate::webhook::{eventually, free_address};

/// Name of the node.
pub(super) const NODE: &str = "node-1";

/// A node, which ends with the test.
pub struct Node {
    /// A client of the API server.
    pub api: Api,
    proxy: Child,
    state: Arc<Mutex<State>>,
    is_ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    namespaces: Vec<String>,
    program: PathBuf,
    directory: PathBuf,
    /// By namespace and name.
    pods: BTreeMap<String, RunningPod>,
    services: ServiceProxies,
    names: ServiceNames,
    /// Logs of all Pods that the node has started, by namespace and name.
    logs: BTreeMap<String, PathBuf>,
    started: u32,
}

impl Node {
    /// Starts a node that runs `program` for each Pod of some namespaces. `kubectl` is a command for the API
    /// server.
    pub(in super::super) fn start(
        mut kubectl: Command,
        program: &Path,
        namespaces: &[&str],
        directory: &Path,
    ) -> Self {
        let address = free_address();
        let proxy = kubectl
            .args(["proxy", "--disable-filter", &format!("--port={}", address.port())])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let api = Api::new(address);
        eventually("kubectl proxy", || api.get("/version").is_some());
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}});
        assert_eq!(api.request("POST", "/api/v1/nodes", &node).unwrap().status, 201);
        let state = Arc::new(Mutex::new(State {
            namespaces: namespaces.iter().map(|&name| name.to_owned()).collect(),
            program: program.to_owned(),
            directory: directory.to_owned(),
            pods: BTreeMap::new(),
            services: ServiceProxies::default(),
            names: ServiceNames::create(directory.join("names")),
            logs: BTreeMap::new(),
            started: 0,
        }));
        let is_ended = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(&state), Arc::clone(&is_ended));
        let thread = thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                shared.lock().unwrap().tick(&api);
                thread::sleep(Duration::from_millis(100));
            }
        });
        Self {
            api,
            proxy,
            state,
            is_ended,
            thread: Some(thread),
        }
    }

    /// Returns the number of Pods that are ready.
    pub fn ready(&self) -> usize {
        let state = self.state.lock().unwrap();
        state.pods.values().filter(|pod| pod.is_ready()).count()
    }

    /// Returns the number of starts of containers after the first one of each.
    pub fn restarts(&self) -> usize {
        let state = self.state.lock().unwrap();
        state.pods.values().map(RunningPod::restarts).sum()
    }

    /// Returns the logs of all Pods that the node has started, those that have ended as well, by `NAMESPACE/NAME`.
    pub fn logs(&self) -> BTreeMap<String, String> {
        let state = self.state.lock().unwrap();
        let logs = state.logs.iter();
        logs.map(|(pod, log)| (pod.clone(), fs::read_to_string(log).unwrap_or_default()))
            .collect()
    }

    /// Returns the logs of all Pods as one text.
    pub fn log_text(&self) -> String {
        self.logs().into_values().collect()
    }

    /// Returns the parts of the logs that are new since earlier logs, as one text.
    pub fn log_text_since(&self, earlier: &BTreeMap<String, String>) -> String {
        let logs = self.logs().into_iter();
        logs.map(|(pod, log)| log[earlier.get(&pod).map_or(0, String::len)..].to_owned())
            .collect()
    }

    /// Kills the process of a ready Pod, by its place in the order of their names, as a crash does. The Pod starts it
    /// again.
    pub fn crash(&self, place: usize) {
        let state = self.state.lock().unwrap();
        let mut ready = state.pods.values().filter(|pod| pod.is_ready());
        ready.nth(place).expect("a ready Pod").crash();
    }
}

impl State {
    /// Returns the ends of the logs of the Pods that run.
    fn ends_of_logs(&self) -> String {
        self.pods.values().map(RunningPod::log).collect()
    }

    fn tick(&mut self, api: &Api) {
        // While the API server restarts, the Pods run as they are.
        if let Some(objects) = self.objects(api) {
            self.pods
                .retain(|key, _| objects.iter().any(|object| &pod_key(object) == key));
            for object in &objects {
                self.follow(api, object);
            }
        }
        let files = NodeFiles {
            program: &self.program,
            names: self.names.path(),
        };
        self.pods.retain(|_, pod| pod.tick(api, files));
        // Of all namespaces: Pods also reach the API server by a Service.
        if let Some(services) = api.list("/api/v1/services") {
            self.services.update(api, &services);
            self.names.update(&services);
        }
    }

    /// Returns the Pods of all namespaces. `None` without an answer.
    fn objects(&self, api: &Api) -> Option<Vec<Value>> {
        let mut objects = Vec::new();
        for namespace in &self.namespaces {
            objects.extend(api.list(&format!("/api/v1/namespaces/{namespace}/pods"))?);
        }
        Some(objects)
    }

    /// Starts a Pod that is new, and ends one that is deleted.
    fn follow(&mut self, api: &Api, object: &Value) {
        let is_deleted = !object["metadata"]["deletionTimestamp"].is_null();
        match self.pods.get_mut(&pod_key(object)) {
            Some(pod) if is_deleted => pod.delete(&object["metadata"]),
            None if !is_deleted && is_pending(object) => {
                self.started += 1;
                let log = format!("{}.log", pod_key(object).replace('/', "-"));
                let log = self.directory.join(log);
                if let Some(pod) = RunningPod::bind(api, object, self.started, log.clone()) {
                    self.pods.insert(pod_key(object), pod);
                    self.logs.insert(pod_key(object), log);
                }
            }
            _ => {}
        }
    }
}

fn pod_key(object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap();
    format!("{}/{}", text("namespace"), text("name"))
}

fn is_pending(object: &Value) -> bool {
    object["status"]["phase"] == "Pending"
}

impl Drop for Node {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if thread::panicking() {
            eprintln!(
                "{}",
                self.state
                    .lock()
                    .map(|state| state.ends_of_logs())
                    .unwrap_or_default()
            );
        }
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

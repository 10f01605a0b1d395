//! The loop of the node.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use super::api::Api;
use super::pod::RunningPod;
use super::service_proxy::ServiceProxies;
use crate::webhook::eventually;

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
    namespace: String,
    program: PathBuf,
    directory: PathBuf,
    pods: BTreeMap<String, RunningPod>,
    services: ServiceProxies,
    started: u32,
}

impl Node {
    /// Starts a node that runs `program` for each Pod of a namespace. `kubectl` is a command for the API server.
    pub(in super::super) fn start(
        mut kubectl: Command,
        program: &Path,
        namespace: &str,
        directory: &Path,
    ) -> Self {
        let address: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
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
            namespace: namespace.to_owned(),
            program: program.to_owned(),
            directory: directory.to_owned(),
            pods: BTreeMap::new(),
            services: ServiceProxies::default(),
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

    /// Kills the process of a ready Pod, by its place in the order of their names, as a crash does. The Pod starts it
    /// again.
    pub fn crash(&self, place: usize) {
        let state = self.state.lock().unwrap();
        let mut ready = state.pods.values().filter(|pod| pod.is_ready());
        ready.nth(place).expect("a ready Pod").crash();
    }
}

impl State {
    fn logs(&self) -> String {
        self.pods.values().map(RunningPod::log).collect()
    }

    fn tick(&mut self, api: &Api) {
        // While the API server restarts, the Pods run as they are.
        let objects = api.list(&format!("/api/v1/namespaces/{}/pods", self.namespace));
        for object in objects.iter().flatten() {
            let name = object["metadata"]["name"].as_str().unwrap();
            let is_deleted = !object["metadata"]["deletionTimestamp"].is_null();
            match self.pods.get_mut(name) {
                Some(pod) if is_deleted => pod.delete(),
                None if !is_deleted && is_pending(object) => {
                    self.started += 1;
                    let log = self.directory.join(format!("{name}.log"));
                    if let Some(pod) = RunningPod::bind(api, object, self.started, log) {
                        self.pods.insert(name.to_owned(), pod);
                    }
                }
                _ => {}
            }
        }
        let is_there = |name: &str| {
            objects
                .as_ref()
                .is_none_or(|objects| objects.iter().any(|object| object["metadata"]["name"] == name))
        };
        self.pods.retain(|name, _| is_there(name));
        let program = &self.program;
        self.pods.retain(|_, pod| pod.tick(api, program));
        self.services.update(api, &self.namespace);
    }
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
                self.state.lock().map(|state| state.logs()).unwrap_or_default()
            );
        }
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

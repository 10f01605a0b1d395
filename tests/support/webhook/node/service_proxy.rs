//! The Services: each connection to an address of a Service leads to one of its ready Pods.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use super::api::Api;

/// The proxies of all Services.
#[derive(Default)]
pub(super) struct ServiceProxies(BTreeMap<SocketAddr, Arc<Endpoints>>);

/// The addresses to which the connections of a port lead, in turn.
#[derive(Default)]
struct Endpoints {
    addresses: Mutex<Vec<SocketAddr>>,
}

impl ServiceProxies {
    /// Follows the Services and their EndpointSlices.
    pub(super) fn update(&mut self, api: &Api, services: &[Value]) {
        let Some(slices) = api.list("/apis/discovery.k8s.io/v1/endpointslices") else {
            return;
        };
        let mut current = BTreeSet::new();
        for service in services {
            let ports = service["spec"]["ports"].as_array().into_iter().flatten();
            for port in ports {
                let host = service["spec"]["clusterIP"].as_str().unwrap_or_default();
                let Ok(address) = format!("{host}:{}", port["port"]).parse() else {
                    continue;
                };
                let endpoints = self.0.entry(address).or_insert_with(|| listen(address));
                *endpoints.addresses.lock().unwrap() = ready(&slices, service, &port["name"]);
                current.insert(address);
            }
        }
        let deleted = self.0.iter().filter(|(address, _)| !current.contains(address));
        for (_, endpoints) in deleted {
            endpoints.addresses.lock().unwrap().clear();
        }
    }
}

/// Returns the ready addresses of a port of a Service; without any, those that serve while they shut down.
fn ready(slices: &[Value], service: &Value, port: &Value) -> Vec<SocketAddr> {
    let with = |condition: &str| {
        let mut addresses = Vec::new();
        let of_service = slices.iter().filter(|slice| {
            slice["metadata"]["namespace"] == service["metadata"]["namespace"]
                && slice["metadata"]["labels"]["kubernetes.io/service-name"] == service["metadata"]["name"]
        });
        for slice in of_service {
            let ports = slice["ports"].as_array().into_iter().flatten();
            let Some(number) = ports
                .filter(|of| of["name"].as_str().unwrap_or_default() == port.as_str().unwrap_or_default())
                .find_map(|of| of["port"].as_u64())
            else {
                continue;
            };
            for endpoint in slice["endpoints"].as_array().into_iter().flatten() {
                if endpoint["conditions"][condition] == true {
                    let host = endpoint["addresses"][0].as_str().unwrap();
                    addresses.push(format!("{host}:{number}").parse().unwrap());
                }
            }
        }
        addresses
    };
    let ready = with("ready");
    if ready.is_empty() { with("serving") } else { ready }
}

/// Listens on an address of a Service, until the process ends.
fn listen(address: SocketAddr) -> Arc<Endpoints> {
    let endpoints = Arc::new(Endpoints::default());
    let listener = TcpListener::bind(address).unwrap();
    let of_service = Arc::clone(&endpoints);
    thread::spawn(move || {
        for (turn, client) in listener.incoming().enumerate() {
            let addresses = of_service.addresses.lock().unwrap().clone();
            // Without an endpoint, a node rejects the connection.
            if let (Ok(client), false) = (client, addresses.is_empty()) {
                let address = addresses[turn % addresses.len()];
                thread::spawn(move || forward(&client, address));
            }
        }
    });
    endpoints
}

/// Copies both directions of a connection until both have ended.
fn forward(client: &TcpStream, address: SocketAddr) {
    let Ok(server) = TcpStream::connect(address) else {
        return;
    };
    for stream in [client, &server] {
        let _ = stream.set_nodelay(true);
    }
    thread::scope(|scope| {
        scope.spawn(|| copy(client, &server));
        copy(&server, client);
    });
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

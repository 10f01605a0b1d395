//! The scripted load: requests that set each metric of the dashboard and of the alerts.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use imageswap_tests_support::webhook::{Connection, Server, pod, post_request};
use serde_json::{Value, json};

use crate::replicas::Replicas;

const MIB: usize = 1 << 20;

/// Clients that hold what they have for some seconds.
#[derive(Default)]
pub(crate) struct Held {
    clients: Vec<Connection>,
}

impl Held {
    /// Takes all memory of bodies and most connections of a replica.
    fn renew(&mut self, replica: &Server) {
        self.clients.clear();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
            8 * MIB
        );
        // The first two have all memory, and the third has to wait.
        for length in [6 * MIB, 6 * MIB, MIB / 2] {
            let mut client = replica.connect();
            client.send(head.as_bytes()).unwrap();
            client.send(&vec![b' '; length]).unwrap();
            self.clients.push(client);
            thread::sleep(Duration::from_millis(200));
        }
        while self.clients.len() < 19 {
            self.clients.push(replica.connect());
        }
    }
}

/// Sends a part of the load, which takes about two seconds.
pub(crate) fn send(replicas: &mut Replicas, held: &mut Held, round: usize) {
    let images = ["nginx:1.25", "ghcr.io/x/y:1", "auto", "Bad", "a.example.org/x:v-"];
    for replica in [&replicas.main, &replicas.odd] {
        for _ in 0..10 {
            replica.post(&pod(&images));
            replica.post(&pod(&["quay.io/x:1"]));
            // A controller puts the original image back.
            replica.post(put_back().to_string().as_bytes());
            replica.post(b"no review");
        }
    }
    not_tls(&replicas.main);
    // The name is in the line of the log.
    let mut named: Value = serde_json::from_slice(&pod(&["nginx"])).unwrap();
    named["request"]["name"] = "x".repeat(MIB).into();
    for _ in 0..8 {
        replicas.unread.post(named.to_string().as_bytes());
    }
    if round.is_multiple_of(4) {
        held.renew(&replicas.odd);
    }
    if round < 5 {
        replicas.restart();
    }
    slow_reviews(&replicas.main);
}

/// Sends reviews whose bodies arrive late.
fn slow_reviews(replica: &Server) {
    let request = post_request("/", &pod(&["nginx:1.25"]));
    let (first, rest) = request.split_at(request.len() - 20);
    let mut clients = [(); 8].map(|()| replica.connect());
    for client in &mut clients {
        client.send(first).unwrap();
    }
    thread::sleep(Duration::from_millis(800));
    for client in &mut clients {
        client.send(rest).unwrap();
        assert_eq!(client.answer().unwrap().status, 200);
    }
}

/// Sends plain HTTP to the port with TLS.
fn not_tls(replica: &Server) {
    for _ in 0..5 {
        let mut stream = TcpStream::connect(replica.address).unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    }
}

/// Returns the review of an update that replaces the target of a swap by the original image.
fn put_back() -> Value {
    let object = |image: &str| {
        json!({
            "metadata": {"name": "pg-1", "ownerReferences": [
                {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": "pg", "uid": "a", "controller": true},
            ]},
            "spec": {"containers": [{"name": "db", "image": image}]},
        })
    };
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u1",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "namespace": "shop",
            "operation": "UPDATE",
            "object": object("postgres:17"),
            "oldObject": object("harbor.example.com/hub/library/postgres:17"),
        },
    })
}

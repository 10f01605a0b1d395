//! Idle, slow and many connections.

use std::time::Duration;

use imageswap_tests_support::webhook::{MAP, Server, Start, pod, post_request};

use crate::IMAGESWAP;

#[test]
fn webhook_keeps_idle_connections_longer_than_the_api_server() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    assert_eq!(connection.post("/", &pod(&["nginx"])).status, 200);
    // The API server closes a connection after 90 idle seconds. If the webhook closed it first, the next request could
    // fail.
    std::thread::sleep(Duration::from_secs(92));
    assert_eq!(connection.post("/", &pod(&["nginx"])).status, 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let [first, second] = ["nginx", "redis"].map(|image| post_request("/", &pod(&[image])));
    // The second part ends the first request, and has all of the second one.
    let (part, rest) = first.split_at(first.len() - 1);
    connection.send(part).unwrap();
    connection.send(&[rest, &second].concat()).unwrap();
    for expected in ["mirror.example.com/hub/nginx", "mirror.example.com/hub/redis"] {
        assert_eq!(connection.answer().unwrap().images(), [expected]);
    }
}

#[test]
fn endless_head_is_rejected() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let header = format!("X-Long: {}\r\n", "x".repeat(1000));
    let mut sent = connection.send(b"POST / HTTP/1.1\r\nHost: webhook\r\n");
    for _ in 0..1000 {
        sent = sent.and_then(|()| connection.send(header.as_bytes()));
    }
    assert!(sent.is_err() || matches!(connection.answer(), Ok(answer) if answer.status == 431));
    assert_eq!(server.connect().get("/healthz").status, 200);
}

#[test]
fn health_and_metrics_are_served_on_both_ports() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(connection.get(path).status, 200, "{path}");
        assert_eq!(server.get(path).status, 200, "{path}");
    }
}

#[test]
fn webhook_listens_on_a_host_name() {
    let start = Start::new(IMAGESWAP).self_signed().map(MAP);
    let server = start.only("--listen", "localhost:0").serve();
    assert!(server.address.ip().is_loopback());
    assert!(server.swap("nginx").is_some());
}

//! The limit of connections: the order in which they are closed, the idle times, the gauge and the warning.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Connection, MAP, Server, Start, closes_within, eventually, pod};

use crate::IMAGESWAP;

/// The line of the log about the limit.
const CLOSED: &str = "connection closed for a new one";
/// Time for a connection that is closed at once: less than the idle time of ten seconds, which closes it too.
const AT_ONCE: Duration = Duration::from_secs(5);

fn serve(max_connections: &str) -> Server {
    Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--max-connections", max_connections])
        .serve()
}

fn open(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(150))).unwrap();
    stream
}

/// Sends bytes on a new connection without TLS.
fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = open(address);
    stream.write_all(bytes).unwrap();
    stream
}

/// Sends bytes on a new connection over TLS.
fn send_tls(server: &Server, bytes: &[u8]) -> Connection {
    let mut connection = server.connect();
    connection.send(bytes).unwrap();
    connection
}

/// Sends a probe on a new connection without TLS, and reads its answer.
fn probe(server: &Server) -> TcpStream {
    let mut stream = open(server.http_address);
    probe_again(&mut stream);
    stream
}

fn probe_again(stream: &mut TcpStream) {
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
}

/// Returns the connections of a port, but for that of the scrape.
fn count(server: &Server, port: &str) -> f64 {
    let scrapes = if port == "plain" { 1.0 } else { 0.0 };
    server.metric("imageswap_connections", &format!("port=\"{port}\"")) - scrapes
}

const HEAD: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\n";
const PART_OF_BODY: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{";

#[test]
fn gauge_counts_connections_of_each_port() {
    let server = serve("100");
    let silent = [open(server.address), open(server.address), open(server.address)];
    let reviewed = {
        let mut connection = server.connect();
        connection.post("/", &pod(&["nginx"]));
        connection
    };
    let probed = probe(&server);
    eventually("the counts", || {
        count(&server, "tls") == 4.0 && count(&server, "plain") == 1.0
    });
    drop((silent, probed));
    eventually("the ends", || {
        count(&server, "tls") == 1.0 && count(&server, "plain") == 0.0
    });
    drop(reviewed);
    eventually("the last end", || count(&server, "tls") == 0.0);
}

#[test]
fn connections_are_closed_in_order_at_the_limit() {
    let server = serve("9");
    let review = pod(&["nginx"]);
    let reviewed = || {
        let mut connection = server.connect();
        assert_eq!(connection.post("/", &review).status, 200);
        connection
    };
    let probed = || {
        let mut connection = server.connect();
        assert_eq!(connection.get("/healthz").status, 200);
        connection
    };
    // The order in which they come is not the order in which they are closed.
    let mut first_reviewed = reviewed();
    let mut second_reviewed = reviewed();
    let mut head = send_tls(&server, HEAD);
    // A review does not protect a slow request after it.
    let mut body = reviewed();
    body.send(PART_OF_BODY).unwrap();
    let mut first_probed = probed();
    let mut rejected = server.connect();
    assert_eq!(rejected.post("/", b"no review").status, 400);
    let silent = open(server.address);
    let handshake = send(server.address, &[22, 3, 1, 2, 0, 1]);
    let mut unused = server.connect();
    eventually("the connections", || count(&server, "tls") == 9.0);
    // Each newcomer has a review, so it comes last itself.
    let mut newcomers = vec![reviewed()];
    assert!(closes_within(&silent, AT_ONCE));
    newcomers.push(reviewed());
    assert!(closes_within(&handshake, AT_ONCE));
    newcomers.push(reviewed());
    assert!(unused.closes_within(AT_ONCE));
    newcomers.push(reviewed());
    assert!(first_probed.closes_within(AT_ONCE));
    newcomers.push(reviewed());
    assert!(rejected.closes_within(AT_ONCE));
    newcomers.push(reviewed());
    assert!(head.closes_within(AT_ONCE));
    newcomers.push(reviewed());
    assert!(body.closes_within(AT_ONCE));
    // The idle time begins again with each review.
    assert_eq!(first_reviewed.post("/", &review).status, 200);
    newcomers.push(reviewed());
    assert!(second_reviewed.closes_within(AT_ONCE));
    for connection in newcomers.iter_mut().chain([&mut first_reviewed]) {
        assert_eq!(connection.post("/", &review).status, 200);
    }
    assert_eq!(count(&server, "tls"), 9.0);
}

#[test]
fn new_client_is_served_if_no_client_reads_its_answers() {
    let server = serve("4");
    // Their answers are longer than the buffers of a socket.
    let requests = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2000);
    let unread: Vec<_> = (0..6).map(|_| send(server.http_address, &requests)).collect();
    for _ in 0..20 {
        assert_eq!(server.get("/readyz").status, 200);
    }
    drop(unread);
}

#[test]
fn warning_at_the_limit_is_one_line() {
    let server = serve("3");
    let started = Instant::now();
    let silent: Vec<_> = (0..60).map(|_| open(server.http_address)).collect();
    let line = server.wait_for_log(|line| line["message"] == CLOSED);
    assert_eq!(
        (&line["level"], &line["port"], &line["limit"], &line["state"]),
        (
            &"WARN".into(),
            &"plain".into(),
            &3.into(),
            &"never sent a request".into()
        )
    );
    let peer = silent[0].local_addr().unwrap().to_string();
    assert_eq!(line["peer"], peer, "{line}");
    eventually("the last connection", || {
        server.get("/healthz").status == 200 && count(&server, "plain") <= 3.0
    });
    let lines = server
        .log()
        .iter()
        .filter(|line| line["message"] == CLOSED)
        .count();
    let seconds = usize::try_from(started.elapsed().as_secs()).unwrap();
    assert!(lines <= 1 + seconds / 10, "{lines} lines");
}

#[test]
fn ports_have_connections_of_their_own() {
    let server = serve("5");
    let mut kept = server.connect();
    assert_eq!(kept.post("/", &pod(&["nginx"])).status, 200);
    let mut probed = probe(&server);
    let plain: Vec<_> = (0..20).map(|_| open(server.http_address)).collect();
    assert_eq!(server.get("/readyz").status, 200);
    // Those that never sent a request are closed first.
    for silent in &plain[..16] {
        assert!(closes_within(silent, AT_ONCE));
    }
    probe_again(&mut probed);
    assert_eq!(kept.post("/", &pod(&["nginx"])).status, 200);
    eventually("the limit", || count(&server, "plain") <= 5.0);
    assert_eq!(count(&server, "tls"), 1.0);
    let tls: Vec<_> = (0..20).map(|_| open(server.address)).collect();
    assert_eq!(kept.post("/", &pod(&["nginx"])).status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    eventually("the other limit", || count(&server, "tls") == 5.0);
    drop((plain, tls));
}

#[test]
fn connection_without_a_review_is_closed_after_ten_seconds() {
    const LATEST: Duration = Duration::from_secs(100);
    let server = serve("100");
    let mut probed_tls = server.connect();
    assert_eq!(probed_tls.get("/healthz").status, 200);
    let mut rejected = server.connect();
    assert_eq!(rejected.post("/", b"no review").status, 400);
    let unused = server.connect();
    let mut slow_head = server.connect();
    assert_eq!(slow_head.post("/", &pod(&["nginx"])).status, 200);
    slow_head.send(HEAD).unwrap();
    let mut reviewed = server.connect();
    assert_eq!(reviewed.post("/", &pod(&["nginx"])).status, 200);
    let plain = [
        open(server.http_address),
        send(server.http_address, HEAD),
        probe(&server),
        open(server.address),
        send(server.address, &[22, 3, 1, 2, 0, 1]),
    ];
    let started = Instant::now();
    let tls = [probed_tls, rejected, unused, slow_head].map(|mut connection| {
        thread::spawn(move || {
            assert!(connection.closes_within(LATEST));
            started.elapsed()
        })
    });
    let plain = plain.map(|stream| {
        thread::spawn(move || {
            assert!(closes_within(&stream, LATEST));
            started.elapsed()
        })
    });
    for (number, closed) in tls.into_iter().chain(plain).enumerate() {
        let after = closed.join().unwrap();
        let expected = Duration::from_secs(8)..LATEST;
        assert!(expected.contains(&after), "connection {number}: {after:?}");
    }
    assert_eq!(reviewed.post("/", &pod(&["nginx"])).status, 200);
}

#[test]
fn slow_head_does_not_become_younger() {
    let server = serve("100");
    let mut stream = send(server.http_address, b"GET /healthz HTTP/1.1\r\n");
    let started = Instant::now();
    while stream.write_all(b"A: b\r\n").is_ok() {
        assert!(started.elapsed() < Duration::from_secs(100));
        thread::sleep(Duration::from_millis(500));
    }
    assert!(started.elapsed() > Duration::from_secs(8));
}

#[test]
fn http_2_is_rejected_at_once() {
    let server = serve("100");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    assert!(closes_within(&send(server.http_address, preface), AT_ONCE));
    assert!(send_tls(&server, preface).closes_within(AT_ONCE));
}

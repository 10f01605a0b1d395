//! The load: a process of its own on the second core, with kept connections that have one request each.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::AnyCertificate;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::CONNECTIONS;
use crate::server::{Server, on_core};

/// What is sent, and how often in one turn.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) body: &'a Path,
    pub(crate) requests: usize,
}

/// What one server takes, of what the other does: medians over the turns.
pub(crate) struct Ratios {
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) cpu: f64,
    /// Requests a second of the second server.
    pub(crate) floor_rate: f64,
    /// The share of its core that the second server used.
    pub(crate) floor_load: f64,
}

/// One turn of one server.
struct Turn {
    rate: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    load: f64,
}

/// Sends the same load to two servers in turns.
pub(crate) fn in_turns(rounds: usize, load: &Load<'_>, server: &Server, other: &Server) -> Ratios {
    // Unmeasured, for the caches of both.
    turn(
        &Load {
            requests: load.requests / 4,
            ..*load
        },
        server,
    );
    turn(
        &Load {
            requests: load.requests / 4,
            ..*load
        },
        other,
    );
    let turns: Vec<(Turn, Turn)> = (0..rounds)
        .map(|round| match round % 2 {
            0 => (turn(load, server), turn(load, other)),
            _ => {
                let second = turn(load, other);
                (turn(load, server), second)
            }
        })
        .collect();
    let ratio = |figure: fn(&Turn) -> f64| median(turns.iter().map(|(a, b)| figure(a) / figure(b)).collect());
    Ratios {
        rate: ratio(|turn| turn.rate),
        p50: ratio(|turn| turn.p50),
        p99: ratio(|turn| turn.p99),
        cpu: ratio(|turn| turn.cpu),
        floor_rate: median(turns.iter().map(|(_, other)| other.rate).collect()),
        floor_load: median(turns.iter().map(|(_, other)| other.load).collect()),
    }
}

fn turn(load: &Load<'_>, server: &Server) -> Turn {
    let this = std::env::current_exe().expect("this program");
    let before = server.cpu();
    let output = on_core(1, this.to_str().expect("a path in UTF-8"))
        .args(["client", &server.port.to_string()])
        .arg(load.body)
        .arg(load.requests.to_string())
        .output()
        .expect("the client");
    let cpu = server.cpu() - before;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("figures");
    let figures: Vec<f64> = text
        .split_whitespace()
        .map(|word| word.parse().expect("a figure"))
        .collect();
    let [rate, p50, p99] = figures[..] else {
        panic!("three figures are expected: {text}")
    };
    let load = cpu * rate / load.requests as f64;
    Turn {
        rate,
        p50,
        p99,
        cpu,
        load,
    }
}

/// The middle one.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The client's own process: prints requests a second, and p50 and p99 of the latency in seconds.
///
/// It never sleeps, but looks at its connections in turn. Otherwise the server that is the slower one would
/// have to wake it for nearly every answer, and the faster one for hardly any, which on a virtual machine is
/// half of what a small request costs.
pub(crate) fn run(port: u16, body: &Path, requests: usize) {
    let request = request(&std::fs::read(body).expect("the body"));
    let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| Connection::open(port)).collect();
    let mut latencies = Vec::with_capacity(requests);
    let started = Instant::now();
    for connection in &mut connections {
        connection.send(&request);
    }
    let mut to_send = requests - CONNECTIONS;
    while latencies.len() < requests {
        for connection in &mut connections {
            let Some(latency) = connection.answered() else {
                continue;
            };
            latencies.push(latency);
            if to_send > 0 {
                to_send -= 1;
                connection.send(&request);
            }
        }
    }
    let elapsed = started.elapsed();
    latencies.sort();
    let at = |share: usize| latencies[latencies.len() * share / 100].as_secs_f64();
    println!(
        "{} {} {}",
        requests as f64 / elapsed.as_secs_f64(),
        at(50),
        at(99)
    );
}

/// A kept connection, with one request at a time.
pub(crate) struct Connection {
    socket: TcpStream,
    tls: ClientConnection,
    sent: Instant,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(port: u16) -> Self {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a server");
        socket.set_nodelay(true).expect("a socket");
        let mut tls = ClientConnection::new(config(), name()).expect("a configuration");
        tls.complete_io(&mut socket).expect("a handshake");
        // What is sent, TLS keeps until the socket takes it.
        tls.set_buffer_limit(None);
        socket.set_nonblocking(true).expect("a socket");
        Self {
            socket,
            tls,
            sent: Instant::now(),
            answer: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, request: &[u8]) {
        self.sent = Instant::now();
        self.answer.clear();
        self.tls
            .writer()
            .write_all(request)
            .expect("room for the request");
        self.push();
    }

    /// Gives the socket what it takes.
    fn push(&mut self) {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.socket) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("a kept connection broke: {error}"),
            }
        }
    }

    /// Returns the duration of the answer, once it is complete.
    pub(crate) fn answered(&mut self) -> Option<Duration> {
        self.push();
        match self.tls.read_tls(&mut self.socket) {
            Ok(0) => panic!("the server closed a kept connection"),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(error) => panic!("a kept connection broke: {error}"),
        }
        let state = self.tls.process_new_packets().expect("TLS");
        let filled = self.answer.len();
        self.answer.resize(filled + state.plaintext_bytes_to_read(), 0);
        self.tls
            .reader()
            .read_exact(&mut self.answer[filled..])
            .expect("what is there");
        if !is_whole(&self.answer) {
            return None;
        }
        assert!(
            self.answer.starts_with(b"HTTP/1.1 200 "),
            "{}",
            String::from_utf8_lossy(&self.answer)
        );
        Some(self.sent.elapsed())
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        let length = head(&self.answer).map_or(0, |(_, length)| length);
        &self.answer[self.answer.len() - length..]
    }
}

/// The body of the answer to one review.
pub(crate) fn answer(port: u16, body: &Path) -> Vec<u8> {
    let request = request(&std::fs::read(body).expect("the body"));
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a server");
    let connection = ClientConnection::new(config(), name()).expect("a configuration");
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(&request).expect("a connection");
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while !is_whole(&answer) {
        let read = stream.read(&mut chunk).expect("an answer");
        assert!(read > 0, "the connection was closed");
        answer.extend_from_slice(&chunk[..read]);
    }
    let (_, length) = head(&answer).expect("a whole answer");
    answer.split_off(answer.len() - length)
}

/// Returns true if a server completes a TLS handshake.
pub(crate) fn is_answered(port: u16) -> bool {
    let Ok(mut socket) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let mut connection = ClientConnection::new(config(), name()).expect("a configuration");
    connection.complete_io(&mut socket).is_ok()
}

/// A whole request, as an API server sends it.
pub(crate) fn request(body: &[u8]) -> Arc<[u8]> {
    let head = format!(
        "POST /?timeout=10s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-apiserver-admission\r\n\
         Content-Length: {}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n\
         Accept-Encoding: gzip\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat().into()
}

fn is_whole(answer: &[u8]) -> bool {
    head(answer).is_some_and(|(head, length)| answer.len() >= head + length)
}

/// The lengths of the head of an answer and of its body, once the head is there.
fn head(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..end]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    })?;
    Some((end, length))
}

fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a name")
}

fn config() -> Arc<ClientConfig> {
    AnyCertificate::config(&Arc::default())
}

//! Floods of connections, while a client that behaves is served.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Connection, MAP, Server, Start, get_plain, pod};

use crate::IMAGESWAP;

/// Connections of each port.
const LIMIT: usize = 60;
/// Connections that an attacker holds. Five attackers at once have 450, and the other tests of the process need room for
/// theirs: the usual limit of open files is 1,024.
const HELD: usize = 90;
/// Pause of an attacker between two connections.
const PAUSE: Duration = Duration::from_millis(5);
/// Maximum time for an answer. On a machine that does nothing else it is a second.
const MAX_TIME: Duration = Duration::from_secs(10);

/// A connection of an attacker.
#[expect(dead_code, reason = "they are only held")]
enum Held {
    Plain(TcpStream),
    Tls(Box<Connection>),
}

/// The addresses of both ports.
#[derive(Clone, Copy)]
struct Target {
    tls: SocketAddr,
    plain: SocketAddr,
}

type Attack = fn(Target) -> io::Result<Held>;

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(MAX_TIME))?;
    Ok(stream)
}

fn send(address: SocketAddr, bytes: &[u8]) -> io::Result<Held> {
    let mut stream = connect(address)?;
    stream.write_all(bytes)?;
    Ok(Held::Plain(stream))
}

fn send_tls(target: Target, bytes: &[u8]) -> io::Result<Held> {
    let mut connection = Connection::try_open(target.tls)?;
    connection.send(bytes)?;
    Ok(Held::Tls(Box::new(connection)))
}

fn part_of_head(target: Target) -> io::Result<Held> {
    send_tls(target, b"POST / HTTP/1.1\r\nHost: ")
}

fn part_of_body(target: Target) -> io::Result<Held> {
    send_tls(
        target,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{",
    )
}

fn probe(target: Target) -> io::Result<Held> {
    let mut stream = connect(target.plain)?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")?;
    stream.read_exact(&mut [0; 16])?;
    Ok(Held::Plain(stream))
}

fn probe_tls(target: Target) -> io::Result<Held> {
    let mut connection = Connection::try_open(target.tls)?;
    connection.try_get("/healthz")?;
    Ok(Held::Tls(Box::new(connection)))
}

fn review(target: Target) -> io::Result<Held> {
    let mut connection = Connection::try_open(target.tls)?;
    connection.try_post("/", &pod(&["nginx"]))?;
    Ok(Held::Tls(Box::new(connection)))
}

/// Answers of the client that behaves, in each attack.
const ANSWERS: usize = 100;

/// Every attack on its own, and all together.
const ATTACKS: [&[Attack]; 10] = [
    &[|target| send(target.plain, b""), |target| send(target.tls, b"")],
    &[|target| send(target.tls, &[22, 3, 1, 2, 0, 1])],
    &[|target| send_tls(target, b"")],
    &[
        |target| send(target.plain, b"GET /readyz HTTP/1.1\r\nHost: "),
        part_of_head,
    ],
    &[part_of_body],
    &[probe, probe_tls],
    &[review],
    &[
        |target| send(target.plain, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        |target| send_tls(target, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ],
    &[|target| send(target.tls, b"GET / HTTP/1.1\r\n\r\n")],
    &[part_of_head, part_of_body, probe, probe_tls, review],
];

/// Opens connections without end, holds the last ones, and counts all.
fn attack(attack: Attack, target: Target, opened: &AtomicUsize, ends: &AtomicBool) {
    let (mut held, mut count) = (VecDeque::new(), 0);
    while !ends.load(Ordering::Relaxed) {
        if let Ok(connection) = attack(target) {
            held.push_back(connection);
        }
        if held.len() > HELD {
            held.pop_front();
        }
        count += 1;
        opened.fetch_add(1, Ordering::Relaxed);
        if count > HELD {
            thread::sleep(PAUSE);
        }
    }
}

/// Does something that must not take long, and returns the time.
fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = what();
    let elapsed = started.elapsed();
    assert!(elapsed < MAX_TIME, "{elapsed:?}");
    (result, elapsed)
}

/// Behaves: sends reviews on fresh connections and on a kept one, and probes. Returns the longest time of an answer.
fn behave(target: Target) -> Duration {
    let body = pod(&["nginx"]);
    let mut kept: Option<Connection> = None;
    let mut longest = Duration::ZERO;
    for number in 0..ANSWERS {
        let ((), elapsed) = match number % 4 {
            0 => timed(|| assert_eq!(get_plain(target.plain, "/readyz").unwrap().status, 200)),
            1 => timed(|| assert_eq!(Connection::open(target.tls).post("/", &body).images().len(), 1)),
            _ => timed(|| {
                // A client opens a new connection if the kept one was closed, and no other one in its place.
                let answer = kept.as_mut().and_then(|kept| kept.try_post("/", &body).ok());
                if answer.is_none() {
                    let mut opened = Connection::open(target.tls);
                    assert_eq!(opened.post("/", &body).images().len(), 1);
                    kept = Some(opened);
                }
            }),
        };
        longest = longest.max(elapsed);
        thread::sleep(PAUSE);
    }
    longest
}

fn target(server: &Server) -> Target {
    Target {
        tls: server.address,
        plain: server.http_address,
    }
}

#[test]
fn client_that_behaves_is_served_during_floods() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--max-connections", &LIMIT.to_string()])
        .serve();
    let target = target(&server);
    let started = Instant::now();
    for (number, attacks) in ATTACKS.iter().enumerate() {
        let (opened, ends) = (&AtomicUsize::new(0), &AtomicBool::new(false));
        let mut longest = Duration::ZERO;
        thread::scope(|scope| {
            for &kind in *attacks {
                scope.spawn(move || attack(kind, target, opened, ends));
            }
            // Before the connections are used up there is no attack.
            while opened.load(Ordering::Relaxed) < HELD * attacks.len() {
                assert!(started.elapsed() < 60 * MAX_TIME);
                thread::sleep(PAUSE);
            }
            let served = std::panic::catch_unwind(|| behave(target));
            ends.store(true, Ordering::Relaxed);
            longest = served.unwrap();
        });
        tell!("attack {number}: {ANSWERS} answers, the longest took {longest:?}");
        for port in ["tls", "plain"] {
            let count = server.metric("imageswap_connections", &format!("port=\"{port}\""));
            assert!(count <= LIMIT as f64, "{count} connections of {port}");
        }
    }
    for port in ["tls", "plain"] {
        let lines = server.log();
        let lines = lines
            .iter()
            .filter(|line| line["port"] == port && line["level"] != "INFO");
        let count = u64::try_from(lines.count()).unwrap();
        assert!(count <= 1 + started.elapsed().as_secs() / 10, "{count} lines");
    }
}

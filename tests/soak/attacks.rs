//! Attacks on a replica, each bounded in connections, bytes and time.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Connection, pod};

use super::replicas::Replicas;

/// More connections than the replicas take.
const MANY: usize = 300;
/// Clients that send large reviews.
const LARGE: usize = 8;

/// An attack of a limited time.
pub(crate) type Attack = fn(&Replicas, Duration);

/// Attacks with their names.
pub(crate) const ATTACKS: [(&str, Attack); 8] = [
    ("silent connections to the plain port", silent_plain),
    ("silent connections to the port of reviews", silent_tls),
    ("idle connections after a handshake", idle_tls),
    ("connections that ask for health", health),
    ("heads and bodies without an end", unfinished),
    ("reviews with long answers", long_answers),
    ("clients that do not read their answers", unread),
    (
        "reviews of 10,000 images that no pattern matches at once",
        slow_patterns,
    ),
];

/// Keeps connections for a time, and does something on each of them every 500 ms.
fn hold<C>(
    connections: impl Iterator<Item = Option<C>>,
    time: Duration,
    mut keep: impl FnMut(&mut C) -> bool,
) {
    let started = Instant::now();
    let mut open = Vec::new();
    for connection in connections {
        open.extend(connection);
        if started.elapsed() > time {
            return;
        }
    }
    while started.elapsed() < time {
        open.retain_mut(&mut keep);
        thread::sleep(Duration::from_millis(500).min(time.saturating_sub(started.elapsed())));
    }
}

fn plain(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_write_timeout(Some(Duration::from_millis(50))).ok()?;
    Some(stream)
}

fn tls(address: SocketAddr) -> Option<Connection> {
    Connection::try_open_within(address, Duration::from_secs(1)).ok()
}

fn silent_plain(replicas: &Replicas, time: Duration) {
    let address = replicas.target().http_address;
    hold((0..MANY).map(|_| plain(address)), time, |_| true);
}

fn silent_tls(replicas: &Replicas, time: Duration) {
    let address = replicas.target().address;
    let streams = (0..MANY).map(|number| {
        let mut stream = plain(address)?;
        // Half of them begin a handshake.
        stream.write_all(&b"\x16\x03"[..number % 2 * 2]).ok()?;
        Some(stream)
    });
    hold(streams, time, |_| true);
}

fn idle_tls(replicas: &Replicas, time: Duration) {
    let address = replicas.target().address;
    hold((0..MANY).map(|_| tls(address)), time, |_| true);
}

fn health(replicas: &Replicas, time: Duration) {
    let address = replicas.target().address;
    hold((0..MANY).map(|_| tls(address)), time, |connection| {
        connection.try_get("/healthz").is_ok()
    });
}

fn unfinished(replicas: &Replicas, time: Duration) {
    let target = replicas.target();
    let heads = (0..MANY).map(|number| {
        let mut connection = tls(target.address)?;
        let text: &[u8] = match number % 2 {
            0 => b"POST / HTTP/1.1\r\nHost: webhook\r\nX: ",
            _ => b"POST / HTTP/1.1\r\nHost: webhook\r\nContent-Length: 1000\r\n\r\n{",
        };
        connection.send(text).ok()?;
        Some(connection)
    });
    hold(heads, time, |connection| connection.send(b"x").is_ok());
}

/// Calls a function on several threads, again and again for a time.
fn repeat(clients: usize, time: Duration, request: impl Fn() + Sync) {
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                while started.elapsed() < time {
                    request();
                }
            });
        }
    });
}

fn long_answers(replicas: &Replicas, time: Duration) {
    let address = replicas.target().address;
    let review = pod(&["r.io/a"; 10_000]);
    repeat(LARGE, time, || {
        if let Some(mut connection) = tls(address) {
            let _ = connection.try_post("/?timeout=5s", &review);
        }
    });
}

fn unread(replicas: &Replicas, time: Duration) {
    let address = replicas.target().address;
    let review = pod(&["r.io/a"; 10_000]);
    let senders = (0..40).map(|_| {
        let mut connection = tls(address)?;
        connection.send_post("/?timeout=5s", &review).ok()?;
        Some(connection)
    });
    hold(senders, time, |_| true);
}

fn slow_patterns(replicas: &Replicas, time: Duration) {
    let address = replicas.target().address;
    let image = format!("a.example.com/{}/c", ["ab"; 100].join("/"));
    let review = pod(&vec![image.as_str(); 10_000]);
    // Callers that are gone before their answer.
    repeat(2, time, || {
        if let Some(mut connection) = tls(address) {
            let _ = connection.send_post("/?timeout=1s", &review);
        }
    });
}

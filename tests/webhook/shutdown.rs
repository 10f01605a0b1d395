//! Shutdown of the process.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Connection, MAP, Server, Start, eventually, pod, post_request};

use crate::IMAGESWAP;

fn serve(delay: &str) -> Server {
    Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--shutdown-delay", delay])
        .serve()
}

#[test]
fn webhook_is_unready_but_serves_during_the_delay() {
    // Longer than the test, so that no connection is closed by the end of the process.
    let mut server = serve("600");
    let mut kept = server.connect();
    server.signal("TERM");
    eventually("unreadiness", || server.get("/readyz").status == 503);
    assert_eq!(server.get("/readyz").text(), "not ready: shutting down\n");
    assert_eq!(server.get("/healthz").status, 200);
    // Answers ask clients to close the connection, on old and new ones.
    for connection in [&mut kept, &mut server.connect()] {
        let answer = connection.post("/", &pod(&["nginx"]));
        assert_eq!(answer.images().len(), 1);
        assert!(
            answer.head.to_lowercase().contains("connection: close"),
            "{}",
            answer.head
        );
        assert!(connection.closes_within(Duration::from_secs(5)));
    }
    assert!(server.is_running());
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn request_in_flight_completes_after_the_delay() {
    let mut server = serve("0");
    let mut connection = server.connect();
    let request = post_request("/", &pod(&["nginx"]));
    let (head_and_part, rest) = request.split_at(request.len() - 50);
    connection.send(head_and_part).unwrap();
    // Give the webhook time to read the head before the signal.
    thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    server.wait_for_log(|line| line["message"] == "shutdown started");
    thread::sleep(Duration::from_millis(200));
    connection.send(rest).unwrap();
    assert_eq!(connection.answer().unwrap().images().len(), 1);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn endless_request_delays_the_shutdown_up_to_the_timeout() {
    let mut server = Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--shutdown-delay", "0", "--shutdown-timeout", "0.5"])
        .serve();
    let mut connection = server.connect();
    connection
        .send(b"POST /?timeout=30s HTTP/1.1\r\nHost: webhook\r\nContent-Length: 100\r\n\r\n{")
        .unwrap();
    thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    let started = Instant::now();
    assert_eq!(server.wait().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn sigint_and_second_sigterm_skip_the_delay() {
    let mut server = serve("600");
    server.signal("INT");
    assert_eq!(server.wait().code(), Some(0));
    let mut server = serve("600");
    server.signal("TERM");
    eventually("unreadiness", || server.get("/readyz").status == 503);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn no_request_fails_if_clients_obey_connection_close() {
    let mut server = serve("1");
    let address = server.address;
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(address);
                    loop {
                        let answer = connection.post("/", &pod(&["nginx"]));
                        assert_eq!(answer.images().len(), 1);
                        answered.fetch_add(1, Ordering::Relaxed);
                        if answer.head.to_lowercase().contains("connection: close") {
                            return;
                        }
                    }
                })
            })
            .collect();
        eventually("load", || answered.load(Ordering::Relaxed) > 100);
        server.signal("TERM");
        for client in clients {
            client.join().unwrap();
        }
    });
    assert_eq!(server.wait().code(), Some(0));
    tell!(
        "{} requests were answered, and none failed",
        answered.load(Ordering::Relaxed)
    );
}

#[test]
fn sigquit_drains_as_sigterm_does_and_other_signals_end_nothing() {
    let mut server = serve("1");
    for signal in ["USR1", "USR2", "XFSZ", "HUP"] {
        server.signal(signal);
    }
    server.wait_for_log(|line| line["signal"] == "SIGHUP");
    assert_eq!(server.get("/readyz").text(), "ready\n");
    server.signal("QUIT");
    eventually("unreadiness", || server.get("/readyz").status == 503);
    assert_eq!(server.connect().post("/", &pod(&["nginx"])).images().len(), 1);
    let line = server.wait_for_log(|line| line["message"] == "shutdown requested");
    assert_eq!(line["signal"], "SIGQUIT");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn signal_ends_the_start_before_the_first_rules_are_compiled() {
    let directory = tempfile::tempdir().unwrap();
    for file in 0..8 {
        let mut rules = "rules v1\n".to_owned();
        for number in 0..12_000 {
            rules.push_str(&format!(
                "swap r{file}-{number}.example.com/ -> h.example.com/r{number}/\n"
            ));
        }
        fs::write(directory.path().join(format!("{file}0.rules")), rules).unwrap();
    }
    let mut server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(directory.path())
        .spawn();
    server.wait_for_signal_handler();
    server.signal("TERM");
    let status = server.wait();
    let stderr = server.stderr();
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert!(
        stderr.contains("shutdown requested before the start was complete"),
        "{stderr}"
    );
}

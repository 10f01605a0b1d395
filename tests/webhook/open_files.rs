//! The limit of open files.

use std::fs;
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Connection, MAP, Server, Start, command, pod};

use crate::IMAGESWAP;

/// The line of the log about a limit that is too low.
const TOO_LOW: &str = "the limit of open files is too low for the connections of both ports";

/// Starts the webhook with limits of open files: a soft and a hard one.
fn serve(soft: u32, hard: u32) -> Server {
    let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
    let mut shell: Command = command("sh");
    shell.args(["-c", &script, IMAGESWAP]).args(Start::ARGUMENTS);
    Start::of(shell).self_signed().map(MAP).serve()
}

fn has_line(server: &Server, message: &str) -> bool {
    server.log().iter().any(|line| line["message"] == message)
}

#[test]
fn soft_limit_is_raised_to_the_hard_limit() {
    let server = serve(256, 4200);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let of_files = limits.lines().find(|line| line.starts_with("Max open files"));
    let words: Vec<&str> = of_files.unwrap().split_whitespace().collect();
    assert_eq!(words[3..5], ["4200", "4200"]);
    assert!(!has_line(&server, TOO_LOW));
}

#[test]
fn warning_names_the_limit_that_is_too_low() {
    let server = serve(256, 1024);
    let line = server.wait_for_log(|line| line["message"] == TOO_LOW);
    assert_eq!(
        (
            &line["level"],
            &line["open_files"],
            &line["max_connections"],
            &line["connections"]
        ),
        (&"WARN".into(), &1024.into(), &2000.into(), &480.into())
    );
}

#[test]
fn both_ports_answer_although_clients_use_up_the_files() {
    // The first limit has room for some connections of each port. With the second one, `accept` fails.
    for hard in [100, 22] {
        let server = serve(hard, hard);
        let started = Instant::now();
        let silent: Vec<TcpStream> = (0..200)
            .map(|number| {
                if number % 2 == 0 {
                    server.address
                } else {
                    server.http_address
                }
            })
            .map(|address| TcpStream::connect(address).unwrap())
            .collect();
        for _ in 0..20 {
            assert_eq!(server.get("/readyz").status, 200);
            assert_eq!(
                Connection::open(server.address)
                    .post("/", &pod(&["nginx"]))
                    .images()
                    .len(),
                1
            );
            thread::sleep(Duration::from_millis(20));
        }
        drop(silent);
        let log = server.log();
        let failures = log
            .iter()
            .filter(|line| line["message"] == "connections cannot be accepted");
        let failures = u64::try_from(failures.count()).unwrap();
        tell!(
            "{hard} files: {failures} lines about failures in {:?}",
            started.elapsed()
        );
        assert!(
            failures <= 2 * (1 + started.elapsed().as_secs() / 10),
            "{failures} lines"
        );
    }
}

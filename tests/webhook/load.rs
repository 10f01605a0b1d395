//! Load over the limits.

use std::sync::Arc;
use std::thread;

use imageswap_tests_support::webhook::{Connection, MAP, Start, pod};
use serde_json::Value;

use crate::IMAGESWAP;

#[test]
fn bodies_over_the_budget_are_all_answered_in_little_memory() {
    const CLIENTS: usize = 500;
    let server = Start::new(IMAGESWAP).self_signed().map(MAP).serve();
    let mut review: Value = serde_json::from_slice(&pod(&["nginx"])).unwrap();
    let room = (8 << 20) - review.to_string().len() - 100;
    review["request"]["object"]["metadata"]["annotations"]["padding"] = "x".repeat(room).into();
    let body: Arc<[u8]> = review.to_string().into_bytes().into();
    assert!(((8 << 20) - 200..=8 << 20).contains(&body.len()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (address, body) = (server.address, Arc::clone(&body));
            thread::Builder::new()
                .stack_size(512 << 10)
                .spawn(move || {
                    let answer = Connection::open(address)
                        .try_post("/?timeout=300s", &body)
                        .unwrap();
                    (answer.status, answer.images().len())
                })
                .unwrap()
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().unwrap(), (200, 1));
    }
    let peak = server.peak_memory() >> 10;
    tell!("{CLIENTS} bodies of 8 MiB were answered in {peak} MiB");
    assert!(peak < 160, "{peak} MiB");
}

#[test]
fn body_in_parts_of_one_byte_needs_no_more_memory() {
    let server = Start::new(IMAGESWAP).self_signed().map(MAP).serve();
    let body = pod(&["nginx"]);
    let mut connection = server.connect();
    connection
        .send(b"POST / HTTP/1.1\r\nHost: webhook\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    let space = b"1\r\n \r\n".repeat(1 << 16);
    for _ in 0..64 {
        connection.send(&space).unwrap();
    }
    let rest = [
        format!("{:x}\r\n", body.len()).as_bytes(),
        &body,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    connection.send(&rest).unwrap();
    assert_eq!(connection.answer().unwrap().images().len(), 1);
    let peak = server.peak_memory() >> 10;
    assert!(peak < 40, "{peak} MiB for a body of 4");
}

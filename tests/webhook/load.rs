//! More at one time than there is room for.

use std::sync::Arc;
use std::thread;

use serde_json::Value;

use crate::client::{Connection, pod};
use crate::server::{MAP, Start};

#[test]
fn five_hundred_bodies_of_8_mib_are_all_answered_in_little_memory() {
    const CLIENTS: usize = 500;
    let server = Start::new().self_signed().map(MAP).serve();
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
                    let answer = Connection::open(address).try_post("/", &body).unwrap();
                    (answer.status, answer.images().len())
                })
                .unwrap()
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().unwrap(), (200, 1));
    }
    let peak = server.peak_memory() >> 10;
    println!("{CLIENTS} bodies of 8 MiB were answered in {peak} MiB");
    assert!(peak < 160, "{peak} MiB");
}

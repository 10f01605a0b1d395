//! Memory and time of answers: large reviews, and clients that do not read.

use std::io::Read as _;
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Connection, Server, Start};
use serde_json::Value;
use tempfile::TempDir;

use crate::IMAGESWAP;

/// Maximum memory of the process, in MiB.
const LIMIT: u64 = 160;
const MAX_IMAGES: usize = 10_000;

/// Returns a webhook that swaps to a very long target.
fn serve(arguments: &[&str]) -> (TempDir, Server) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("10.rules");
    let target = format!("h.example.com/{}", ["x"; 100].join("/"));
    std::fs::write(&path, format!("rules v1\nswap docker.io/ -> {target}/\n")).unwrap();
    let mut start = Start::new(IMAGESWAP).self_signed().rules(&path);
    for argument in arguments {
        start = start.args([argument]);
    }
    (directory, start.serve())
}

/// Returns a review of a Pod, whose members after `metadata` are `spec`.
fn review(operation: &str, spec: &str, old: &str) -> Vec<u8> {
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u","kind":{{"group":"","version":"v1","kind":"Pod"}},"namespace":"default","operation":"{operation}","object":{{"metadata":{{}},"spec":{{{spec}}}}},"oldObject":{{"metadata":{{}},"spec":{{{old}}}}}}}}}"#
    )
    .into_bytes()
}

/// Returns a list of elements.
fn list(name: &str, element: &str, count: usize) -> String {
    format!("\"{name}\":[{}]", vec![element; count].join(","))
}

fn pod(images: usize) -> Vec<u8> {
    review("CREATE", &list("containers", r#"{"image":"a"}"#, images), "")
}

fn peak(server: &Server) -> u64 {
    server.peak_memory() >> 10
}

#[test]
fn review_with_more_images_than_the_limit_is_denied_and_counted() {
    let (_rules, server) = serve(&[]);
    let patched = server.post(&pod(MAX_IMAGES));
    assert_eq!(patched.operations().len(), MAX_IMAGES);
    let denied = server.post(&pod(MAX_IMAGES + 1)).denial().unwrap();
    assert_eq!(
        denied,
        "imageswap: the request has 10001 images to evaluate, and at most 10000 are evaluated"
    );
    assert_eq!(
        server.metric("imageswap_images_skipped_total", "too-many"),
        (MAX_IMAGES + 1) as f64
    );
    assert_eq!(
        server.metric("imageswap_requests_total", "outcome=\"too-many-images\""),
        1.0
    );
    let line = server.wait_for_log(|line| line["outcome"] == "too-many-images");
    assert_eq!(line["images"], MAX_IMAGES + 1);
}

#[test]
fn too_many_images_are_a_warning_in_a_dry_run() {
    let (_rules, server) = serve(&["--dry-run"]);
    let answer = server.post(&pod(MAX_IMAGES + 1));
    assert_eq!(answer.denial(), None);
    assert_eq!(
        answer.warnings(),
        [
            "imageswap: would-deny (dry run): the request has 10001 images to evaluate, and at most 10000 are evaluated"
        ]
    );
    let label = "outcome=\"would-deny\"";
    assert_eq!(server.metric("imageswap_requests_total", label), 1.0);
}

#[test]
fn images_that_an_update_does_not_change_do_not_count() {
    let (_rules, server) = serve(&[]);
    let old = list("containers", r#"{"image":"a"}"#, 3 * MAX_IMAGES);
    let new = |changed: usize| {
        let unchanged = [r#"{"image":"a"}"#].repeat(3 * MAX_IMAGES - changed);
        let images = [vec![r#"{"image":"b"}"#; changed], unchanged].concat();
        review("UPDATE", &format!("\"containers\":[{}]", images.join(",")), &old)
    };
    let answer = server.post(&new(MAX_IMAGES));
    assert_eq!(answer.operations().len(), MAX_IMAGES);
    let unchanged = server.metric("imageswap_images_skipped_total", "unchanged");
    assert_eq!(unchanged, (2 * MAX_IMAGES) as f64);
    assert!(server.post(&new(MAX_IMAGES + 1)).denial().is_some());
}

#[test]
fn longest_reviews_stay_below_the_memory_limit() {
    const ROOM: usize = (8 << 20) - 1000;
    let fill = |name: &str, element: &str| list(name, element, ROOM / (element.len() + 1));
    let (_rules, server) = serve(&[]);
    let half = list("containers", r#"{"name":"a","image":"b"}"#, ROOM / 60);
    let malformed = {
        let mut body = review("CREATE", &fill("containers", "0"), "");
        body.pop();
        body
    };
    let template = format!("\"template\":{{\"spec\":{{{}}}}}", fill("containers", "{}"));
    for (what, body, is_denied) in [
        (
            "images",
            review("CREATE", &fill("containers", r#"{"image":"a"}"#), ""),
            true,
        ),
        (
            "names",
            review("CREATE", &fill("initContainers", r#"{"name":""}"#), ""),
            false,
        ),
        (
            "numbers",
            review("CREATE", &fill("ephemeralContainers", "0"), ""),
            false,
        ),
        ("volumes", review("CREATE", &fill("volumes", "{}"), ""), false),
        (
            "pull secrets",
            review("CREATE", &fill("imagePullSecrets", r#"{"name":""}"#), ""),
            false,
        ),
        (
            "an update",
            review("UPDATE", &half, &half.replace("\"b\"", "\"c\"")),
            true,
        ),
        ("an unchanged update", review("UPDATE", &half, &half), false),
        ("templates", review("CREATE", &template, ""), false),
    ] {
        let answer = server.post(&body);
        assert_eq!(answer.denial().is_some(), is_denied, "{what}");
        tell!("{what}: {} MiB", peak(&server));
    }
    let metadata = |member: &str| {
        let body = String::from_utf8(review("CREATE", "", "")).unwrap();
        body.replacen("\"metadata\":{}", &format!("\"metadata\":{{{member}}}"), 1)
    };
    for (what, body) in [
        (
            "labels",
            metadata(&format!(
                "\"labels\":{{{}}}",
                vec!["\"\":\"\""; ROOM / 6].join(",")
            )),
        ),
        ("owners", metadata(&fill("ownerReferences", "0"))),
    ] {
        assert_eq!(server.post(body.as_bytes()).denial(), None);
        tell!("{what}: {} MiB", peak(&server));
    }
    assert_eq!(server.post(&malformed).status, 400);
    tell!("a body that is not complete: {} MiB", peak(&server));
    let body = pod(ROOM / 14);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(server.post(&body).denial().is_some()));
        }
    });
    tell!("eight at once: {} MiB", peak(&server));
    assert!(peak(&server) < LIMIT, "{} MiB", peak(&server));
}

/// Returns a review whose answer is longer than the buffers of a socket: about 7 MiB.
fn long() -> Vec<u8> {
    let image = format!(r#"{{"image":"a:{}@sha256:{}"}}"#, "t".repeat(128), "0".repeat(64));
    review("CREATE", &list("containers", &image, MAX_IMAGES), "")
}

/// Sends such a review, and does not read the answer.
fn send(server: &Server, timeout: u64) -> Connection {
    let mut client = server.connect();
    client
        .send_post(&format!("/?timeout={timeout}s"), &long())
        .unwrap();
    client
}

#[test]
fn clients_that_do_not_read_cost_little_memory_and_give_it_back() {
    let (_rules, server) = serve(&[]);
    assert!(server.swap("nginx").is_some());
    let before = server.memory() >> 10;
    let clients: Vec<Connection> = (0..40).map(|_| send(&server, 5)).collect();
    // It waits until the debt of the answers is paid, which is at the deadline of those that nobody reads.
    let started = Instant::now();
    let answer = server.connect().post("/?timeout=60s", &pod(1));
    assert_eq!(answer.operations().len(), 1);
    tell!("a client that behaves waited {:?}", started.elapsed());
    let highest = peak(&server);
    tell!("40 clients that do not read: {highest} MiB");
    assert!(highest < LIMIT, "{highest} MiB");
    let after = server.gives_back(before + 20);
    tell!("{after} MiB at the end, {before} before");
    drop(clients);
}

#[test]
fn answer_that_is_read_slowly_ends_at_the_deadline_of_its_request() {
    let (_rules, server) = serve(&[]);
    let mut client = send(&server, 2);
    let started = Instant::now();
    let mut read = 0;
    let mut part = [0; 1024];
    while let Ok(length @ 1..) = client.stream().read(&mut part) {
        read += length;
        // It always makes some progress. After eight seconds the connection is closed, but the socket has bytes that arrived
        // before.
        if started.elapsed() < Duration::from_secs(8) {
            thread::sleep(Duration::from_millis(100));
        }
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}");
    // A client that reads at once gets all of it.
    let answer = server.post(&long());
    assert_eq!(answer.operations().len(), MAX_IMAGES);
    tell!("{read} bytes of {} were sent", answer.body.len());
    assert!(read < answer.body.len() * 9 / 10, "{read} bytes");
}

#[test]
fn burst_of_large_answers_leaves_no_memory_behind() {
    let (_rules, server) = serve(&[]);
    assert!(server.swap("nginx").is_some());
    let before = server.memory() >> 10;
    let body = long();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = server.connect();
                for _ in 0..5 {
                    let answer: Value = client.post("/", &body).review();
                    assert_eq!(answer["response"]["allowed"], true);
                }
            });
        }
    });
    let after = server.gives_back(before + 20);
    tell!(
        "a burst of 40 large answers: {} MiB at the peak, {after} after it, {before} before",
        peak(&server)
    );
    assert!(peak(&server) < LIMIT);
}

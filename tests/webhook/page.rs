//! The page for people, over HTTP.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{MAP, Server, Start, eventually, pod};
use serde_json::json;
use tempfile::TempDir;

use crate::IMAGESWAP;

const RULES: &str = "rules v1
# <script>alert(1)</script>
let mirror = harbor.example.com
home harbor.example.com/
swap docker.io/** -> {mirror}/hub/{1}
  as hub because \"limits & <b>\"
deny quay.io/bad/* when namespace prod-* because \"not scanned\"
swap quay.io/ -> {mirror}/quay/ as quay
keep gcr.io/ when label team=core as core
off quay because \"slow\"
";

fn start() -> Start {
    Start::new(IMAGESWAP)
        .self_signed()
        .args(["--page-listen", "127.0.0.1:0"])
}

/// Starts a webhook with rules in a directory.
fn serve(rules: &str) -> (Server, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.rules"), rules).unwrap();
    (start().rules(directory.path()).serve(), directory)
}

/// Sends bytes, and returns the answer: its head, and its body.
fn send(address: SocketAddr, bytes: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

fn status(head: &str) -> u16 {
    head.split(' ')
        .nth(1)
        .unwrap_or_default()
        .parse()
        .unwrap_or_default()
}

fn get(server: &Server, target: &str) -> (String, String) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    send(server.page_address.unwrap(), request.as_bytes())
}

/// Returns the page of a target.
#[track_caller]
fn page(server: &Server, target: &str) -> String {
    let (head, body) = get(server, target);
    assert_eq!(status(&head), 200, "{target}: {head}\n{body}");
    body
}

/// Returns the text of a page, without its markup.
fn text(page: &str) -> String {
    let parts = page
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let text: String = parts.collect();
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

/// Returns true if an element has an attribute whose name begins with `on`.
fn has_handler(page: &str) -> bool {
    let rests = page.split(" on").skip(1);
    rests
        .map(|rest| rest.trim_start_matches(|character: char| character.is_ascii_lowercase()))
        .any(|rest| rest.starts_with('='))
}

fn review(namespace: &str, metadata: &serde_json::Value, image: &str) -> Vec<u8> {
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u1",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "namespace": namespace,
            "operation": "CREATE",
            "object": {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": image}]}},
        },
    })
    .to_string()
    .into_bytes()
}

#[test]
fn there_is_no_page_without_the_option() {
    assert_eq!(Server::start(IMAGESWAP).page_address, None);
    let server = Start::new(IMAGESWAP).self_signed().map(MAP);
    let server = server.env("IMAGESWAP_PAGE_LISTEN", "127.0.0.1:0").serve();
    assert!(page(&server, "/").contains("<title>imageswap</title>"));
}

#[test]
fn page_is_only_for_this_machine() {
    let (server, _directory) = serve(RULES);
    let address = server.page_address.unwrap();
    let answer = |target: &str, fields: &str| {
        let request = format!("GET {target} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n");
        let (head, body) = send(address, request.as_bytes());
        (status(&head), body)
    };
    for host in [
        "localhost",
        "LOCALHOST:80",
        "127.0.0.1",
        "127.0.0.1:9091",
        "[::1]",
        "[::1]:1",
    ] {
        assert_eq!(answer("/", &format!("Host: {host}\r\n")).0, 200, "{host}");
        assert_eq!(
            answer(&format!("http://{host}/"), &format!("Host: {host}\r\n")).0,
            200,
            "{host}"
        );
    }
    for host in [
        "example.com",
        "localhost.",
        "localhost.example.com",
        "a@localhost",
        "localhost:99999",
        "localhost:",
        "0.0.0.0",
        "127.1",
        "[::]",
        "10.0.0.1:9091",
    ] {
        for path in ["/", "/style.css", "/none"] {
            let (status, body) = answer(path, &format!("Host: {host}\r\n"));
            assert_eq!(status, 403, "{host}");
            assert!(
                body.contains("kubectl port-forward") && !body.contains("mirror"),
                "{body}"
            );
        }
    }
    let (of_target, _) = answer("http://example.com/", "Host: localhost\r\n");
    let (of_host, _) = answer("http://localhost/", "Host: example.com\r\n");
    assert_eq!((of_target, of_host), (403, 403));
    let (missing, _) = answer("/", "");
    let (twice, body) = answer("/", "Host: localhost\r\nHost: localhost\r\n");
    assert_eq!((missing, twice), (400, 400));
    assert!(body.contains("kubectl port-forward"), "{body}");
    let (head, _) = send(address, b"GET / HTTP/1.0\r\n\r\n");
    assert_eq!(status(&head), 400);
}

#[test]
fn page_only_answers_reads_and_has_strict_headers() {
    let (server, _directory) = serve(RULES);
    let address = server.page_address.unwrap();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
        let request = format!(
            "{method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (head, _) = send(address, request.as_bytes());
        assert_eq!(status(&head), 405, "{method}: {head}");
        assert!(head.contains("allow: GET, HEAD"), "{head}");
    }
    let (head, body) = send(
        address,
        b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    assert_eq!((status(&head), body.as_str()), (200, ""));
    for (target, expected) in [
        ("/", 200),
        ("/style.css", 200),
        ("/icon.svg", 200),
        ("/favicon.ico", 200),
        ("/x", 404),
        ("/../x", 404),
        ("/metrics", 404),
    ] {
        let (head, body) = get(&server, target);
        assert_eq!(status(&head), expected, "{target}");
        for field in [
            "content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(head.contains(field), "{target}: {head}");
        }
        assert!(
            !body.contains("<script") && !body.contains(" style=") && !has_handler(&body),
            "{target}"
        );
    }
}

#[test]
fn page_shows_rules_with_counts_and_what_is_off() {
    let (server, directory) = serve(RULES);
    for _ in 0..3 {
        server.swap("nginx:1");
    }
    let shown = page(&server, "/");
    let words = text(&shown);
    // Every line of the file, with its number.
    for (number, line) in (1..).zip(RULES.lines()) {
        assert!(words.contains(line), "{line}: {words}");
        assert!(
            shown.contains(&format!("<th scope=\"row\">{number}</th>")),
            "{number}"
        );
    }
    assert!(shown.contains("&lt;script&gt;") && !shown.contains("<script"));
    assert!(shown.contains("<span class=\"t-keyword\">swap</span>"), "{shown}");
    assert!(words.contains("53 swapswap docker.io/**"), "{words}");
    assert!(words.contains("80 offswap quay.io/"), "{words}");
    assert!(
        words.contains("1 rule is off") && words.contains("off quay because \"slow\""),
        "{words}"
    );
    assert!(
        words.contains("3 active, 1 off") && words.contains(&server.digest()),
        "{words}"
    );
    assert_eq!(server.metric("imageswap_images_total", "rule=\"hub\""), 3.0);
    // The count is that of the rule, wherever it is, and lives through a reload.
    server.reloads_when(|| {
        fs::write(
            directory.path().join("a.rules"),
            RULES.replace("# <script>", "\n\n# <script>"),
        )
        .unwrap();
    });
    assert!(text(&page(&server, "/")).contains("73 swapswap docker.io/**"));
    assert!(text(&page(&server, "/")).contains("Findings of the active rules"));
}

#[test]
fn page_shows_maps_and_prefixes() {
    let server = start().map(MAP).serve();
    server.swap("nginx:1");
    let words = text(&page(&server, "/"));
    assert!(words.contains("Images that the map decided: 1 swap"), "{words}");
    assert!(words.contains("docker.io::mirror.example.com/hub"), "{words}");
    let server = start().prefix("mirror.example.com").serve();
    server.swap("nginx:1");
    let words = text(&page(&server, "/?image=nginx"));
    assert!(
        words.contains("the prefix mirror.example.com is put before every image. Images: 1 swap"),
        "{words}"
    );
    assert!(words.contains("nginx -> mirror.example.com/"), "{words}");
}

#[test]
fn page_shows_a_failed_reload_with_its_diagnostics() {
    let (server, directory) = serve(RULES);
    let file = directory.path().join("a.rules");
    assert!(text(&page(&server, "/#reloads")).contains("The files match the active version"));
    fs::write(&file, "rules v1\nswapp <x>\n").unwrap();
    eventually("the failed reload", || page(&server, "/").contains("E0103"));
    let words = text(&page(&server, "/"));
    let checked = Command::new(IMAGESWAP)
        .arg("check")
        .arg(directory.path())
        .output()
        .unwrap();
    let checked = String::from_utf8(checked.stdout).unwrap();
    let finding = checked.split("\n\n").next().unwrap().trim_end();
    assert!(
        finding.starts_with("error[E0103]") && words.contains(finding),
        "{finding}\n{words}"
    );
    assert!(
        words.contains("Ready, with problems.") && words.contains("0 successful, 1 failed"),
        "{words}"
    );
    assert!(words.contains("swap docker.io/**"), "{words}");
    fs::write(&file, RULES).unwrap();
    eventually("the end of the failure", || !page(&server, "/").contains("E0103"));
}

#[test]
fn page_shows_names_of_denied_and_skipped_objects() {
    let (server, _directory) = serve(RULES);
    let words = text(&page(&server, "/"));
    assert!(
        words.contains("No object was denied.") && words.contains("No object was skipped."),
        "{words}"
    );
    for _ in 0..3 {
        let denied = review(
            "prod-eu",
            &json!({"generateName": "web-7bf-"}),
            "quay.io/bad/leak:1",
        );
        assert!(server.post(&denied).denial().is_some());
    }
    let hidden = json!({"name": "db-<0>\u{202e}", "labels": {"k8s.twr.io/imageswap": "disabled"}});
    server.post(&review("shop", &hidden, "nginx:leak"));
    server.post(&review("shop", &json!({"name": "bad"}), "team/Leak"));
    server.post(&review("shop", &json!({"name": "swapped"}), "nginx:1"));
    let shown = page(&server, "/");
    let words = text(&shown);
    assert!(
        words.contains("Pod prod-eu/web-7bf- CREATEcontainer main: denied by a.rules deny quay.io/bad/*"),
        "{words}"
    );
    assert!(
        words.contains("Pod shop/db-<0>\\u{202e} CREATE")
            && words.contains("the object has the break-glass label (disabled)"),
        "{words}"
    );
    assert!(
        words.contains("container main: it is not a valid image (invalid-image)"),
        "{words}"
    );
    assert!(shown.contains("class=\"number\">3</td>"), "{shown}");
    for absent in ["leak", "Leak", "shop/swapped"] {
        assert!(!shown.contains(absent), "{absent}");
    }
}

#[test]
fn box_explains_as_the_command_does() {
    let (server, directory) = serve(RULES);
    for (target, arguments) in [
        ("image=nginx:1", &["nginx:1"][..]),
        ("image=%7Bmirror%7D%2Fhub%2Fx", &["{mirror}/hub/x"]),
        (
            "image=quay.io/bad/x&namespace=prod-eu",
            &["quay.io/bad/x", "--namespace", "prod-eu"],
        ),
        ("image=quay.io/bad/x&namespace=", &["quay.io/bad/x"]),
        (
            "image=gcr.io/x&label=a%3Db%0D%0Ateam%3Dcore",
            &["gcr.io/x", "--label", "a=b", "--label", "team=core"],
        ),
        (
            "image=gcr.io/x&place=init&owner=Job.batch&user=a",
            &[
                "gcr.io/x",
                "--place",
                "init",
                "--owner",
                "Job.batch",
                "--user",
                "a",
            ],
        ),
        ("image=example.com/x&all=yes", &["example.com/x", "--all"]),
        ("image=auto", &["auto"]),
        ("image=team/UPPER", &["team/UPPER"]),
    ] {
        let words = text(&page(&server, &format!("/?{target}")));
        let explained = Command::new(IMAGESWAP)
            .args(["explain", "--rules"])
            .arg(directory.path())
            .args(arguments)
            .output()
            .unwrap();
        for line in String::from_utf8(explained.stdout).unwrap().lines() {
            let line = line.trim().trim_start_matches("* ");
            let line = line.strip_prefix("round ").unwrap_or(line);
            for part in line.split("  ").filter(|part| !part.is_empty()) {
                assert!(words.contains(part), "{target}: `{part}` is missing: {words}");
            }
        }
    }
}

#[test]
fn box_says_what_is_wrong_and_what_to_write() {
    let (server, _directory) = serve(RULES);
    for (target, expected) in [
        ("image=", "the image is missing; write it"),
        ("image=a&image=b", "the image is given twice"),
        (
            "image=a&label=team",
            "`team` is not a valid label; write a key, `=` and a value",
        ),
        (
            "image=a&label=a%3D1,b%3D2",
            "write each label on a line of its own",
        ),
        ("image=a&label=a%3D1&label=a%3D2", "the label `a` is given twice"),
        ("image=a&place=%3Cb%3E", "`<b>` is not a valid place; use `main`"),
        ("image=a&namespace=a&namespace=b", "the namespace is given twice"),
        ("image=%7Bnone%7D/x", "none"),
        (
            "image=team/UPPER",
            "Write the part after the registry in lower case",
        ),
        ("image=a:%00%E2%80%AE", "a:\\u{0}\\u{202e} is not changed"),
    ] {
        let shown = page(&server, &format!("/?{target}"));
        assert!(shown.contains("role=\"alert\""), "{target}");
        assert!(text(&shown).contains(expected), "{target}: {}", text(&shown));
        assert!(!shown.contains('\u{202e}'));
    }
    let (head, body) = get(&server, &format!("/?image={}", "a".repeat(9_000)));
    assert_eq!(status(&head), 414, "{body}");
    let (head, body) = get(&server, "/?image=%ff");
    assert_eq!(status(&head), 400, "{body}");
    assert!(body.contains("UTF-8"), "{body}");
    let (head, _) = get(&server, &format!("/?{}", "a&".repeat(1_000)));
    assert_eq!(status(&head), 400);
    let (head, _) = get(&server, &format!("/?{}", "a".repeat(100_000)));
    assert!((400..500).contains(&status(&head)), "{head}");
}

#[test]
fn hundred_thousand_rules_are_shown_in_parts() {
    let directory = tempfile::tempdir().unwrap();
    for file in 0..10 {
        let rules = (0..10_000).map(|rule| format!("swap r{file}-{rule}.example.com/ -> m.example.org/\n"));
        let text: String = ["rules v1\n".to_owned(), "home m.example.org/\n".to_owned()]
            .into_iter()
            .take(1 + usize::from(file == 0))
            .chain(rules)
            .collect();
        fs::write(directory.path().join(format!("{file}.rules")), text).unwrap();
    }
    let server = start()
        .rules(directory.path())
        .args(["--max-rules", "100000"])
        .serve();
    let before = server.peak_memory();
    let (shown, took) = timed(|| page(&server, "/"));
    assert!(
        shown.len() < 200_000 && text(&shown).contains("100,000 active"),
        "{}",
        shown.len()
    );
    tell!(
        "a page of 100,000 rules takes {took:?} and has {} bytes",
        shown.len()
    );
    let found = page(&server, "/?find=r7-9999.EXAMPLE");
    assert!(
        text(&found).contains("1 rule contains") && text(&found).contains("10001"),
        "{}",
        text(&found)
    );
    let last = page(&server, "/?find=&from=99990");
    assert!(text(&last).contains("r9-9999.example.com"), "{}", text(&last));
    assert!(text(&page(&server, "/?from=18446744073709551615")).contains("There are no lines here."));
    let all = text(&page(&server, "/?image=nginx&all=yes"));
    assert!(
        all.contains("more rule") || all.contains("takes too long"),
        "{all}"
    );
    let grown = (server.peak_memory() - before) >> 10;
    assert!(grown < 100, "{grown} MiB");
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    (what(), started.elapsed())
}

/// Sends requests for the page without end, on connections that read nothing.
fn flood(address: SocketAddr, ends: &AtomicBool) {
    let mut held = std::collections::VecDeque::new();
    while !ends.load(Ordering::Relaxed) {
        if let Ok(mut stream) = TcpStream::connect(address) {
            let part: &[u8] = match held.len() % 3 {
                0 => b"GET /?image=nginx&all=yes HTTP/1.1\r\nHost: localhost\r\n\r\n",
                1 => b"GET / HTTP/1.1\r\nHost: ",
                _ => b"",
            };
            let _ = stream.write_all(part);
            held.push_back(stream);
        }
        if held.len() > 60 {
            held.pop_front();
        }
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn flood_of_the_page_does_not_delay_reviews() {
    let (server, _directory) = serve(RULES);
    let (address, ends) = (server.page_address.unwrap(), &AtomicBool::new(false));
    let body = pod(&["nginx"]);
    let median = || {
        let mut connection = server.connect();
        let mut times: Vec<Duration> = (0..200)
            .map(|_| timed(|| assert_eq!(connection.post("/", &body).images().len(), 1)).1)
            .collect();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let alone = median();
    thread::scope(|scope| {
        scope.spawn(move || flood(address, ends));
        thread::sleep(Duration::from_millis(300));
        let flooded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(median));
        let open = server.metric("imageswap_connections", "port=\"page\"");
        ends.store(true, Ordering::Relaxed);
        let flooded = flooded.unwrap();
        tell!("a review takes {alone:?}, during the flood {flooded:?}");
        assert!(flooded < 10 * alone + Duration::from_millis(50), "{flooded:?}");
        assert!(open <= 32.0, "{open} connections");
    });
    assert_eq!(status(&get(&server, "/").0), 200);
    assert!(server.memory() >> 10 < 160);
}

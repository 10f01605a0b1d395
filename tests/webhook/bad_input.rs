//! Invalid requests, files and options, with their errors.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_tests_support::patched::{body_of, check_answer};
use imageswap_tests_support::repository::path;
use imageswap_tests_support::webhook::{MAP, Pair, Server, Start, Volume, command, pod, post_plain};

use crate::IMAGESWAP;

#[test]
fn malformed_review_is_answered_with_400_and_one_line() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let cases: [(&[u8], &str); 6] = [
        (
            b"",
            "imageswap: the body is empty, expected an AdmissionReview in JSON\n",
        ),
        (
            b"swap me",
            "imageswap: the body is not valid JSON: expected value at line 1 column 1\n",
        ),
        (
            b"{}",
            "imageswap: the body has no `kind`, expected an AdmissionReview\n",
        ),
        (
            b"{\"kind\":\"Pod\"}",
            "imageswap: the body is of kind `Pod`, expected an AdmissionReview\n",
        ),
        (b"\xff", "imageswap: the body is not UTF-8 (byte 0)\n"),
        (
            &deep,
            "imageswap: the JSON of the body is nested more than 10000 levels deep\n",
        ),
    ];
    for (body, line) in cases {
        let answer = connection.post("/", body);
        assert_eq!((answer.status, answer.text().as_str()), (400, line));
        assert!(answer.head.contains("text/plain"), "{}", answer.head);
    }
    // The connection is still usable.
    assert_eq!(connection.post("/", &pod(&["nginx"])).images().len(), 1);
    assert_eq!(
        server.metric("imageswap_requests_total", "outcome=\"malformed\""),
        6.0
    );
}

#[test]
fn bodies_of_the_fuzzer_are_answered_with_200_or_400() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let (mut answered, mut malformed) = (0, 0);
    for input in fs::read_dir(path("fuzz/corpus/review")).unwrap() {
        let body = body_of(&fs::read(input.unwrap().path()).unwrap());
        let answer = connection.post("/", &body);
        match answer.status {
            200 => {
                check_answer(&body, &answer.review());
                answered += 1;
            }
            400 => malformed += 1,
            status => panic!("{status}: {}", String::from_utf8_lossy(&body)),
        }
    }
    assert!(answered > 20 && malformed > 5, "{answered} and {malformed}");
}

#[test]
fn body_over_8_mib_is_answered_with_413() {
    let server = Server::start(IMAGESWAP);
    let line = "imageswap: the body is longer than 8 MiB\n";
    let mut connection = server.connect();
    connection
        .send(b"POST / HTTP/1.1\r\nHost: webhook\r\nContent-Length: 8388609\r\n\r\n")
        .unwrap();
    let answer = connection.answer().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (413, line));

    let mut connection = server.connect();
    connection
        .send(b"POST / HTTP/1.1\r\nHost: webhook\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    let chunk = [b"100000\r\n", &vec![b' '; 1 << 20][..], b"\r\n"].concat();
    // The answer may come before the whole body is sent.
    for _ in 0..9 {
        if connection.send(&chunk).is_err() {
            break;
        }
    }
    let answer = connection.answer().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (413, line));
}

#[test]
fn client_that_sends_a_too_long_body_first_gets_its_answer() {
    let server = Server::start(IMAGESWAP);
    for _ in 0..20 {
        let answer = server.post(&vec![b' '; 12 << 20]);
        assert_eq!(answer.status, 413);
    }
}

#[test]
fn error_does_not_panic_if_stderr_is_closed() {
    let mut command = command(IMAGESWAP);
    command.args(["serve", "--maps-file", "/missing"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = command.stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn slow_body_is_answered_with_408_at_the_deadline() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    connection
        .send(b"POST /?timeout=1s HTTP/1.1\r\nHost: webhook\r\nContent-Length: 100\r\n\r\n{")
        .unwrap();
    let answer = connection.answer().unwrap();
    let line = "imageswap: the body did not arrive before the deadline\n";
    assert_eq!((answer.status, answer.text().as_str()), (408, line));
}

#[test]
fn unknown_path_is_answered_with_404_and_wrong_method_with_405() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let answer = connection.post("/mutate", b"{}");
    let line = "imageswap: no endpoint at /mutate; send reviews to / with POST\n";
    assert_eq!((answer.status, answer.text().as_str()), (404, line));
    let answer = connection.get("/");
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (
            405,
            "imageswap: GET is not allowed at /; send reviews with POST\n"
        )
    );
    let answer = connection.post("/healthz", b"");
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (405, "imageswap: POST is not allowed at /healthz; use GET\n")
    );
    // Reviews need TLS.
    assert_eq!(server.get("/").status, 404);
    for (path, status) in [("/", 404), ("/hook/a", 404), ("/healthz", 405)] {
        let answer = post_plain(server.http_address, path, "{}").unwrap();
        let line = "imageswap: reviews are posted to / over TLS, on --listen\n";
        assert_eq!((answer.status, answer.text().as_str()), (status, line));
    }
}

#[test]
fn long_body_is_rejected_before_it_is_sent() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let head = "POST / HTTP/1.1\r\nHost: webhook\r\nContent-Length: 8388609\r\nExpect: 100-continue\r\n\r\n";
    connection.send(head.as_bytes()).unwrap();
    let answer = connection.answer().unwrap();
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (413, "imageswap: the body is longer than 8 MiB\n")
    );
}

/// Returns the exit status and the last line of stderr, which the log may precede.
fn end_of(start: Start) -> (Option<i32>, String) {
    let (status, stderr) = start.fail();
    (status, stderr.lines().last().unwrap_or_default().to_owned())
}

#[test]
fn start_fails_with_a_reason_if_the_map_is_invalid() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("latin-1"), b"default::\n# M\xfcnchen\n").unwrap();
    fs::write(path("long"), vec![b'#'; (8 << 20) + 1]).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(path("pipe"))
            .status()
            .unwrap()
            .success()
    );
    let cases = [
        (path("pipe"), "it is not a regular file"),
        (
            path("missing"),
            "No such file or directory (os error 2); set the path of the map with --maps-file, or use rules with --rules",
        ),
        (path(""), "it is a directory, not a file"),
        (path("latin-1"), "line 2 is not UTF-8; save it as UTF-8"),
        (path("long"), "it is longer than 8 MiB; raise --max-file-size"),
    ];
    for (path, reason) in cases {
        let start = Start::new(IMAGESWAP).self_signed().args(["--maps-file", &path]);
        assert_eq!(
            end_of(start),
            (Some(1), format!("imageswap: cannot read {path}: {reason}"))
        );
    }
}

#[test]
fn start_fails_with_a_reason_if_the_pair_is_invalid() {
    let (one, other) = (Pair::generate(), Pair::generate());
    let indented: String = one
        .certificate
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect();
    let encoded = STANDARD.encode(&one.certificate);
    let cut_off = &one.key[..one.key.len() / 2];
    let supported = "the key in key.pem is damaged or of an unsupported kind; supported are RSA with 2048, 3072 and 4096 \
                     bits, ECDSA with P-256 and P-384, and Ed25519";
    let encrypted = "the key in key.pem is encrypted, and the webhook has no password; decrypt it: openssl pkey -in key.pem \
                     -out decrypted.pem";
    let cases = [
        (
            "",
            one.key.as_str(),
            "cert.pem is empty; it needs the certificate in PEM format",
        ),
        (
            &format!("\u{feff}{}", one.certificate),
            &one.key,
            "cert.pem begins with a byte order mark; save it as UTF-8 without one",
        ),
        (
            &indented,
            &one.key,
            "the lines of cert.pem begin with white space, so they are not PEM; remove the white space",
        ),
        (
            &encoded,
            &one.key,
            "cert.pem is base64 of PEM; decode it once more (`data` of a Secret is base64, `stringData` is not)",
        ),
        (
            &one.key,
            &one.certificate,
            "cert.pem has a private key, and key.pem a certificate: the two files are swapped",
        ),
        (
            &one.certificate,
            cut_off,
            "key.pem is cut off: a section has no line `-----END`",
        ),
        (&one.certificate, include_str!("keys/encrypted.pem"), encrypted),
        (&one.certificate, include_str!("keys/encrypted-ec.pem"), encrypted),
        (&one.certificate, include_str!("keys/p-521.pem"), supported),
        (&one.certificate, include_str!("keys/rsa-1024.pem"), supported),
        (
            &one.certificate.repeat(11),
            &one.key,
            "cert.pem has more than 10 certificates; it needs the leaf and its intermediates, without the CA",
        ),
        (
            &one.certificate,
            &other.key,
            "the key in key.pem does not belong to the certificate in cert.pem",
        ),
        ("garbage", &one.key, "cert.pem has no certificate in PEM format"),
        (
            &one.certificate,
            "garbage",
            "key.pem has no private key in PEM format",
        ),
        (
            &one.certificate,
            &one.certificate,
            "key.pem has no private key in PEM format",
        ),
    ];
    for (certificate, key, reason) in cases {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("cert.pem"), certificate).unwrap();
        fs::write(directory.path().join("key.pem"), key).unwrap();
        let path = directory.path().to_str().unwrap();
        let (status, stderr) = Start::new(IMAGESWAP).map(MAP).args(["--tls-dir", path]).fail();
        assert_eq!(
            (status, stderr),
            (
                Some(1),
                format!("imageswap: no valid key pair in {path}: {reason}\n")
            )
        );
    }
    let files = [
        (
            "key.pem",
            &[0x30, 0x82, 0x01, 0xff][..],
            "is not text, so it is not PEM; if it is DER, convert it: openssl ",
        ),
        ("cert.pem", &[b'x'; 65_537][..], "it is longer than 64 KiB"),
    ];
    for (file, bytes, reason) in files {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in one.files() {
            fs::write(directory.path().join(name), text).unwrap();
        }
        fs::write(directory.path().join(file), bytes).unwrap();
        let path = directory.path().to_str().unwrap();
        let (status, line) = end_of(Start::new(IMAGESWAP).map(MAP).args(["--tls-dir", path]));
        assert_eq!(status, Some(1));
        assert!(
            line.contains(&format!("{path}/{file}")) && line.contains(reason),
            "{line}"
        );
    }
    let empty = tempfile::tempdir().unwrap();
    let (status, line) = end_of(
        Start::new(IMAGESWAP)
            .map(MAP)
            .args(["--tls-dir", empty.path().to_str().unwrap()]),
    );
    assert_eq!(status, Some(1));
    assert!(
        line.contains("neither cert.pem with key.pem nor tls.crt with tls.key"),
        "{line}"
    );
}

#[test]
fn start_fails_with_a_reason_if_a_port_is_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--listen", "--http-listen"] {
        let mut start = Start::new(IMAGESWAP).self_signed().map(MAP);
        start = start.only(option, &address);
        let (status, line) = end_of(start);
        let expected = format!(
            "imageswap: cannot listen on {address}: Address already in use (os error 98); stop the process that uses \
             it, or set another address with {option}"
        );
        assert_eq!((status, line), (Some(1), expected));
    }
}

#[test]
fn usage_error_has_exit_status_2() {
    for arguments in [
        ["--mode", "both"],
        ["--log-level", "loud"],
        ["--max-body-memory", "7"],
        ["--listen", "5000"],
        ["--http-listen", "no..name:0"],
        ["--nonsense", ""],
    ] {
        assert_eq!(
            Start::new(IMAGESWAP).args(arguments).fail().0,
            Some(2),
            "{arguments:?}"
        );
    }
    let (status, stderr) = Start::new(IMAGESWAP).args(["--mode", "legacy"]).fail();
    assert_eq!(status, Some(2));
    assert!(
        stderr.contains("the mode `legacy` needs a prefix: set IMAGE_PREFIX or --image-prefix"),
        "{stderr}"
    );
}

#[test]
fn prefix_that_never_produces_an_image_ends_the_start() {
    for prefix in [
        "https://h.example.com/hub",
        "h.example.com/Hub",
        "h.example.com:5000/hub:v1",
    ] {
        let start = Start::new(IMAGESWAP).args(["--mode", "legacy", "--image-prefix", prefix]);
        let (status, stderr) = start.fail();
        assert_eq!(status, Some(2));
        let expected = format!("the prefix `{prefix}` does not produce a valid image; use a registry");
        assert!(stderr.contains(&expected), "{stderr}");
    }
}

#[test]
fn result_of_a_prefix_is_checked_and_white_space_around_it_means_nothing() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .prefix(" h.example.com/x-\n")
        .serve();
    let answer = server.post(&pod(&["nginx:1.25", "localhost:5000/app"]));
    assert_eq!(answer.images(), ["h.example.com/x-nginx:1.25"]);
    let warnings = answer.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("h.example.com/x-localhost:5000/app"),
        "{warnings:?}"
    );
}

#[test]
fn second_pair_in_the_directory_is_named() {
    let (one, other) = (Pair::generate(), Pair::generate());
    let mut files = one.files().to_vec();
    files.extend([
        ("tls.crt", other.certificate.as_bytes()),
        ("tls.key", other.key.as_bytes()),
    ]);
    let volume = Volume::mount(&files);
    let path = volume.path().to_str().unwrap();
    let server = Start::new(IMAGESWAP).map(MAP).args(["--tls-dir", path]).serve();
    assert_eq!(server.connect().certificate(), one.der);
    server.wait_for_log(|line| {
        line["level"] == "WARN"
            && line["message"].as_str().is_some_and(|text| {
                text.ends_with("cert.pem is served, tls.crt with tls.key is not; remove one")
            })
    });
}

#[test]
fn pipe_in_place_of_a_key_ends_the_start() {
    let one = Pair::generate();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("cert.pem"), &one.certificate).unwrap();
    let key = directory.path().join("key.pem");
    assert!(Command::new("mkfifo").arg(&key).status().unwrap().success());
    let path = directory.path().to_str().unwrap();
    let (status, line) = end_of(Start::new(IMAGESWAP).map(MAP).args(["--tls-dir", path]));
    assert_eq!(status, Some(1));
    let reason = format!("cannot read {}: it is not a regular file", key.display());
    assert!(line.contains(&reason), "{line}");
}

#[test]
fn missing_threads_end_the_start_with_a_line() {
    for value in ["0", "-1", "many"] {
        let start = Start::new(IMAGESWAP)
            .map(MAP)
            .self_signed()
            .env("TOKIO_WORKER_THREADS", value);
        let line = format!(
            "imageswap: cannot start: the variable TOKIO_WORKER_THREADS is `{value}`; expected a number above 0"
        );
        assert_eq!(end_of(start), (Some(1), line));
    }
    // The limit does not hold for root.
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    let program = directory.path().join("imageswap");
    fs::copy(IMAGESWAP, &program).unwrap();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut command = command(if is_root { "setpriv" } else { "prlimit" });
    if is_root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "prlimit"]);
    }
    command.arg("--nproc=2").arg(&program);
    command.args([
        "serve",
        "--self-signed",
        "--mode",
        "legacy",
        "--image-prefix",
        "h.io",
    ]);
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("\"error\":\"cannot start: ") && stderr.lines().count() == 1,
        "{stderr}"
    );
}

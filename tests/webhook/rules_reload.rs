//! Reloads of rules in several files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Server, Start, Volume, eventually, pod};

use crate::IMAGESWAP;

fn serve(path: &Path) -> Server {
    Start::new(IMAGESWAP).self_signed().rules(path).serve()
}

#[test]
fn invalid_set_keeps_previous_rules_and_is_reported_once() {
    const GOOD: &[u8] = b"rules v1\nswap quay.io/ -> old.example.com/\n";
    // The text of the file, the code of its error, and its position.
    let cases: [(&str, &str, &str); 5] = [
        (
            "rules v1\nswap gcr.io/ -> {hubb}/\n",
            "E0104",
            "20-b.rules:2:17: ",
        ),
        ("rules v1\nkeep gcr.io/ when\n", "E0", "20-b.rules:2:"),
        (
            "rules v1\nkeep gcr.io/\ntest gcr.io/x deny\n",
            "E0",
            "20-b.rules:3:",
        ),
        (
            "rules v1\nswap old.example.com/ -> quay.io/\n",
            "E0",
            "10-a.rules:2:",
        ),
        ("keep gcr.io/\n", "E0", "20-b.rules:1:1: "),
    ];
    let mut rules = Volume::mount(&[("10-a.rules", GOOD)]);
    let server = serve(rules.path());
    let digest = server.digest();
    let last_reload = || server.metric("imageswap_config_last_reload_successful", "what=\"rules\"");
    assert_eq!(last_reload(), 1.0);
    let last_success = || {
        server.metric(
            "imageswap_config_last_reload_success_timestamp_seconds",
            "what=\"rules\"",
        )
    };
    let started = last_success();
    for (count, (text, code, place)) in cases.into_iter().enumerate() {
        rules.update(&[("10-a.rules", GOOD), ("20-b.rules", text.as_bytes())]);
        let failures = || server.metric("imageswap_reloads_total", "result=\"failed\",what=\"rules\"");
        eventually("the failure", || failures() == (count + 1) as f64);
        assert_eq!((last_reload(), last_success()), (0.0, started));
        let ready = server.get("/readyz");
        assert_eq!(ready.status, 200);
        let problem = ready
            .text()
            .strip_prefix("ready\nrules: reload failed, the previous rules stay active: invalid rules: ")
            .unwrap_or_else(|| panic!("{}", ready.text()))
            .trim_end()
            .to_owned();
        assert!(problem.contains(place) && problem.contains(code), "{problem}");
        // The set is read again, but not reported again.
        fs::write(rules.file("beside.txt"), "").unwrap();
        thread::sleep(Duration::from_millis(300));
        fs::remove_file(rules.file("beside.txt")).unwrap();
        assert_eq!(failures(), (count + 1) as f64);
        let logged = server.log().into_iter().filter(|line| {
            let texts = [&line["message"], &line["error"]];
            line["level"] == "ERROR"
                && texts
                    .iter()
                    .any(|text| text.as_str().is_some_and(|text| text.contains(&problem)))
        });
        let logged: Vec<_> = logged.collect();
        assert_eq!(logged.len(), 2, "the finding, and the failed reload: {logged:?}");
        assert!(
            logged[0]["code"].as_str().unwrap().starts_with(code),
            "{logged:?}"
        );
        assert_eq!(
            (&logged[1]["message"], &logged[1]["what"]),
            (&"reload failed".into(), &"rules".into())
        );
        assert_eq!(logged[1]["active"], digest.as_str());
        assert_eq!(
            (server.digest(), server.swap("quay.io/x").as_deref()),
            (digest.clone(), Some("old.example.com/x"))
        );
    }
    rules.update(&[
        ("10-a.rules", GOOD),
        ("20-b.rules", b"rules v1\nswap gcr.io/ -> old.example.com/g/\n"),
    ]);
    eventually("the fixed set", || {
        server.swap("gcr.io/x").as_deref() == Some("old.example.com/g/x")
    });
    eventually("the end of the failure", || {
        server.get("/readyz").text() == "ready\n"
    });
    assert_eq!(last_reload(), 1.0);
}

#[test]
fn added_and_removed_files_change_the_set() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("20-b.rules", "rules v1\nswap quay.io/ -> h.example.com/b/\n");
    let server = serve(directory.path());
    // Files are evaluated in the order of their names.
    server.reloads_when(|| write("10-a.rules", "rules v1\nswap quay.io/ -> h.example.com/a/\n"));
    assert_eq!(server.swap("quay.io/x").as_deref(), Some("h.example.com/a/x"));
    server.reloads_when(|| fs::remove_file(directory.path().join("10-a.rules")).unwrap());
    assert_eq!(server.swap("quay.io/x").as_deref(), Some("h.example.com/b/x"));
    write("30-c.rules", "rules v1\n");
    server.reloads_when(|| {
        fs::rename(
            directory.path().join("20-b.rules"),
            directory.path().join("20-b.rules.off"),
        )
        .unwrap();
    });
    assert_eq!(server.swap("quay.io/x"), None);
    let notice = server.wait_for_log(|line| {
        let message = line["message"].as_str().unwrap();
        message.contains("20-b.rules.off is ignored: ")
    });
    // The set has another file, so this is not the reason for an empty set.
    assert_eq!(notice["level"], "INFO");
}

#[test]
fn single_file_is_reloaded_next_to_a_directory() {
    let rules = tempfile::tempdir().unwrap();
    let beside = tempfile::tempdir().unwrap();
    let file = beside.path().join("incident");
    fs::write(
        rules.path().join("a.rules"),
        "rules v1\nswap quay.io/ -> h.example.com/ as quay\n",
    )
    .unwrap();
    fs::write(&file, "rules v1\n").unwrap();
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(&file)
        .rules(rules.path())
        .serve();
    assert!(server.swap("quay.io/x").is_some());
    server.reloads_when(|| fs::write(&file, "rules v1\noff quay because \"it is down\"\n").unwrap());
    assert_eq!(server.swap("quay.io/x"), None);
    // Another file in its directory is not part of the set.
    fs::write(beside.path().join("another.rules"), "no rules").unwrap();
    server.reloads_when(|| fs::write(&file, "rules v1\nkeep quay.io/y\n").unwrap());
    assert_eq!(server.swap("quay.io/y"), None);
    server.reloads_when(|| {
        fs::write(
            rules.path().join("a.rules"),
            "rules v1\nswap quay.io/ -> g.example.com/\n",
        )
        .unwrap();
    });
    assert_eq!(server.swap("quay.io/x").as_deref(), Some("g.example.com/x"));
}

#[test]
fn second_map_is_an_error_at_start_and_reload() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("a.conf", "default::\nquay.io::h.example.com/q\n");
    let server = serve(directory.path());
    assert_eq!(server.swap("quay.io/x").as_deref(), Some("h.example.com/q/x"));
    write("maps", "default::\n");
    eventually("the failure", || {
        server
            .get("/readyz")
            .text()
            .contains("is a second map file in addition to")
    });
    assert!(server.swap("quay.io/x").is_some());
    let (status, stderr) = Start::new(IMAGESWAP).self_signed().rules(directory.path()).fail();
    assert_eq!(status, Some(1));
    assert!(
        stderr.contains("/maps is a second map file in addition to ") && stderr.contains("/a.conf"),
        "{stderr}"
    );
    fs::remove_file(directory.path().join("maps")).unwrap();
    eventually("the fix", || server.get("/readyz").text() == "ready\n");
}

#[test]
fn map_next_to_rules_decides_last() {
    const MAP: &[u8] = b"default::\ndocker.io::old.example.com/hub\nquay.io::old.example.com/quay\n";
    let mut rules = Volume::mount(&[
        (
            "10-a.rules",
            b"rules v1\nswap gcr.io/ -> new.example.com/gcr/\nkeep docker.io/acme/\n",
        ),
        ("maps", MAP),
    ]);
    let server = serve(rules.path());
    let images = |server: &Server| {
        let images = ["gcr.io/x", "quay.io/x", "nginx", "acme/x"];
        images.map(|image| server.swap(image))
    };
    let some = |image: &str| Some(image.to_owned());
    assert_eq!(
        images(&server),
        [
            some("new.example.com/gcr/x"),
            some("old.example.com/quay/x"),
            some("old.example.com/hub/nginx"),
            None
        ]
    );
    let answer = server.post(&pod(&["quay.io/x"])).review();
    assert_eq!(answer["response"]["auditAnnotations"]["rules"], "map");
    server.reloads_when(|| {
        rules.update(&[
            (
                "10-a.rules",
                b"rules v1\nswap gcr.io/ -> new.example.com/gcr/\nkeep docker.io/acme/\nswap quay.io/ -> new.example.com/quay/\n",
            ),
            ("maps", b"default::\ndocker.io::old.example.com/hub\n"),
        ]);
    });
    assert_eq!(images(&server)[1], some("new.example.com/quay/x"));
    server.reloads_when(|| rules.update(&[("maps", MAP)]));
    assert_eq!(images(&server)[0], None);
}

#[test]
fn map_file_can_change_between_map_and_rules() {
    let mut maps = Volume::mount(&[("maps", b"rules v1\nswap quay.io/ -> h.example.com/rules/\n")]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .args(["--maps-file", maps.file("maps").to_str().unwrap()])
        .serve();
    assert_eq!(server.swap("quay.io/x").as_deref(), Some("h.example.com/rules/x"));
    server.reloads_when(|| maps.update(&[("maps", b"default::\nquay.io::h.example.com/map\n")]));
    assert_eq!(server.swap("quay.io/x").as_deref(), Some("h.example.com/map/x"));
    server.reloads_when(|| maps.update(&[("maps", b"# fixed\nrules v1\nkeep quay.io/\n")]));
    assert_eq!(server.swap("quay.io/x"), None);
    // Without the header it is an error that names the header, and not a map.
    maps.update(&[("maps", b"swap quay.io/ -> h.example.com/\n")]);
    eventually("the failure", || {
        server.get("/readyz").text().contains("rules v1")
    });
}

#[test]
fn rules_replace_variables_of_maps_with_a_notice() {
    let maps = Volume::mount(&[("maps", b"default::\nquay.io::h.example.com/map\n")]);
    let rules = Volume::mount(&[("a.rules", b"rules v1\nswap gcr.io/ -> h.example.com/\n")]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .env("IMAGESWAP_RULES", rules.path().to_str().unwrap())
        .env("IMAGESWAP_MAPS_FILE", maps.file("maps").to_str().unwrap())
        .env("IMAGESWAP_MODE", "MAPS")
        .serve();
    assert_eq!(server.swap("quay.io/x"), None);
    assert!(server.swap("gcr.io/x").is_some());
    for name in ["IMAGESWAP_MAPS_FILE", "IMAGESWAP_MODE"] {
        let notice = server.wait_for_log(|line| line["message"].as_str().unwrap().contains(name));
        assert_eq!(notice["level"], "INFO");
        assert_eq!(
            notice["message"],
            format!("the variable {name} is not used: --rules names the rules")
        );
    }
}

#[test]
fn sighup_checks_the_files_now() {
    let root = tempfile::tempdir().unwrap();
    let (rules, elsewhere) = (root.path().join("rules"), root.path().join("elsewhere.rules"));
    fs::create_dir(&rules).unwrap();
    fs::write(&elsewhere, "rules v1\nswap docker.io/ -> one.example.com/\n").unwrap();
    // A change of the file that a link leads to causes no event in the directory.
    symlink(&elsewhere, rules.join("10.rules")).unwrap();
    let server = Start::new(IMAGESWAP).self_signed().rules(&rules).serve();
    // A change within the first moments would be found without the signal.
    server.wait_for_log(|line| line["message"] == "serving");
    thread::sleep(Duration::from_millis(500));
    fs::write(&elsewhere, "rules v1\nswap docker.io/ -> two.example.com/\n").unwrap();
    server.signal("HUP");
    let started = Instant::now();
    eventually("the reload", || {
        server.swap("nginx").as_deref() == Some("two.example.com/library/nginx")
    });
    // The files are polled every ten seconds.
    assert!(started.elapsed() < Duration::from_secs(5));
}

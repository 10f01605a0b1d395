//! Certificates that clients reject because of their dates or names, at start, at a reload, and while the webhook runs.

use std::path::Path;
use std::time::{Duration, SystemTime};

use imageswap_tests_support::repository::read;
use imageswap_tests_support::webhook::{
    IssuedPair, MAP, Pair, Server, Start, Volume, eventually, eventually_within,
};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::IMAGESWAP;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
const GAUGE: &str = "imageswap_certificate_expiry_timestamp_seconds";
/// Interval at which the webhook reads the directory without an event, and some time for a busy machine.
const POLL: Duration = Duration::from_secs(25);

/// Returns the time some seconds from now, in whole seconds, as certificates have it.
fn from_now(seconds: i64) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    (now + time::Duration::seconds(seconds))
        .replace_nanosecond(0)
        .unwrap()
}

fn pair(not_before: OffsetDateTime, not_after: OffsetDateTime) -> Pair {
    Pair::between(SystemTime::from(not_before), SystemTime::from(not_after))
}

fn text(date: OffsetDateTime) -> String {
    date.format(&Rfc3339).unwrap()
}

fn serve(directory: &Path) -> Server {
    Start::new(IMAGESWAP)
        .map(MAP)
        .args(["--tls-dir", directory.to_str().unwrap(), "--log-level", "trace"])
        .serve()
}

/// Returns the warnings about the certificate.
fn warnings(server: &Server) -> Vec<Value> {
    let lines = server.log().into_iter();
    lines
        .filter(|line| line["level"] == "WARN" && line["help"].is_string())
        .collect()
}

/// Asserts that no line of the key is in the log.
fn assert_key_is_not_logged(server: &Server, pair: &Pair) {
    let log = server.stderr();
    let secret = pair.key.lines().filter(|line| !line.starts_with("-----"));
    assert!(secret.clone().count() > 0);
    for line in secret {
        assert!(!log.contains(line));
    }
}

#[test]
fn start_warns_of_a_certificate_that_clients_reject() {
    let (before, after) = (from_now(-107 * DAY), from_now(60 * DAY));
    let (past, near, hour) = (from_now(-DAY), from_now(13 * DAY), from_now(9 * MINUTE));
    let cases = [
        (
            pair(before, past),
            "certificate has expired",
            ("not_after", text(past)),
            format!("the certificate expired at {}; renew the key pair", text(past)),
        ),
        (
            pair(before, near),
            "certificate expires soon",
            ("not_after", text(near)),
            format!(
                "the certificate expires soon, at {}; renew the key pair",
                text(near)
            ),
        ),
        (
            // An hour: a sixth is ten minutes.
            pair(from_now(-51 * MINUTE), hour),
            "certificate expires soon",
            ("not_after", text(hour)),
            format!(
                "the certificate expires soon, at {}; renew the key pair",
                text(hour)
            ),
        ),
        (
            pair(near, after),
            "certificate is not yet valid",
            ("not_before", text(near)),
            format!(
                "the certificate is not valid before {}; check the clocks of the issuer and of this node",
                text(near)
            ),
        ),
        (
            Pair::for_names(&[]),
            "certificate has no subject alternative name",
            (
                "help",
                "issue a certificate with the DNS name SERVICE.NAMESPACE.svc".to_owned(),
            ),
            "the certificate has no subject alternative name; issue a certificate with the DNS name \
             SERVICE.NAMESPACE.svc"
                .to_owned(),
        ),
    ];
    let page = read("docs/drop-in.md");
    for (pair, message, (field, value), line) in cases {
        let volume = Volume::mount(&pair.files());
        let server = serve(volume.path());
        let warnings = warnings(&server);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0]["message"], message);
        assert_eq!(warnings[0][field], value);
        assert_eq!(warnings[0]["directory"], volume.path().to_str().unwrap());
        let ready = server.get("/readyz");
        assert_eq!(
            (ready.status, ready.text()),
            (200, format!("ready\ncertificate: {line}\n"))
        );
        assert_eq!(server.connect().certificate(), pair.der);
        assert_key_is_not_logged(&server, &pair);
        let of_page = match field {
            "help" => line,
            _ => line.replace(&value, "DATE"),
        };
        assert!(page.contains(&format!("`certificate: {of_page}`")), "{of_page}");
    }
}

#[test]
fn certificate_with_time_left_is_not_warned_of() {
    let cases = [
        (from_now(-60 * DAY), from_now(15 * DAY)),
        // A week: a sixth is 28 hours.
        (from_now(-5 * DAY), from_now(2 * DAY)),
        (from_now(-49 * MINUTE), from_now(11 * MINUTE)),
    ];
    for (not_before, not_after) in cases {
        let volume = Volume::mount(&pair(not_before, not_after).files());
        let server = serve(volume.path());
        assert_eq!(server.get("/readyz").text(), "ready\n");
        assert_eq!(warnings(&server), Vec::<Value>::new());
        assert_eq!(server.metric(GAUGE, ""), not_after.unix_timestamp() as f64);
    }
}

#[test]
fn expired_pair_never_replaces_a_valid_one() {
    let end = from_now(60 * DAY);
    let past = from_now(-1);
    let valid = pair(from_now(-DAY), end);
    let expired = pair(from_now(-60 * DAY), past);
    let mut volume = Volume::mount(&valid.files());
    let server = serve(volume.path());
    volume.update(&expired.files());
    let line = server.wait_for_log(|line| line["message"] == "reload failed");
    let reason = format!(
        "no valid key pair in {}: the certificate expired at {}, so cert.pem does not replace the active pair; renew it",
        volume.path().display(),
        text(past)
    );
    assert_eq!(
        (&line["level"], &line["error"]),
        (&"ERROR".into(), &reason.clone().into())
    );
    assert_eq!(server.connect().certificate(), valid.der);
    let ready = server.get("/readyz");
    let expected =
        format!("ready\ncertificate: reload failed, the previous key pair stays active: {reason}\n");
    assert_eq!((ready.status, ready.text()), (200, expected));
    assert_eq!(server.metric(GAUGE, ""), end.unix_timestamp() as f64);
    let failed = || {
        server.metric(
            "imageswap_reloads_total",
            "result=\"failed\",what=\"certificate\"",
        )
    };
    assert_eq!(failed(), 1.0);
    assert_key_is_not_logged(&server, &expired);

    let renewed_end = from_now(90 * DAY);
    let renewed = pair(from_now(-DAY), renewed_end);
    volume.update(&renewed.files());
    eventually("the renewed certificate", || {
        server.connect().certificate() == renewed.der
    });
    eventually("readiness", || server.get("/readyz").text() == "ready\n");
    assert_eq!(server.metric(GAUGE, ""), renewed_end.unix_timestamp() as f64);
    assert_eq!(failed(), 1.0);
}

#[test]
fn bad_pair_is_replaced_by_one_that_is_not_worse() {
    let expired = pair(from_now(-60 * DAY), from_now(-2 * DAY));
    let also_expired = pair(from_now(-60 * DAY), from_now(-DAY));
    let early = pair(from_now(DAY), from_now(60 * DAY));
    let soon = pair(from_now(-60 * DAY), from_now(DAY));
    let nameless = Pair::for_names(&[]);
    let mut volume = Volume::mount(&expired.files());
    let server = serve(volume.path());
    for (next, message) in [
        (&also_expired, "certificate has expired"),
        (&early, "certificate is not yet valid"),
        (&soon, "certificate expires soon"),
        (&nameless, "certificate has no subject alternative name"),
    ] {
        let before = warnings(&server).len();
        volume.update(&next.files());
        eventually("the next certificate", || {
            server.connect().certificate() == next.der
        });
        eventually("the warning", || warnings(&server).len() > before);
        let warnings = warnings(&server);
        assert_eq!(warnings.len(), before + 1, "{warnings:?}");
        assert_eq!(warnings[before]["message"], message);
    }
}

#[test]
fn pair_that_is_not_yet_valid_becomes_active_once_it_is() {
    let valid = Pair::generate();
    let mut volume = Volume::mount(&valid.files());
    let server = serve(volume.path());
    let start = from_now(4);
    let early = pair(start, from_now(60 * DAY));
    volume.update(&early.files());
    let line = server.wait_for_log(|line| line["message"] == "reload failed");
    let reason = format!(
        "the certificate is not valid before {}, so cert.pem does not replace the active pair until then",
        text(start)
    );
    assert!(line["error"].as_str().unwrap().ends_with(&reason), "{line}");
    assert_eq!(server.connect().certificate(), valid.der);
    // Nothing changes in the directory any more.
    eventually_within(POLL, "the new certificate", || {
        server.connect().certificate() == early.der
    });
    assert!(OffsetDateTime::now_utc() >= start);
    eventually("readiness", || server.get("/readyz").text() == "ready\n");
}

#[test]
fn certificate_that_expires_while_it_is_served_is_warned_of_once() {
    let end = from_now(4);
    let short = pair(from_now(-DAY), end);
    let mut volume = Volume::mount(&short.files());
    let server = serve(volume.path());
    let messages = || -> Vec<String> {
        let text = |line: &Value| line["message"].as_str().unwrap().to_owned();
        warnings(&server).iter().map(text).collect()
    };
    assert_eq!(messages(), ["certificate expires soon"]);
    let expired = format!("ready\ncertificate: the certificate expired at {}", text(end));
    eventually("the line in /readyz", || {
        server.get("/readyz").text().starts_with(&expired)
    });
    // The log follows at the next poll.
    eventually_within(POLL, "the warning", || messages().len() > 1);
    for _ in 0..3 {
        let attempts = || {
            let log = server.log().into_iter();
            log.filter(|line| line["message"] == "reload attempt started" && line["what"] == "certificate")
                .count()
        };
        let before = attempts();
        volume.update(&short.files());
        eventually("an attempt", || attempts() > before);
    }
    assert_eq!(
        messages(),
        ["certificate expires soon", "certificate has expired"]
    );
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn expired_intermediate_is_a_problem_of_the_pair() {
    let past = from_now(-DAY);
    let issued = IssuedPair::generate(SystemTime::from(past));
    let chain = issued.leaf.certificate + &issued.intermediate;
    let volume = Volume::mount(&[
        ("tls.crt", chain.as_bytes()),
        ("tls.key", issued.leaf.key.as_bytes()),
    ]);
    let server = serve(volume.path());
    let warnings = warnings(&server);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(
        (&warnings[0]["message"], &warnings[0]["place"]),
        (&"certificate has expired".into(), &2.into())
    );
    assert_eq!(
        server.get("/readyz").text(),
        format!(
            "ready\ncertificate: certificate 2 of the chain expired at {}; renew the key pair\n",
            text(past)
        )
    );
}

//! Limits of warnings, denials and audit annotations: what an answer leaves out is counted.

use imageswap_tests_support::webhook::{Answer, Server, pod};
use serde_json::{Value, json};

use crate::rules_answers::{changed, serve};

/// Maximum length of all warnings, in characters. The API server cuts them if there are more than 4,096.
const WARNINGS: usize = 3072;
/// Maximum length of a denial, in bytes.
const DENIAL: usize = 16 << 10;
/// Maximum length of the audit annotation with the rules, in bytes.
const ANNOTATION: usize = 4 << 10;

fn post(server: &Server, images: &[String]) -> Answer {
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    server.post(&pod(&images))
}

fn length(texts: &[String]) -> usize {
    texts.iter().map(|text| text.chars().count()).sum()
}

#[test]
fn warnings_that_the_api_server_would_cut_are_cut_and_counted() {
    // The reason has characters of several bytes.
    let reason = "ö".repeat(300);
    let server = serve(&format!(
        "rules v1\nwarn docker.io/ because \"{reason}\" as early\n"
    ));
    let images: Vec<String> = (0..30).map(|number| format!("app{number:02}:1")).collect();
    for count in 1..=30 {
        let warnings = post(&server, &images[..count]).warnings();
        assert!(length(&warnings) <= WARNINGS, "{count}: {}", length(&warnings));
        let last = warnings.last().unwrap().clone();
        let more = last
            .strip_prefix("imageswap: ")
            .and_then(|last| last.split_once(" more warning")?.0.parse::<usize>().ok());
        let shown = warnings.len() - usize::from(more.is_some());
        assert_eq!(shown + more.unwrap_or(0), count, "{warnings:?}");
        let is_whole = |text: &String| text.ends_with(&reason);
        let is_cut = |text: &String| text.ends_with("ö...") && text.chars().count() == 256;
        let shown = &warnings[..shown];
        assert!(
            shown.iter().all(is_whole) || shown.iter().all(is_cut),
            "{shown:?}"
        );
        for (number, warning) in shown.iter().enumerate() {
            let start =
                format!("imageswap: app{number:02}:1 of container c{number} matches the warning early: ");
            assert!(warning.starts_with(&start), "{warning}");
        }
        // Few warnings are whole.
        assert_eq!(
            more.is_none() && shown.iter().all(is_whole),
            count <= 8,
            "{count}"
        );
    }
}

#[test]
fn short_warnings_beyond_their_number_are_counted() {
    let server = serve("rules v1\nwarn docker.io/ as w\n");
    let image = |number: usize| format!("a{number}:1");
    let answer = post(&server, &(0..45).map(image).collect::<Vec<_>>());
    assert_eq!(answer.warnings().len(), 45);
    let warnings = post(&server, &(0..1000).map(image).collect::<Vec<_>>()).warnings();
    let count = warnings.len() - 1;
    assert_eq!(
        warnings[count],
        format!("imageswap: {} more warnings", 1000 - count)
    );
    // The same warning of many containers is one.
    let same = vec!["x"; 1000];
    let containers: Vec<Value> = same
        .iter()
        .map(|image| json!({"name": "c", "image": image}))
        .collect();
    let review = changed(&[], |request| {
        request["object"]["spec"]["containers"] = containers.into()
    });
    let warnings = server.post(&review).warnings();
    assert_eq!(warnings, ["imageswap: x of container c matches the warning w"]);
}

#[test]
fn denied_images_that_do_not_fit_are_counted() {
    let server = serve("rules v1\ndeny docker.io/ because \"ö\" as d\n");
    let image = |number: usize| format!("app{number:04}:1");
    for count in [1, 100, 200, 300, 5_000] {
        let answer = post(&server, &(0..count).map(image).collect::<Vec<_>>());
        let denial = answer.denial().unwrap();
        assert!(denial.len() <= DENIAL, "{count}: {}", denial.len());
        let lines: Vec<&str> = denial.lines().collect();
        let more = lines.last().unwrap().split_once(" more image");
        let more = more.map(|(start, end)| {
            (
                start.trim_start_matches("imageswap: ").parse::<usize>().unwrap(),
                end,
            )
        });
        let shown = lines.len() - usize::from(more.is_some());
        assert_eq!(shown + more.map_or(0, |(more, _)| more), count, "{denial}");
        assert!(more.is_none_or(|(_, end)| end == "s are denied"), "{denial}");
        let line = |number: usize| {
            format!(
                "imageswap: {} of container c{number} is denied by d: ö",
                image(number)
            )
        };
        assert!(
            lines[..shown]
                .iter()
                .enumerate()
                .all(|(number, shown)| *shown == line(number))
        );
        assert_eq!(more.is_none(), count <= 200, "{count}");
        // The log has the same text.
        assert_eq!(
            server.wait_for_log(|line| line["images"] == count)["denial"],
            denial
        );
    }
    // A single image of any length has its line.
    let answer = post(&server, &["x/".repeat(100_000) + "\u{1b}"]);
    assert_eq!(answer.denial(), None, "an invalid image is not denied");
    assert!(length(&answer.warnings()) < WARNINGS);
}

#[test]
fn rules_that_do_not_fit_into_the_annotation_are_counted() {
    let rules: String = (0..200)
        .map(|n| format!("warn */app{n} as {}-{n:03}\n", "r".repeat(40)))
        .collect();
    let server = serve(&format!("rules v1\n{rules}"));
    for count in [1, 80, 100, 200] {
        let images: Vec<String> = (0..count).map(|n| format!("example.com/app{n}:1")).collect();
        let review = post(&server, &images).review();
        let annotation = review["response"]["auditAnnotations"]["rules"].as_str().unwrap();
        assert!(annotation.len() <= ANNOTATION, "{}", annotation.len());
        let names: Vec<&str> = annotation.split(',').collect();
        let more = names.last().unwrap().strip_prefix('(').map(|more| {
            let more = more.strip_suffix(" more)").unwrap();
            more.parse::<usize>().unwrap()
        });
        let shown = names.len() - usize::from(more.is_some());
        assert_eq!(shown + more.unwrap_or(0), count, "{annotation}");
        assert!(
            names[..shown]
                .iter()
                .enumerate()
                .all(|(n, name)| name.ends_with(&format!("-{n:03}")))
        );
        assert_eq!(more.is_none(), count <= 80, "{count}");
    }
}

#[test]
fn pull_secret_that_an_existing_pod_lacks_is_a_warning() {
    let server = serve("rules v1\nswap quay.io/ -> h.example.com/ pull-secret s\n");
    let update = |secrets: Value| {
        server.post(&changed(&["quay.io/x:1"], |request| {
            request["operation"] = "UPDATE".into();
            request["object"]["spec"]["imagePullSecrets"] = secrets;
            request["oldObject"] = request["object"].clone();
            let look = json!([{"name": "look", "image": "quay.io/look:1"}, {"name": "again", "image": "quay.io/look:1"}]);
            request["object"]["spec"]["ephemeralContainers"] = look;
        }))
    };
    let answer = update(json!([]));
    assert_eq!(answer.images(), ["h.example.com/look:1"; 2]);
    assert_eq!(
        answer.warnings(),
        [
            "imageswap: quay.io/look:1 of container look may need the pull secret s, which the Pod does not have"
        ]
    );
    assert_eq!(update(json!([{"name": "s"}])).warnings(), [""; 0]);
}

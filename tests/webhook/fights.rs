//! Fights with controllers that put original images back.

use std::collections::BTreeMap;

use imageswap_tests_support::webhook::{Server, Start, Volume, eventually};
use serde_json::{Value, json};

use crate::{IMAGESWAP, series};

const FILE: &str = "10-a.rules";
const RULES: &str = "rules v1\nkeep mirror.example.com/\nswap docker.io/ -> mirror.example.com/hub/ as hub\n";

fn serve() -> (Volume, Server) {
    let rules = Volume::mount(&[(FILE, RULES.as_bytes())]);
    let server = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    (rules, server)
}

/// A Pod of an owner, by its API version, kind and uid.
fn owned(name: &str, image: &str, owner: Option<(&str, &str, &str)>) -> Value {
    let owners = owner.map(|(version, kind, uid)| {
        json!([{"apiVersion": version, "kind": kind, "name": "pg", "uid": uid, "controller": true}])
    });
    json!({
        "metadata": {"name": name, "ownerReferences": owners},
        "spec": {"containers": [{"name": "db", "image": image}]},
    })
}

fn review(operation: &str, object: &Value, old: Option<&Value>) -> Value {
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u1",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "namespace": "shop",
            "operation": operation,
            "object": object,
            "oldObject": old,
        },
    })
}

fn create(server: &Server, object: &Value) {
    let answer = server.post(review("CREATE", object, None).to_string().as_bytes());
    assert_eq!(answer.images().len(), 1, "{}", answer.text());
}

fn update(server: &Server, object: &Value, old: &Value) {
    let answer = server.post(review("UPDATE", object, Some(old)).to_string().as_bytes());
    assert_eq!(answer.status, 200);
}

const CLUSTER: Option<(&str, &str, &str)> = Some(("postgresql.cnpg.io/v1", "Cluster", "a"));
const STATEFUL_SET: Option<(&str, &str, &str)> = Some(("apps/v1", "StatefulSet", "a"));
const REPLICA_SET: Option<(&str, &str, &str)> = Some(("apps/v1", "ReplicaSet", "a"));
const TARGET: &str = "mirror.example.com/hub/library/postgres:17";
const ORIGINAL: &str = "postgres:17";

/// Returns the fights by kind of the owner, without those that are 0.
fn fights(server: &Server) -> BTreeMap<String, f64> {
    let mut fights = server.series("imageswap_fights_total", "owner_kind");
    fights.retain(|_, count| *count > 0.0);
    fights
}

fn lines(server: &Server) -> Vec<Value> {
    // A line after the one of the fight says that the log is complete.
    let hangups = || {
        server
            .log()
            .iter()
            .filter(|line| line["signal"] == "SIGHUP")
            .count()
    };
    let before = hangups();
    server.signal("HUP");
    eventually("the last line", || hangups() > before);
    let lines = server.log().into_iter();
    lines
        .filter(|line| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("fight"))
        })
        .collect()
}

#[test]
fn pod_that_is_created_again_and_again_is_a_fight_and_the_logged_rule_ends_it() {
    let (mut rules, server) = serve();
    let pod = owned("pg-1", ORIGINAL, CLUSTER);
    create(&server, &pod);
    create(&server, &pod);
    assert_eq!(fights(&server), series([]), "a Pod that moved to another node");
    for _ in 0..3 {
        create(&server, &pod);
    }
    assert_eq!(fights(&server), series([("other", 3.0)]));
    let lines = lines(&server);
    let [line] = &lines[..] else {
        panic!("one line: {lines:?}")
    };
    let fields = [
        "level",
        "namespace",
        "name",
        "operation",
        "owner",
        "owner_name",
        "image",
        "result",
        "rule",
        "rule_line",
        "add_above",
    ];
    assert_eq!(
        fields.map(|field| line[field].as_str().unwrap_or_default()),
        [
            "WARN",
            "shop",
            "pg-1",
            "CREATE",
            "Cluster.postgresql.cnpg.io",
            "pg",
            ORIGINAL,
            TARGET,
            "hub",
            "10-a.rules:3",
            "keep docker.io/library/postgres when owner Cluster.postgresql.cnpg.io"
        ]
    );
    // The line loads above the rule, and ends the fight for this owner only.
    let added = RULES.replace(
        "swap docker.io/",
        &format!("{}\nswap docker.io/", line["add_above"].as_str().unwrap()),
    );
    server.reloads_when(|| rules.update(&[(FILE, added.as_bytes())]));
    let kept = server.post(review("CREATE", &pod, None).to_string().as_bytes());
    assert!(kept.images().is_empty(), "{}", kept.text());
    create(
        &server,
        &owned("pg-1", ORIGINAL, Some(("example.com/v1", "Cluster", "b"))),
    );
    create(&server, &owned("pg-1", "redis:7", CLUSTER));
    assert_eq!(fights(&server), series([("other", 3.0)]));
}

#[test]
fn update_that_puts_the_original_image_back_is_a_fight_by_itself() {
    let (_rules, server) = serve();
    let swapped = owned("pg-1", TARGET, CLUSTER);
    let original = owned("pg-1", ORIGINAL, CLUSTER);
    // This replica has seen no other review of the Pod.
    update(&server, &original, &swapped);
    assert_eq!(fights(&server), series([("other", 1.0)]));
    assert_eq!(lines(&server)[0]["operation"], "UPDATE");
    update(&server, &original, &swapped);
    assert_eq!(fights(&server), series([("other", 2.0)]));
    assert_eq!(lines(&server).len(), 1, "a fight is logged once");

    // A new image, another container, or no change is not the original image of the Pod.
    update(&server, &owned("pg-1", "postgres:18", CLUSTER), &swapped);
    update(
        &server,
        &swapped,
        &owned("pg-1", "mirror.example.com/hub/library/postgres:18", CLUSTER),
    );
    update(&server, &original, &original);
    update(&server, &swapped, &original);
    let mut renamed = original.clone();
    renamed["spec"]["containers"][0]["name"] = "other".into();
    update(&server, &renamed, &swapped);
    // A Deployment whose manifest is applied again.
    let mut template = review(
        "UPDATE",
        &json!({"metadata": {"name": "web"}, "spec": {"template": original}}),
        Some(&json!({"metadata": {"name": "web"}, "spec": {"template": swapped}})),
    );
    template["request"]["kind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    assert_eq!(server.post(template.to_string().as_bytes()).images(), [TARGET]);
    assert_eq!(fights(&server), series([("other", 2.0)]));

    // The manifest of a Pod without an owner may be applied once.
    let (bare, old) = (owned("bare", ORIGINAL, None), owned("bare", TARGET, None));
    update(&server, &bare, &old);
    assert_eq!(fights(&server), series([("other", 2.0)]));
    update(&server, &bare, &old);
    assert_eq!(fights(&server), series([("other", 2.0), ("(none)", 1.0)]));
}

#[test]
fn rule_to_add_belongs_above_the_first_swap_of_a_chain() {
    let text = "rules v1\nkeep mirror.example.com/\nswap docker.io/ -> quay.io/hub/\nswap quay.io/ -> mirror.example.com/quay/\n";
    let mut rules = Volume::mount(&[(FILE, text.as_bytes())]);
    let server = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    let original = owned("pg-1", ORIGINAL, CLUSTER);
    let swapped = owned("pg-1", "mirror.example.com/quay/hub/library/postgres:17", CLUSTER);
    update(&server, &original, &swapped);
    let line = lines(&server).remove(0);
    assert_eq!(line["rule_line"], "10-a.rules:3");
    let mut added: Vec<_> = text.lines().collect();
    added.insert(2, line["add_above"].as_str().unwrap());
    let added = format!("{}\n", added.join("\n"));
    server.reloads_when(|| rules.update(&[(FILE, added.as_bytes())]));
    let body = review("UPDATE", &original, Some(&swapped)).to_string();
    assert!(server.post(body.as_bytes()).images().is_empty());
}

#[test]
fn fight_whose_line_was_suppressed_is_logged_later() {
    let (_rules, server) = serve();
    let places = ["pg-1", "pg-2"].map(|name| (owned(name, ORIGINAL, CLUSTER), owned(name, TARGET, CLUSTER)));
    let logged = || {
        let names = lines(&server).into_iter().map(|line| line["name"].to_string());
        names.collect::<std::collections::BTreeSet<_>>().len()
    };
    // The line of the second place may come within a second of the first one.
    eventually("both lines", || {
        for (original, swapped) in &places {
            update(&server, original, swapped);
        }
        logged() == 2
    });
}

#[test]
fn scaling_and_restarts_are_not_fights() {
    let (_rules, server) = serve();
    // Many Pods with generated names: of one owner, and of new ones.
    for number in 0..50 {
        let uid = format!("u{number}");
        for owner in [REPLICA_SET, Some(("apps/v1", "ReplicaSet", &uid)), CLUSTER] {
            let mut pod = owned("", ORIGINAL, owner);
            pod["metadata"]["generateName"] = "web-".into();
            create(&server, &pod);
        }
        // Names that are numbered on, new owners, new images, and Pods without an owner.
        create(&server, &owned(&format!("pg-{number}"), ORIGINAL, CLUSTER));
        create(
            &server,
            &owned("pg-1", ORIGINAL, Some(("postgresql.cnpg.io/v1", "Cluster", &uid))),
        );
        create(&server, &owned("pg-1", &format!("postgres:{number}"), CLUSTER));
        create(&server, &owned("bare", ORIGINAL, None));
    }
    // A StatefulSet that is scaled to 0 and back, and one that is restarted: each restart has a new revision.
    for revision in 0..15 {
        for name in ["db-0", "db-1", "db-2"] {
            create(&server, &owned(name, ORIGINAL, STATEFUL_SET));
            let mut pod = owned(name, ORIGINAL, STATEFUL_SET);
            for _ in 0..2 {
                pod["metadata"]["labels"] = json!({"controller-revision-hash": format!("r{revision}")});
                create(&server, &pod);
            }
        }
    }
    assert_eq!(fights(&server), series([]));
    assert_eq!(lines(&server), Vec::<Value>::new());
    // A controller that deletes a Pod of a StatefulSet without end.
    for _ in 0..10 {
        create(&server, &owned("db-0", ORIGINAL, STATEFUL_SET));
    }
    assert_eq!(fights(&server), series([("StatefulSet", 6.0)]));
}

#[test]
fn what_changes_no_pod_is_not_a_fight() {
    let rules = Volume::mount(&[(FILE, RULES.as_bytes())]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(rules.path())
        .args(["--dry-run"])
        .serve();
    let (pod, old) = (owned("pg-1", ORIGINAL, CLUSTER), owned("pg-1", TARGET, CLUSTER));
    let (_others, swapping) = serve();
    for _ in 0..5 {
        for (operation, old) in [("CREATE", None), ("UPDATE", Some(&old))] {
            let mut review = review(operation, &pod, old);
            server.post(review.to_string().as_bytes());
            // The caller asks for a dry run.
            review["request"]["dryRun"] = true.into();
            swapping.post(review.to_string().as_bytes());
            // An owner that is not a controller.
            review["request"]["dryRun"] = false.into();
            review["request"]["object"]["metadata"]["labels"] = json!({"k8s.twr.io/imageswap": "disabled"});
            swapping.post(review.to_string().as_bytes());
        }
    }
    assert_eq!((fights(&server), fights(&swapping)), (series([]), series([])));
    assert_eq!(
        swapping.metric("imageswap_fights_total", "owner_kind=\"other\""),
        0.0
    );
}

#[test]
fn names_of_an_owner_cannot_forge_a_rule() {
    let (_rules, server) = serve();
    for (kind, group) in [
        ("Cluster\nswap ** -> x/", "example.com/v1"),
        ("Cluster", "example.com, Pod/v1"),
        ("Cluster.x", "example.com/v1"),
        ("", "v1"),
    ] {
        let owner = Some((group, kind, "a"));
        update(
            &server,
            &owned("pg-1", ORIGINAL, owner),
            &owned("pg-1", TARGET, owner),
        );
    }
    assert_eq!(fights(&server), series([("other", 4.0)]));
    for line in lines(&server) {
        assert_eq!(line["add_above"], Value::Null, "{line}");
    }
    // A core kind has no group.
    let owner = Some(("v1", "ReplicationController", "a"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    update(
        &server,
        &owned("pg-1", ORIGINAL, owner),
        &owned("pg-1", TARGET, owner),
    );
    assert_eq!(
        fights(&server),
        series([("other", 4.0), ("ReplicationController", 1.0)])
    );
    let added = server.wait_for_log(|line| line["owner"] == "ReplicationController");
    assert_eq!(
        added["add_above"],
        "keep docker.io/library/postgres when owner ReplicationController"
    );
    assert!(added["suppressed"].as_u64().unwrap() > 0, "{added}");
}

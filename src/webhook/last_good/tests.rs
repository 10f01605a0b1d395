//! Starts with and without a last good set, and the sets that are kept.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::webhook::cluster::Handles;

const GOOD: &str = "rules v1\nswap quay.io/ -> h.example.com/\n";

/// A cluster in memory, which cannot be reached if `error` is set.
#[derive(Debug, Default)]
struct InMemory {
    error: Option<&'static str>,
    kept: Mutex<Option<(Vec<u8>, String)>>,
    writes: Mutex<usize>,
}

#[async_trait]
impl Cluster for InMemory {
    async fn run(&self, _: Handles) {}

    async fn shut_down(&self) {}

    fn must_not_end_yet(&self) -> bool {
        false
    }

    async fn last_good(&self) -> Result<Option<KeptSet>, ClusterError> {
        if let Some(text) = self.error {
            return Err(ClusterError {
                text: text.to_owned(),
                is_passing: false,
            });
        }
        let kept = self.kept.lock().unwrap().clone();
        Ok(kept.map(|(bytes, digest)| KeptSet {
            bytes,
            digest: Some(digest),
            kept_at: Some("2026-11-30T12:00:00Z".to_owned()),
        }))
    }

    async fn keep(&self, set: &[u8], digest: &str) -> Result<(), ClusterError> {
        *self.kept.lock().unwrap() = Some((set.to_owned(), digest.to_owned()));
        *self.writes.lock().unwrap() += 1;
        Ok(())
    }
}

#[derive(Default)]
struct Start {
    cluster: InMemory,
    status: Status,
    conditions: Conditions,
}

impl Start {
    async fn with(&self, rules: &Path, has_access: bool) -> Result<SharedRules, ServeError> {
        let source = RulesSource::Paths(vec![rules.to_owned()]);
        let cluster = has_access.then_some(&self.cluster as &dyn Cluster);
        first_rules(
            &source,
            Limits::default(),
            cluster,
            &self.status,
            &self.conditions,
        )
        .await
    }

    async fn keep(&self, rules: &SharedRules) {
        if let Some((texts, digest)) = set_to_keep(rules) {
            keep_one(&self.cluster, texts, digest, &self.conditions).await;
        }
    }

    fn writes(&self) -> usize {
        *self.cluster.writes.lock().unwrap()
    }
}

fn directory(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    if !text.is_empty() {
        fs::write(directory.path().join("a.rules"), text).unwrap();
    }
    directory
}

#[tokio::test]
async fn start_uses_the_kept_set_for_rules_that_do_not_load() {
    let start = Start::default();
    let good = directory(GOOD);
    let rules = start.with(good.path(), true).await.unwrap();
    let digest = rules.current().digest;
    start.keep(&rules).await;
    for bad in ["rules v1\nswop\n", "", "rules v1\nkeep x\ntest x deny\n"] {
        let bad = directory(bad);
        let used = start.with(bad.path(), true).await.unwrap();
        assert!(used.is_last_good());
        assert_eq!(used.current().digest, digest);
        let [condition] = &start.conditions.all()[..] else {
            panic!("{:?}", start.conditions)
        };
        assert_eq!(
            condition.text,
            "active, kept at 2026-11-30T12:00:00Z, because the mounted rules are rejected"
        );
        let record = start.status.record(Reloaded::Rules);
        assert!(record.active == Some(digest) && record.error.is_some() && record.rejected.is_some());
        start.keep(&used).await;
    }
    let missing = start.with(Path::new("/missing.rules"), true).await.unwrap();
    assert!(missing.is_last_good());
    assert_eq!(start.writes(), 1);
}

#[tokio::test]
async fn valid_rules_do_not_read_the_kept_set() {
    let start = Start {
        cluster: InMemory {
            error: Some("no API server"),
            ..InMemory::default()
        },
        ..Start::default()
    };
    let good = directory(GOOD);
    assert!(!start.with(good.path(), true).await.unwrap().is_last_good());
}

#[tokio::test]
async fn error_of_the_start_says_why_there_is_no_last_good_set() {
    let bad = directory("rules v1\nswop\n");
    let mut start = Start::default();
    let error = start.with(bad.path(), false).await.unwrap_err().to_string();
    assert!(error.contains("a.rules:2:1: error[E0103]"), "{error}");
    assert_eq!(start.with(bad.path(), true).await.unwrap_err().to_string(), error);
    start.cluster.error = Some("no API server");
    assert_eq!(
        start.with(bad.path(), true).await.unwrap_err().to_string(),
        format!("{error}; the last good set cannot be used either: no API server")
    );
    // An empty set is not an error.
    let empty = directory("");
    let rules = start.with(empty.path(), true).await.unwrap();
    assert!(rules.current().empty.is_some());
    start.cluster.error = None;
    *start.cluster.kept.get_mut().unwrap() = Some((b"not gzip".to_vec(), "d".to_owned()));
    let broken = start.with(bad.path(), true).await.unwrap_err().to_string();
    assert!(
        broken.starts_with(&error) && broken.contains("not valid gzip"),
        "{broken}"
    );
}

#[tokio::test]
async fn set_is_kept_once_and_never_if_it_is_empty() {
    let start = Start::default();
    let empty = directory("");
    start.keep(&start.with(empty.path(), true).await.unwrap()).await;
    assert_eq!(start.writes(), 0);
    // Rules without a rule are meant so.
    let rules = directory(GOOD);
    for (text, writes) in [(GOOD, 1), (GOOD, 1), ("rules v1\n", 2), (GOOD, 3)] {
        fs::write(rules.path().join("a.rules"), text).unwrap();
        start.keep(&start.with(rules.path(), true).await.unwrap()).await;
        assert_eq!(start.writes(), writes, "{text}");
    }
    // A value that was changed by hand is written again, although its digest is the same.
    if let Some((bytes, _)) = start.cluster.kept.lock().unwrap().as_mut() {
        bytes.push(0);
    }
    start.keep(&start.with(rules.path(), true).await.unwrap()).await;
    assert_eq!(start.writes(), 4);
}

#[tokio::test]
async fn set_that_is_too_large_is_not_kept_and_reported() {
    let start = Start::default();
    let directory = tempfile::tempdir().unwrap();
    let long = format!("default::\n{}", "# comment\n".repeat(800_000));
    fs::write(directory.path().join("maps"), long).unwrap();
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("# {state:016x}{:016x}\n", state.rotate_left(29) ^ state)
    };
    let random: String = (0..29_000).map(|_| random()).collect();
    for name in ["a.rules", "b.rules"] {
        fs::write(directory.path().join(name), format!("rules v1\n{random}")).unwrap();
    }
    let rules = start.with(directory.path(), true).await.unwrap();
    start.keep(&rules).await;
    let [condition] = &start.conditions.all()[..] else {
        panic!("{:?}", start.conditions)
    };
    assert!(
        condition.text.starts_with("the active set is not kept: it has ")
            && condition
                .text
                .ends_with(" bytes after compression, and a ConfigMap has room for 1048576"),
        "{}",
        condition.text
    );
    assert_eq!(start.writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn set_that_ends_the_last_good_one_is_kept() {
    let start = Start::default();
    let good = directory(GOOD);
    start.keep(&start.with(good.path(), true).await.unwrap()).await;
    let bad = directory("rules v1\nswop\n");
    let rules = Arc::new(start.with(bad.path(), true).await.unwrap());
    let (cluster, conditions) = (Arc::new(start.cluster), Arc::new(start.conditions));
    let keeping = tokio::spawn(keep(cluster.clone(), Arc::clone(&rules), conditions));
    let repaired = directory("rules v1\nkeep quay.io/\n");
    let source = RulesSource::Paths(vec![repaired.path().to_owned()]);
    let text = source.read(Limits::default()).unwrap();
    let digest = text.digest().to_string();
    rules.replace(text).unwrap().retire();
    // The task sees the new set before the reload has recorded that it is the mounted one.
    sleep(Duration::from_millis(100)).await;
    assert!(rules.is_mounted_again());
    for _ in 0..500 {
        if *cluster.writes.lock().unwrap() == 2 {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    let kept = cluster.kept.lock().unwrap().clone();
    assert_eq!(kept.map(|(_, digest)| digest), Some(digest));
    keeping.abort();
}

//! Pods that are created without a pause while something happens to the webhook.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::Api;
use serde_json::{Value, json};

use super::forms::SWAPPED;

/// Start of the message about a Pod with its original image.
const NOT_SWAPPED: &str = "not swapped: ";
/// Fewest Pods of a load that shows something.
pub(crate) const FEWEST: usize = 100;

/// A load of one Pod after the other.
pub(crate) struct Load {
    is_ended: Arc<AtomicBool>,
    thread: JoinHandle<Created>,
}

/// The result of a load.
#[derive(Debug, Default)]
pub(crate) struct Created {
    /// Number of Pods that the API server created and the webhook swapped.
    pub(crate) swapped: usize,
    /// Requests that had no answer, because no API server ran.
    pub(crate) unanswered: usize,
    /// Messages of requests that failed, and images that the webhook did not swap.
    pub(crate) failures: Vec<String>,
    /// Time in which requests failed, each from the first failure to the next success.
    pub(crate) failed_for: Duration,
}

impl Load {
    /// Starts to create Pods. The API server does all but storing them.
    pub(crate) fn start(api: Api) -> Self {
        let is_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_ended);
        let thread = thread::spawn(move || {
            let mut created = Created::default();
            let mut failing_since = None;
            while !ended.load(Ordering::Relaxed) {
                let (started, failures) = (Instant::now(), created.failures.len());
                created.create(api);
                if created.failures.len() > failures {
                    failing_since.get_or_insert(started);
                } else if let Some(since) = failing_since.take() {
                    created.failed_for += since.elapsed();
                }
                thread::sleep(Duration::from_millis(5));
            }
            created.failed_for += failing_since.map_or(Duration::ZERO, |since| since.elapsed());
            created
        });
        Self { is_ended, thread }
    }

    /// Ends it, and returns the result.
    pub(crate) fn end(self) -> Created {
        self.is_ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

impl Created {
    /// Writes the numbers to the log of the tests, and asserts that the webhook swapped all Pods.
    #[track_caller]
    pub(crate) fn assert_all_swapped(&self, event: &str) {
        self.assert_failures(event, |_| false);
    }

    /// Like [`Self::assert_all_swapped`], but for failures that are allowed.
    #[track_caller]
    pub(crate) fn assert_failures(&self, event: &str, is_allowed: impl Fn(&str) -> bool) {
        self.log(event);
        let mut failures = self.failures.iter();
        assert!(
            failures.all(|failure| is_allowed(failure)),
            "{event}: {:?}",
            self.failures
        );
        assert!(self.swapped > FEWEST && self.unanswered == 0, "{event}: {self:?}");
    }

    /// Writes the numbers to the log of the tests, and asserts that no Pod was rejected, though the webhook may not have
    /// swapped some.
    #[track_caller]
    pub(crate) fn assert_none_rejected(&self, event: &str) {
        self.log(event);
        assert_eq!(self.rejections(), Vec::<&String>::new(), "{event}");
        let number = self.swapped + self.failures.len();
        assert!(number > FEWEST && self.unanswered == 0, "{event}: {self:?}");
    }

    /// Writes the numbers to the log of the tests. The test harness would keep a line of `println`.
    pub(crate) fn log(&self, event: &str) {
        let Self {
            swapped,
            unanswered,
            failures,
            ..
        } = self;
        let rejected = self.rejections().len();
        let originals = failures.len() - rejected;
        let _ = writeln!(
            io::stderr(),
            "{event}: {swapped} Pods swapped, {originals} with the original image, {rejected} rejected, \
             {unanswered} without an API server"
        );
    }

    /// Returns the messages of Pods that were rejected.
    pub(crate) fn rejections(&self) -> Vec<&String> {
        let failures = self.failures.iter();
        failures
            .filter(|failure| !failure.starts_with(NOT_SWAPPED))
            .collect()
    }

    fn create(&mut self, api: Api) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "load-"},
            "spec": {"containers": [{"name": "web", "image": "nginx:1.25"}]},
        });
        let answer = api.request("POST", "/api/v1/namespaces/default/pods?dryRun=All", &pod);
        match answer {
            Ok(answer) if answer.status == 201 => {
                let image = &answer.object["spec"]["containers"][0]["image"];
                if image == SWAPPED {
                    self.swapped += 1;
                } else {
                    self.failures.push(format!("{NOT_SWAPPED}{image}"));
                }
            }
            // An error of the API server is a Status object. Without one, the proxy of kubectl had no answer.
            Ok(answer) if answer.object["kind"] == "Status" => {
                self.failures.push(message(&answer.object));
            }
            Ok(_) | Err(_) => self.unanswered += 1,
        }
    }
}

/// Returns true if a request failed because the replica that had it was killed. Nothing repeats such a request.
pub(crate) fn is_of_a_crash(failure: &str) -> bool {
    failure.contains("failed calling webhook") && !failure.contains("x509")
}

fn message(status: &Value) -> String {
    status["message"].as_str().unwrap_or_default().to_owned()
}

//! Clients that behave as API servers do: on kept and on fresh connections, with a timeout of ten seconds.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Answer, Connection, pod};

use super::replicas::{Endpoint, Replicas};

/// Number of clients. Half of them keep a connection, and half open one for each request.
pub(crate) const NUMBER: usize = 8;
/// The timeout of an API server.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two requests of a client.
const PAUSE: Duration = Duration::from_millis(10);

/// Answers to the clients.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) answers: u64,
    /// Requests that were in flight on a replica when it was killed.
    in_flight: u64,
    longest: Duration,
    pub(crate) failures: BTreeMap<String, u64>,
}

/// Clients, each on a thread.
#[derive(Debug)]
pub(crate) struct Clients {
    threads: Vec<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
    answers: Arc<Mutex<Answers>>,
}

impl Clients {
    pub(crate) fn start(replicas: &Arc<Replicas>) -> Self {
        let answers = Arc::new(Mutex::new(Answers::default()));
        let is_over = Arc::new(AtomicBool::new(false));
        let threads = (0..NUMBER).map(|number| {
            let client = Client {
                replicas: Arc::clone(replicas),
                answers: Arc::clone(&answers),
                number,
            };
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || client.run(&is_over, number < NUMBER / 2))
        });
        Self {
            threads: threads.collect(),
            is_over,
            answers,
        }
    }

    /// Returns the answers so far, in one line.
    pub(crate) fn summary(&self) -> String {
        self.answers.lock().unwrap().to_string()
    }

    /// Ends the clients.
    pub(crate) fn end(self) -> Answers {
        self.is_over.store(true, Ordering::Relaxed);
        for client in self.threads {
            client.join().unwrap();
        }
        std::mem::take(&mut self.answers.lock().unwrap())
    }
}

struct Client {
    replicas: Arc<Replicas>,
    answers: Arc<Mutex<Answers>>,
    number: usize,
}

impl Client {
    fn run(&self, is_over: &AtomicBool, is_kept: bool) {
        let review = pod(&["nginx:1.25", "quay.io/x/y"]);
        let mut kept: Option<(Connection, Arc<Endpoint>)> = None;
        for request in self.number.. {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            // A connection that the server has closed while it was idle is not used again.
            let open = kept.take().filter(|(connection, _)| connection.is_open());
            let endpoint = open
                .as_ref()
                .map_or_else(|| self.choose(request), |(_, at)| Arc::clone(at));
            let started = Instant::now();
            let result = open
                .map_or_else(
                    || Connection::try_open_within(endpoint.address, TIMEOUT),
                    |(connection, _)| Ok(connection),
                )
                .and_then(|mut connection| {
                    let answer = connection.try_post("/?timeout=10s", &review)?;
                    Ok((connection, answer))
                });
            let time = started.elapsed();
            match result {
                Ok((connection, answer)) => {
                    let stays = is_kept && !answer.head.to_lowercase().contains("connection: close");
                    self.record(&answer, time);
                    kept = stays.then_some((connection, endpoint));
                }
                Err(error) => self.fail(&error, &endpoint, time),
            }
            thread::sleep(PAUSE);
        }
    }

    fn choose(&self, request: usize) -> Arc<Endpoint> {
        let endpoints = self.replicas.endpoints();
        Arc::clone(&endpoints[request % endpoints.len()])
    }

    fn record(&self, answer: &Answer, time: Duration) {
        let problem = if answer.status != 200 {
            Some(format!("status {}: {}", answer.status, answer.text()))
        } else if time > TIMEOUT {
            Some("an answer after more than ten seconds".to_owned())
        } else {
            let images = answer.images();
            let is_right = images.len() == 1 && images[0].ends_with(".example.com/hub/library/nginx:1.25");
            (!is_right).then(|| format!("images {images:?}"))
        };
        let mut answers = self.answers.lock().unwrap();
        answers.answers += 1;
        answers.longest = answers.longest.max(time);
        if let Some(problem) = problem {
            *answers.failures.entry(problem).or_default() += 1;
        }
    }

    fn fail(&self, error: &io::Error, endpoint: &Endpoint, time: Duration) {
        // The kill comes a moment after the endpoint says so, or before.
        thread::sleep(Duration::from_millis(100));
        let mut answers = self.answers.lock().unwrap();
        if endpoint.is_killed() {
            answers.in_flight += 1;
        } else {
            let problem = format!("{error}, after {} s", time.as_secs());
            *answers.failures.entry(problem).or_default() += 1;
        }
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} answers, the longest after {} ms; {} requests failed, and {} on a killed replica",
            self.answers,
            self.longest.as_millis(),
            self.failures.values().sum::<u64>(),
            self.in_flight
        )
    }
}

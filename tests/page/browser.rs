//! A headless chromium, which a test controls by the DevTools protocol over two pipes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Browsers run one after another, since each takes both processors for some seconds.
static ONE: Mutex<()> = Mutex::new(());
/// Maximum time of a browser. Without a test it takes three seconds.
const MAX_TIME: Duration = Duration::from_secs(240);

/// A browser with one tab.
pub(crate) struct Browser {
    child: Child,
    commands: File,
    answers: BufReader<File>,
    session: Option<String>,
    last_id: u64,
    /// Events that were read so far.
    events: Vec<Value>,
    _profile: TempDir,
    _one: MutexGuard<'static, ()>,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        let path = |name: &str| profile.path().join(name);
        let fifos = [path("commands"), path("answers")];
        assert!(Command::new("mkfifo").args(&fifos).status().unwrap().success());
        let data = format!("--user-data-dir={}", path("data").display());
        // The shell opens the descriptors 3 and 4, which chromium reads and writes.
        let child = Command::new("sh")
            .args(["-c", "exec chromium \"$@\" 3<\"$COMMANDS\" 4>\"$ANSWERS\"", "sh"])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--remote-debugging-pipe",
                &data,
                "about:blank",
            ])
            .env("COMMANDS", &fifos[0])
            .env("ANSWERS", &fifos[1])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let id = child.id();
        // A browser that hangs must not hang the tests. If it has ended, no process has its number yet.
        thread::spawn(move || {
            thread::sleep(MAX_TIME);
            let _ = Command::new("kill")
                .arg(id.to_string())
                .stderr(Stdio::null())
                .status();
        });
        let commands = OpenOptions::new().write(true).open(&fifos[0]).unwrap();
        let answers = BufReader::new(File::open(&fifos[1]).unwrap());
        let mut browser = Self {
            child,
            commands,
            answers,
            session: None,
            last_id: 0,
            events: Vec::new(),
            _profile: profile,
            _one: one,
        };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", &target);
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Sends a command, and returns its result.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.commands.write_all(&bytes).unwrap();
        loop {
            let message = self.read();
            if message["id"] == id {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.answers.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Waits for an event that was not waited for before.
    pub(crate) fn wait(&mut self, method: &str) {
        loop {
            if let Some(at) = self.events.iter().position(|event| event["method"] == method) {
                self.events.remove(at);
                return;
            }
            let event = self.read();
            self.events.push(event);
        }
    }

    /// Opens an address, and waits until it is loaded.
    pub(crate) fn open(&mut self, url: &str) {
        self.events
            .retain(|event| event["method"] != "Page.loadEventFired");
        let opened = self.call("Page.navigate", &json!({"url": url}));
        assert_eq!(opened["errorText"], Value::Null, "{url}");
        self.wait("Page.loadEventFired");
    }

    /// Evaluates an expression of JavaScript. The page itself has no script.
    #[track_caller]
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        let result = self.call("Runtime.evaluate", &parameters);
        assert_eq!(result["exceptionDetails"], Value::Null, "{expression}");
        result["result"]["value"].clone()
    }

    /// Sets the width of the window, and the scheme of colors.
    pub(crate) fn look(&mut self, width: u32, height: u32, scheme: &str) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Presses a key without a character.
    pub(crate) fn press(&mut self, key: &str, number: u32, text: &str) {
        let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let of = |kind: &str| json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": number, "text": text});
        self.call("Input.dispatchKeyEvent", &of(down));
        self.call("Input.dispatchKeyEvent", &of("keyUp"));
    }

    /// Returns messages of the console, errors, and violations of the policy.
    pub(crate) fn complaints(&mut self) -> Vec<Value> {
        // What happened before this answer was reported before it.
        self.evaluate("0");
        let kinds = [
            "Log.entryAdded",
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
        ];
        let is_complaint = |event: &&Value| kinds.iter().any(|kind| event["method"] == *kind);
        self.events.iter().filter(is_complaint).cloned().collect()
    }

    /// Returns role and name of each node of the accessibility tree, as `heading 'Rules'`.
    pub(crate) fn roles(&mut self) -> Vec<String> {
        let tree = self.call("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().unwrap().iter();
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        let seen = nodes.filter(|node| node["ignored"] == false);
        seen.map(|node| format!("{} '{}'", text(&node["role"]), text(&node["name"])))
            .collect()
    }

    /// Takes a picture of a part of the page, in PNG.
    pub(crate) fn picture(&mut self, width: u32, height: u32) -> Vec<u8> {
        use base64::Engine as _;
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let parameters = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let taken = self.call("Page.captureScreenshot", &parameters);
        let data = taken["data"].as_str().unwrap();
        base64::engine::general_purpose::STANDARD.decode(data).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! A mutating webhook of others: it changes the objects that the webhook under test changes too.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use super::pair::Pair;

/// A webhook that answers until the tests end.
#[derive(Debug)]
pub struct OtherWebhook {
    address: SocketAddr,
    certificate: String,
}

impl OtherWebhook {
    /// Starts a webhook. `mutate` returns the operations of the JSON patch for a request.
    pub fn start(mutate: impl Fn(&Value) -> Vec<Value> + Send + Sync + 'static) -> Self {
        let pair = Pair::generate();
        let (config, mutate) = (pair.server_config(), Arc::new(mutate));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (config, mutate) = (Arc::clone(&config), Arc::clone(&mutate));
                thread::spawn(move || serve(socket, config, mutate.as_ref()));
            }
        });
        Self {
            address,
            certificate: pair.certificate,
        }
    }

    /// Returns the `clientConfig` of an entry that calls it.
    pub fn client_config(&self) -> Value {
        json!({
            "url": format!("https://localhost:{}/", self.address.port()),
            "caBundle": STANDARD.encode(&self.certificate),
        })
    }
}

/// Answers the requests of a connection.
fn serve(
    socket: TcpStream,
    config: Arc<ServerConfig>,
    mutate: &dyn Fn(&Value) -> Vec<Value>,
) -> io::Result<()> {
    let tls = ServerConnection::new(config).expect("a valid configuration");
    let mut stream = StreamOwned::new(tls, socket);
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        let Some(end) = end_of_request(&bytes) else {
            match stream.read(&mut chunk)? {
                0 => return Ok(()),
                read => bytes.extend_from_slice(&chunk[..read]),
            }
            continue;
        };
        let request: Vec<u8> = bytes.drain(..end).collect();
        let start = request.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let review: Value = serde_json::from_slice(&request[start..]).unwrap();
        let answer = answer(&review, &mutate(&review["request"])).to_string();
        let length = answer.len();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
        stream.write_all(format!("{head}\r\n{answer}").as_bytes())?;
        stream.flush()?;
    }
}

/// Returns the length of the first request, once all of it is there.
pub(super) fn end_of_request(bytes: &[u8]) -> Option<usize> {
    let start = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..start]).to_lowercase();
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length:"));
    let end = start + length.map_or(0, |length| length.trim().parse().unwrap());
    (bytes.len() >= end).then_some(end)
}

fn answer(review: &Value, operations: &[Value]) -> Value {
    let mut response = json!({"uid": review["request"]["uid"], "allowed": true});
    if !operations.is_empty() {
        response["patchType"] = "JSONPatch".into();
        response["patch"] = STANDARD.encode(json!(operations).to_string()).into();
    }
    json!({"kind": "AdmissionReview", "apiVersion": review["apiVersion"], "response": response})
}

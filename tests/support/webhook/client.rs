//! A minimal HTTP client, so that a test controls every byte.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};

use super::any_certificate::AnyCertificate;

/// A connection over TLS that is kept from request to request.
pub struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    seen: Arc<AnyCertificate>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Status line and header fields, with the line ends.
    pub head: String,
    /// Body, without a transfer coding.
    pub body: Vec<u8>,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn open(address: SocketAddr) -> Self {
        Self::try_open(address).unwrap()
    }

    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// Returns an error if the server closes it, or the handshake fails.
    pub fn try_open(address: SocketAddr) -> io::Result<Self> {
        Self::try_open_within(address, Duration::from_secs(300))
    }

    /// Opens a connection on which no step takes longer than a time.
    ///
    /// # Errors
    ///
    /// Returns an error if the server closes it, or the handshake fails.
    pub fn try_open_within(address: SocketAddr, time: Duration) -> io::Result<Self> {
        let mut socket = TcpStream::connect_timeout(&address, time)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(time))?;
        socket.set_write_timeout(Some(time))?;
        let seen = Arc::new(AnyCertificate::default());
        let name = ServerName::try_from("localhost").unwrap();
        let mut tls = ClientConnection::new(AnyCertificate::config(&seen), name).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut socket)?;
        }
        Ok(Self {
            stream: StreamOwned::new(tls, socket),
            seen,
        })
    }

    /// Returns the certificate of the server, in DER.
    pub fn certificate(&self) -> Vec<u8> {
        self.seen.certificate()
    }

    /// Posts a body, and returns the answer.
    ///
    /// # Panics
    ///
    /// If the connection fails.
    pub fn post(&mut self, path: &str, body: &[u8]) -> Answer {
        self.try_post(path, body).unwrap()
    }

    /// Posts a body, and returns the answer.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails.
    pub fn try_post(&mut self, path: &str, body: &[u8]) -> io::Result<Answer> {
        self.send_post(path, body)?;
        self.answer()
    }

    /// Posts a body, and does not read the answer.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails.
    pub fn send_post(&mut self, path: &str, body: &[u8]) -> io::Result<()> {
        self.send(&post_request(path, body))
    }

    /// Gets a path.
    ///
    /// # Panics
    ///
    /// If the connection fails.
    pub fn get(&mut self, path: &str) -> Answer {
        self.try_get(path).unwrap()
    }

    /// Gets a path.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails.
    pub fn try_get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: webhook\r\n\r\n").as_bytes())?;
        self.answer()
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Returns the stream, to read it byte by byte.
    pub fn stream(&mut self) -> &mut impl Read {
        &mut self.stream
    }

    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection ends before it.
    pub fn answer(&mut self) -> io::Result<Answer> {
        read_answer(&mut self.stream)
    }

    /// Returns true if the server has sent nothing since the last answer, so that the connection can be used again.
    pub fn is_open(&self) -> bool {
        let socket = &self.stream.sock;
        let is_open = socket.set_nonblocking(true).is_ok()
            && matches!(socket.peek(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        is_open && socket.set_nonblocking(false).is_ok()
    }

    /// Returns true if the server closes its side within a time, and sends nothing before.
    pub fn closes_within(&mut self, time: Duration) -> bool {
        self.stream.sock.set_read_timeout(Some(time)).unwrap();
        is_end(&self.stream.read(&mut [0]))
    }
}

/// Returns true if the server closes its side of a connection without TLS within a time, and sends nothing before.
pub fn closes_within(mut stream: &TcpStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time)).unwrap();
    is_end(&stream.read(&mut [0]))
}

/// Returns true if a read found the end of a connection. One that took too long found it open.
fn is_end(read: &io::Result<usize>) -> bool {
    use io::ErrorKind::{TimedOut, WouldBlock};
    match read {
        Ok(length) => *length == 0,
        Err(error) => !matches!(error.kind(), WouldBlock | TimedOut),
    }
}

/// Returns a request that posts a body, to send it in parts.
pub fn post_request(path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: webhook\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Gets a path without TLS.
///
/// # Errors
///
/// Returns an error if the connection fails.
pub fn get_plain(address: SocketAddr, path: &str) -> io::Result<Answer> {
    send_plain(address, &format!("GET {path}"), "")
}

/// Posts a body without TLS.
///
/// # Errors
///
/// Returns an error if the connection fails.
pub fn post_plain(address: SocketAddr, path: &str, body: &str) -> io::Result<Answer> {
    send_plain(address, &format!("POST {path}"), body)
}

fn send_plain(address: SocketAddr, line: &str, body: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: webhook\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    read_answer(&mut stream)
}

/// Reads an answer, and no byte of the next one.
fn read_answer(stream: &mut impl Read) -> io::Result<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body)?;
    Ok(Answer { status, head, body })
}

impl Answer {
    /// Returns the body, which is UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Returns the review of the answer.
    pub fn review(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the operations of the patch.
    pub fn operations(&self) -> Vec<Value> {
        let review = self.review();
        let Some(patch) = review["response"]["patch"].as_str() else {
            return Vec::new();
        };
        let patch = base64::engine::general_purpose::STANDARD.decode(patch).unwrap();
        serde_json::from_slice(&patch).unwrap()
    }

    /// Returns the images of the patch, as pointer and value.
    pub fn patch(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let operations = self.operations().into_iter();
        operations
            .map(|operation| (text(&operation["path"]), text(&operation["value"])))
            .collect()
    }

    /// Returns the warnings, in order.
    pub fn warnings(&self) -> Vec<String> {
        let review = self.review();
        let warnings = review["response"]["warnings"].as_array().cloned();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        warnings.unwrap_or_default().iter().map(text).collect()
    }

    /// Returns the message of the denial. `None` if the object is allowed.
    pub fn denial(&self) -> Option<String> {
        let response = &self.review()["response"];
        let status = &response["status"];
        if response["allowed"] == true {
            assert_eq!(status, &Value::Null);
            return None;
        }
        assert_eq!(
            (&status["code"], &status["reason"], &response["patch"]),
            (&json!(403), &json!("Forbidden"), &Value::Null)
        );
        Some(status["message"].as_str().unwrap().to_owned())
    }

    /// Returns the images of the patch, in order.
    pub fn images(&self) -> Vec<String> {
        self.patch().into_iter().map(|(_, image)| image).collect()
    }
}

/// Returns a review of a new Pod with these images.
pub fn pod(images: &[&str]) -> Vec<u8> {
    let container = |(index, image): (usize, &&str)| json!({"name": format!("c{index}"), "image": image});
    let containers: Vec<Value> = images.iter().enumerate().map(container).collect();
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u1",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "namespace": "default",
            "operation": "CREATE",
            "object": {"metadata": {"name": "p"}, "spec": {"containers": containers}},
        },
    })
    .to_string()
    .into_bytes()
}

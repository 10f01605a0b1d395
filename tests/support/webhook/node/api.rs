//! Requests to the API server through `kubectl proxy`, which takes them without TLS and without a token.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A client of an API server.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    address: SocketAddr,
}

/// An answer of the API server.
#[derive(Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// The object, or null if the body is not JSON.
    pub object: Value,
}

impl Api {
    pub(super) const fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Sends a request with a JSON body. The media type of a patch is that of a strategic merge patch.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails.
    pub fn request(&self, method: &str, path: &str, body: &Value) -> io::Result<Response> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let media_type = match method {
            "PATCH" => "application/strategic-merge-patch+json",
            _ => "application/json",
        };
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        // The answer to HTTP/1.0 has no chunks, and ends with the connection.
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Response {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            object: serde_json::from_str(body).unwrap_or_default(),
        })
    }

    /// Gets an object. `None` if there is none, or no answer.
    pub fn get(&self, path: &str) -> Option<Value> {
        let response = self.request("GET", path, &Value::Null).ok()?;
        (response.status == 200).then_some(response.object)
    }

    /// Gets the items of a list; none if there is no answer.
    pub fn list(&self, path: &str) -> Option<Vec<Value>> {
        Some(self.get(path)?.get("items")?.as_array()?.clone())
    }
}

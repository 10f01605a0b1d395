//! A name server for one name.

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

/// Answers queries for a name on port 53 of a loopback address, until the process ends.
///
/// # Panics
///
/// If the process may not open the port, or another process has it.
pub(crate) fn serve(server: Ipv4Addr, name: &'static str, address: Ipv4Addr) {
    let socket = UdpSocket::bind(SocketAddrV4::new(server, 53)).unwrap();
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut query) {
            let _ = socket.send_to(&answer(&query[..length], name, address), client);
        }
    });
}

/// Returns the answer to a query: RFC 1035, section 4.1.
fn answer(query: &[u8], name: &str, address: Ipv4Addr) -> Vec<u8> {
    const HEADER: usize = 12;
    const TYPE_A: [u8; 2] = [0, 1];
    let labels = name
        .split('.')
        .map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat());
    let name = [labels.collect::<Vec<_>>().concat(), vec![0]].concat();
    let end = HEADER + name.len();
    let is_known = query.get(HEADER..end) == Some(&name);
    let is_ipv4 = query.get(end..end + 2) == Some(&TYPE_A);
    let count = u8::from(is_known && is_ipv4);
    // A response, with recursion, and NXDOMAIN for any other name.
    let flags = [0x81, if is_known { 0x80 } else { 0x83 }];
    let mut answer = [&query[..2], &flags, &[0, 1, 0, count, 0, 0, 0, 0]].concat();
    let question = query[HEADER..].iter().position(|byte| *byte == 0).unwrap() + 1 + 4;
    answer.extend_from_slice(&query[HEADER..HEADER + question]);
    if count == 1 {
        // The name of the question, type and class, a TTL of one minute, four bytes.
        answer.extend_from_slice(&[0xc0, HEADER as u8, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend_from_slice(&address.octets());
    }
    answer
}

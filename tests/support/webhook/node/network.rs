//! Network namespaces: one for the control plane, in which each address of a Service is local, and one for each Pod.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

/// The address of the API server in a network of its own.
pub(in super::super) const API_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 1);
/// The address of the node on the link of each Pod.
pub(super) const GATEWAY: &str = "169.254.1.1";

/// Moves the calling thread, and all processes and threads that it starts from now on, into a new network, in which
/// the addresses of Services (10.0.0.0/24) and of the API server are local.
///
/// # Panics
///
/// If the process is not root, or `ip` is missing.
pub(in super::super) fn enter_network() {
    // SAFETY: the call has no pointers. It changes the network of this thread, and no memory.
    #[allow(unsafe_code)]
    let result = unsafe { libc::unshare(libc::CLONE_NEWNET) };
    assert_eq!(
        result,
        0,
        "no network namespace, which needs root: {}",
        io::Error::last_os_error()
    );
    ip("link set lo up");
    ip("addr add 10.0.0.0/24 dev lo");
    ip(&format!("addr add {API_SERVER}/32 dev lo"));
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("a writable /proc");
}

/// Returns the address of a Pod.
pub(super) fn address(number: u32) -> String {
    format!("10.0.1.{number}")
}

/// Connects a Pod with the node: a link whose other end is `eth0` of the process.
pub(super) fn connect(process: u32, number: u32) {
    let address = address(number);
    // The link of a process that was killed may still exist, since the system removes its network later.
    let old = format!("link del pod{number}");
    let _ = command(&old).stderr(Stdio::null()).status();
    ip(&format!("link add pod{number} type veth peer name peer{number}"));
    ip(&format!("addr add {GATEWAY}/32 dev pod{number}"));
    ip(&format!("link set pod{number} up"));
    ip(&format!("route add {address}/32 dev pod{number}"));
    // The program starts with this, and the link is gone with it, which may be at once.
    ip(&format!("link set peer{number} netns {process} name eth0"));
}

/// Runs `ip`.
#[track_caller]
fn ip(arguments: &str) {
    let status = command(arguments).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}

/// Returns a command of `ip`, which is not in the path of every user.
fn command(arguments: &str) -> Command {
    let program = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"]
        .into_iter()
        .find(|path| Path::new(path).exists())
        .expect("the program ip (package iproute2)");
    let mut command = Command::new(program);
    command.args(arguments.split(' '));
    command
}

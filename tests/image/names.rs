//! Host names, which the program looks up in an image without the files and libraries of glibc.

use std::fs;
use std::net::Ipv4Addr;

use crate::image::Image;
use crate::name_server;
use crate::running::Running;

/// Returns the address on which a restricted container listens if it is given a host name.
fn address_of(image: &Image, options: &[&str], name: &str) -> String {
    let rules = tempfile::tempdir().unwrap();
    let path = rules.path().join("10.rules");
    fs::write(&path, "rules v1\n").unwrap();
    let mounted = format!("--volume={}:/10.rules:ro", path.display());
    let mut run = image.restricted(&[options, &[&mounted]].concat(), &[]);
    run.args([
        "serve",
        "--self-signed",
        "--rules=/10.rules",
        "--shutdown-delay=0",
    ]);
    run.args(["--log-format=json", "--http-listen=127.0.0.1:0"]);
    run.args([format!("--listen={name}:0")]);
    let container = Running::start(run);
    let address = container.0.address.ip().to_string();
    container.end();
    address
}

#[test]
fn host_name_of_the_hosts_file_is_looked_up() {
    let Some(image) = Image::built() else { return };
    let name = "hosts.imageswap.test";
    let options = [&*format!("--add-host={name}:127.0.0.7")];
    assert_eq!(address_of(image, &options, name), "127.0.0.7");
}

#[test]
fn host_name_is_looked_up_by_dns() {
    let Some(image) = Image::built() else { return };
    let name = "dns.imageswap.test";
    let server = Ipv4Addr::new(127, 53, 0, 1);
    name_server::serve(server, name, Ipv4Addr::new(127, 0, 0, 8));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resolv.conf");
    fs::write(&path, format!("nameserver {server}\n")).unwrap();
    let options = [&*format!("--volume={}:/etc/resolv.conf:ro", path.display())];
    assert_eq!(address_of(image, &options, name), "127.0.0.8");
}

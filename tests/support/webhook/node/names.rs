//! The names of Services inside Pods. Instead of the cluster DNS, `/etc/hosts` has a line for each Service, and
//! `/etc/nsswitch.conf` allows no other source. Both lead to a mounted directory, which follows the Services.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The files with the names of all Services.
pub(super) struct ServiceNames {
    directory: PathBuf,
    hosts: String,
}

impl ServiceNames {
    /// The files, which Pods have in `/etc`.
    pub(super) const FILES: [&str; 2] = ["hosts", "nsswitch.conf"];
    /// The path of the directory in a Pod.
    pub(super) const MOUNT: &str = "/run/names";

    /// Creates the directory.
    pub(super) fn create(directory: PathBuf) -> Self {
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("nsswitch.conf"), "hosts: files\n").unwrap();
        let mut names = Self {
            directory,
            hosts: String::new(),
        };
        names.write("127.0.0.1 localhost\n".to_owned());
        names
    }

    /// Returns the directory with the files [`Self::FILES`].
    pub(super) fn path(&self) -> &Path {
        &self.directory
    }

    /// Writes the names that the Services have now.
    pub(super) fn update(&mut self, services: &[Value]) {
        let mut hosts = "127.0.0.1 localhost\n".to_owned();
        for service in services {
            let text = |pointer: &str| service.pointer(pointer).and_then(Value::as_str);
            if let (Some(name), Some(namespace), Some(address)) = (
                text("/metadata/name"),
                text("/metadata/namespace"),
                text("/spec/clusterIP").filter(|address| *address != "None"),
            ) {
                let name = format!("{name}.{namespace}.svc");
                hosts.push_str(&format!("{address} {name} {name}.cluster.local\n"));
            }
        }
        if hosts != self.hosts {
            self.write(hosts);
        }
    }

    /// Replaces the file in one step, so that no program reads a part of it. A mounted file would stay
    /// the old one.
    fn write(&mut self, hosts: String) {
        let new = self.directory.join("hosts.new");
        fs::write(&new, &hosts).unwrap();
        fs::rename(new, self.directory.join("hosts")).unwrap();
        self.hosts = hosts;
    }
}

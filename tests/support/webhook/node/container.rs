//! A container as a process: with the user, the files, the variables and the arguments that the Pod says.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::api::Api;
use super::names::ServiceNames;
use super::network::{GATEWAY, address, connect};
use super::variables::variables;
use super::volumes::Mounted;

/// Waits for the network, mounts what the container has, and becomes its program.
const START: &str = r#"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1 address=$2 gateway=$3 user=$4 groups=$5 mounts=$6 programs=$7; shift 7
: > "$root.started"
until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
ip link set lo up; ip link set eth0 up
ip addr add "$address/32" dev eth0
ip route add "$gateway" dev eth0; ip route add default via "$gateway"
mount --bind "$root" "$root"
for directory in usr lib lib64 dev; do
    [ ! -d "/$directory" ] || { mkdir -p "$root/$directory"; mount --bind "/$directory" "$root/$directory"; }
done
printf '%s\n' "$mounts" | while IFS='|' read -r from to; do
    [ -z "$from" ] || mount --bind "$from" "$root$to"
done
mount -o remount,ro,bind "$root"
export PATH=/app
exec "$programs" --userspec="$user" --groups="$groups" "$root" "$@"
"#;

/// The files that all containers of a node have.
#[derive(Clone, Copy)]
pub(super) struct NodeFiles<'a> {
    /// The program of the image.
    pub(super) program: &'a Path,
    /// The directory with the names of Services.
    pub(super) names: &'a Path,
}

/// A running container.
pub(super) struct Container {
    child: Child,
    _root: TempDir,
    log: PathBuf,
}

impl Container {
    /// Starts a container of a Pod. `None` if an object of its variables is missing.
    pub(super) fn start(
        api: &Api,
        pod: &Value,
        container: &Value,
        node: NodeFiles<'_>,
        volumes: &[Mounted],
        number: u32,
        log: PathBuf,
    ) -> Option<Self> {
        let variables = variables(api, pod, container)?;
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        for name in ["app", "etc", ServiceNames::MOUNT.trim_start_matches('/')] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for file in ServiceNames::FILES {
            let source = Path::new(ServiceNames::MOUNT).join(file);
            symlink(source, root.join("etc").join(file)).unwrap();
        }
        fs::hard_link(node.program, root.join("app/imageswap"))
            .or_else(|_| fs::copy(node.program, root.join("app/imageswap")).map(drop))
            .unwrap();
        for name in ["gunicorn", "imageswap-init.py"] {
            symlink("imageswap", root.join("app").join(name)).unwrap();
        }
        let mut mounts = format!("{}|{}\n", node.names.display(), ServiceNames::MOUNT);
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            let path = mount["mountPath"].as_str().unwrap();
            let volume = volumes
                .iter()
                .find(|volume| Some(volume.name.as_str()) == mount["name"].as_str());
            fs::create_dir_all(root.join(path.trim_start_matches('/'))).unwrap();
            mounts.push_str(&format!("{}|{path}\n", volume.unwrap().path().display()));
        }
        let mut command = Command::new("/usr/bin/unshare");
        command
            .args(["--net", "--mount", "/bin/sh", "-ec", START, "start"])
            .arg(&root)
            .args([
                &address(number),
                GATEWAY,
                &user(pod, container),
                &groups(pod, container),
                &mounts,
                &chroot(),
            ])
            .args(words(container))
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(
                fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&log)
                    .unwrap(),
            );
        // The root of the container belongs to the test; only what is below it is the container's.
        fs::set_permissions(
            directory.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
        let child = command.spawn().expect("the program unshare (package util-linux)");
        let started = directory.path().join("root.started");
        crate::webhook::eventually("the network of the Pod", || started.exists());
        connect(child.id(), number);
        Some(Self {
            child,
            _root: directory,
            log,
        })
    }

    /// Returns true if the process has not ended.
    pub(super) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Returns true if the process has ended with exit status 0.
    pub(super) fn has_succeeded(&mut self) -> bool {
        let status = self.child.try_wait().unwrap();
        status.is_some_and(|status| status.success())
    }

    /// Sends a signal to the process, by its name without `SIG`.
    pub(super) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-s", signal, &id]).status();
    }

    /// Returns the end of its log, without the lines about reviews, since a load writes thousands.
    pub(super) fn log(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let is_of_a_review = |line: &&str| line.contains("\"message\":\"reviewed\"");
        let lines: Vec<&str> = text.lines().filter(|line| !is_of_a_review(line)).collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns user and group.
fn user(pod: &Value, container: &Value) -> String {
    let number = |field: &str| number(pod, container, field).unwrap_or(65532);
    format!("{}:{}", number("runAsUser"), number("runAsGroup"))
}

/// Returns the groups: its own, and that of the files of its volumes.
fn groups(pod: &Value, container: &Value) -> String {
    let own = number(pod, container, "runAsGroup").unwrap_or(65532);
    match number(pod, container, "fsGroup") {
        Some(group) => format!("{own},{group}"),
        None => own.to_string(),
    }
}

/// Returns a number of the security context of the container, else of the Pod.
fn number(pod: &Value, container: &Value, field: &str) -> Option<u64> {
    let own = container["securityContext"][field].as_u64();
    own.or_else(|| pod["spec"]["securityContext"][field].as_u64())
}

/// Returns the program and its arguments. A program without a path is one of the image.
fn words(container: &Value) -> Vec<String> {
    let list = |field: &str| -> Vec<String> {
        let words = container[field].as_array().into_iter().flatten();
        words.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let mut words = list("command");
    match words.first_mut() {
        None => words.push("/app/imageswap".to_owned()),
        Some(program) if !program.starts_with('/') => *program = format!("/app/{program}"),
        Some(_) => {}
    }
    words.extend(list("args"));
    words
}

fn chroot() -> String {
    let paths = ["/usr/sbin/chroot", "/usr/bin/chroot"];
    let path = paths.into_iter().find(|path| Path::new(path).exists());
    path.expect("the program chroot (package coreutils)").to_owned()
}

//! The words that rules and images are made of: few, so that they meet one another.

pub(super) const REGISTRIES: [&str; 12] = [
    "quay.io",
    "docker.io",
    "h.io",
    "gcr.io",
    "eu.gcr.io",
    "a.h.io",
    "h.io:5000",
    "localhost",
    "localhost:5000",
    "[::1]:5000",
    "Index.Docker.io:443",
    "Quay.IO:443",
];
/// Placeholders that a target may have.
pub(super) const TARGET_REGISTRIES: [&str; 8] = [
    "h.io",
    "quay.io",
    "a.h.io",
    "h.io:5000",
    "docker.io",
    "localhost",
    "H.io:443",
    "[::1]:5000",
];
pub(super) const OPEN_REGISTRIES: [&str; 9] = [
    "**",
    "*",
    "*.gcr.io",
    "*.io",
    "h.*",
    "quay.io:*",
    "*:5000",
    "*.h.io",
    "*.*",
];
pub(super) const SEGMENTS: [&str; 8] = ["a", "b", "library", "nginx", "acme", "a-b", "m", "x.y"];
pub(super) const OPEN_SEGMENTS: [&str; 6] = ["*", "**", "a*", "*b", "*-*", "n*x*"];
pub(super) const TAGS: [&str; 6] = ["1", "latest", "v1", "v1.2-p1", "V2", "a"];
pub(super) const OPEN_TAGS: [&str; 5] = ["*", "v*", "*.*", "lat*", "*1"];
pub(super) const SHA: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(super) const OTHER_SHA: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(super) const GLOBS: [&str; 16] = [
    "*",
    "nginx",
    "nginx:*",
    "*nginx*",
    "a/*",
    "*/*",
    "[a-n]*",
    "[!a-h]*/*:*",
    "docker.io/*",
    "*[*]*",
    "h.io/?/*",
    "*:5000/*",
    "*@*",
    "quay.io/[]a]/*",
    "*.io/a*",
    "??*",
];
pub(super) const PLACEHOLDERS: [&str; 11] = [
    "{path}",
    "{name}",
    "{1}",
    "{2}",
    "{domain}",
    "{host}",
    "{port}",
    "{tag}",
    "{digest}",
    "{written}",
    "{3}",
];
pub(super) const CONDITIONS: [&str; 26] = [
    "namespace prod-*",
    "namespace prod-eu",
    "namespace dev-a, prod-eu",
    "namespace *-a",
    "label team",
    "label team=pay*, core",
    "label team=",
    "label team=core",
    "annotation example.com/swap=off",
    "annotation example.com/swap",
    "owner Cluster",
    "owner Cluster.postgresql.*",
    "owner *.apps, Job",
    "owner *.*",
    "container istio-*",
    "container main",
    "place main, init",
    "place volume",
    "place s*",
    "kind Pod",
    "kind *Job",
    "operation create",
    "operation update",
    "user system:*",
    "hook canary",
    "unqualified",
];
/// Constants, which are defined before the first rule and used instead of their values.
pub(super) const CONSTANTS: [(&str, &str); 5] = [
    ("hub", "h.io"),
    ("deep", "a/b"),
    ("star", "*"),
    ("ns", "prod-*"),
    ("slash", "acme/"),
];

#[cfg(test)]
mod tests {
    use imageswap_engine::context::Subject;

    use super::CONDITIONS;

    #[test]
    fn each_word_of_a_condition_is_generated() {
        for word in Subject::words() {
            let is_generated = CONDITIONS
                .iter()
                .any(|condition| condition.split(' ').next() == Some(word));
            assert!(is_generated, "{word}");
        }
    }
}

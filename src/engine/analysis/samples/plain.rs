//! Sample images without a pattern: below a registry or a prefix, with a text in them, and of registries that nothing
//! names.

use crate::reference::{DOCKER_HUB, OFFICIAL};

/// Image with a registry, for conditions that do not read the image.
pub(crate) const QUALIFIED: &str = "registry.example.org/app";

/// Images without a registry.
const UNQUALIFIED: [&str; 2] = ["nginx:1.25", "bitnami/redis:7"];
/// Repositories, the plainest first.
const REPOSITORIES: [&str; 4] = ["team/app:1.25", "app:1.25", "app", "a/b/c"];
/// Texts that match a glob, the plainest first.
const TEXTS_OF_GLOBS: [&str; 9] = [
    "",
    "nginx",
    "team",
    "1.25",
    "team/app",
    "1",
    "nginx:1.25",
    "quay.io/team/app",
    "5000/a/b",
];
const DIGEST: &str = "@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";

/// Returns images without a registry.
#[must_use]
pub fn unqualified() -> [String; 2] {
    UNQUALIFIED.map(str::to_owned)
}

/// Returns images that name Docker Hub.
#[must_use]
pub fn of_hub() -> [String; 2] {
    let [official, other] = UNQUALIFIED;
    [other, official].map(|image| format!("{DOCKER_HUB}/{image}"))
}

/// Returns an image of Docker Hub itself without its registry, with a tag and without.
#[must_use]
pub fn official() -> [String; 2] {
    ["nginx:1.25", "nginx"].map(str::to_owned)
}

/// Returns images of Docker Hub itself that name its path, but not its registry.
#[must_use]
pub fn with_library() -> [String; 3] {
    ["nginx:1.25", "nginx", "a/b"].map(|rest| format!("{OFFICIAL}{rest}"))
}

/// Returns images of all registries, those without one first.
#[must_use]
pub fn everywhere() -> [String; 3] {
    let [official, other] = unqualified();
    [official, other, app_at("registry.example.org")]
}

/// Returns images of registries that nothing names, and images without a registry.
#[must_use]
pub fn of_others() -> [String; 5] {
    let [official, other] = UNQUALIFIED;
    [
        "registry.example.org/team/app:1.25",
        "registry.k8s.io/pause:3.10",
        official,
        other,
        "registry.example.org/team/app",
    ]
    .map(str::to_owned)
}

/// Returns images of a registry, the plainest first.
#[must_use]
pub fn of_registry(registry: &str) -> Vec<String> {
    let mut samples = Vec::new();
    if registry == DOCKER_HUB {
        samples.extend(unqualified());
        samples.push(format!("{DOCKER_HUB}/nginx:1.25"));
    }
    samples.extend(REPOSITORIES.map(|repository| format!("{registry}/{repository}")));
    samples
}

/// Returns images below a prefix, which ends in `/`, the plainest first.
#[must_use]
pub fn below(prefix: &str) -> [String; 3] {
    let [plain, short, untagged, _] = REPOSITORIES;
    [plain, short, untagged].map(|repository| format!("{prefix}{repository}"))
}

/// Returns an image of a registry.
#[must_use]
pub fn app_at(registry: &str) -> String {
    format!("{registry}/team/app:1.25")
}

/// Returns an image of a registry in a path.
#[must_use]
pub fn in_path(registry: &str, path: &str) -> String {
    format!("{registry}/{path}/app:1.25")
}

/// Returns an image of another registry, mirrored below a prefix.
#[must_use]
pub fn mirrored_below(prefix: &str) -> String {
    format!("{prefix}quay.io/app:1.25")
}

/// Returns images that begin with the prefix of the LEGACY mode, or contain it.
#[must_use]
pub fn of_prefix(prefix: &str) -> [String; 4] {
    [
        format!("{}/app:1.25", prefix.trim_end_matches(['/', '-'])),
        format!("{prefix}app:1.25"),
        format!("registry.example.org/{prefix}app:1.25"),
        format!("registry.example.org/x/{prefix}/app:1.25"),
    ]
}

/// Returns images that contain a text, in each of their parts.
#[must_use]
pub fn containing(text: &str) -> [String; 8] {
    [
        format!("{text}/team/app:1.25"),
        format!("registry.example.org/{text}/app:1.25"),
        format!("registry.example.org/team/{text}:1.25"),
        format!("{text}.example.org/team/app:1.25"),
        format!("x{text}x/app:1.25"),
        format!("registry.example.org/x{text}x"),
        format!("registry.example.org/app:{text}"),
        format!("registry.example.org{text}"),
    ]
}

/// Returns an image with a tag, and without one.
#[must_use]
pub fn tagged(image: String) -> [String; 2] {
    let with_tag = format!("{image}:1.25");
    [image, with_tag]
}

/// Returns images that a glob matches, the plainest first. The function fills the wildcards of a glob with a text.
#[must_use]
pub fn of_glob(glob: &str, fill: impl Fn(&str, &str) -> String) -> Vec<String> {
    let pinned = glob.replace("@sha256:*", DIGEST);
    let filled = TEXTS_OF_GLOBS.map(|text| fill(&pinned, text));
    let tagged = filled.iter().map(|image| format!("{image}:1.25"));
    tagged.chain(filled.iter().cloned()).collect()
}

/// Returns images below a prefix of `home`.
pub(crate) fn at_home(prefix: &str) -> [String; 3] {
    ["app:1.25", "team/app", "library/nginx:1.25"].map(|rest| format!("{prefix}{rest}"))
}

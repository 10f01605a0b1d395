//! Texts that fill wildcards.

use crate::reference::DOCKER_HUB;
use crate::rules::pattern::PatternParts;

/// Texts for a `*`, the empty one included.
pub(crate) const TEXTS: [&str; 4] = ["a", "", "b-1", "x.2"];

/// One way to fill a pattern.
pub(super) struct Filling {
    /// Text for a registry that is a wildcard.
    registry: &'static str,
    /// Text for a wildcard in a registry.
    host: &'static str,
    port: &'static str,
    /// Segments for a `**`, possibly none.
    segments: &'static str,
    /// Index in [`TEXTS`] for the first `*` of a segment, and the step to the index for the next one.
    text: (usize, usize),
    /// Path for a trailing `/`.
    below: &'static str,
}

pub(super) const FILLINGS: [Filling; 6] = [
    Filling {
        registry: "registry.example.com",
        host: "eu",
        port: "5000",
        segments: "team/app",
        text: (0, 0),
        below: "app",
    },
    Filling {
        registry: DOCKER_HUB,
        host: "",
        port: "8443",
        segments: "",
        text: (1, 1),
        below: "team/app",
    },
    Filling {
        registry: "quay.io",
        host: "eu.west",
        port: "5000",
        segments: "app",
        text: (0, 1),
        below: "library/nginx",
    },
    Filling {
        registry: "localhost:5000",
        host: "eu-west-1",
        port: "50",
        segments: "library/nginx",
        text: (2, 0),
        below: "a/b/c-d",
    },
    Filling {
        registry: "gcr.io",
        host: "a",
        port: "1",
        segments: "a",
        text: (3, 2),
        below: "x.y",
    },
    Filling {
        registry: "ghcr.io",
        host: "a",
        port: "443",
        segments: "",
        text: (1, 0),
        below: "nginx",
    },
];

impl Filling {
    /// Returns a canonical name of the pattern.
    pub(super) fn name(&self, parts: &PatternParts) -> String {
        let mut name = String::new();
        let mut stars = 0;
        for (number, segment) in parts.name.split('/').enumerate() {
            let text = match (segment, number) {
                ("**", 0) if self.segments.is_empty() => self.registry.to_owned(),
                ("**", 0) => format!("{}/{}", self.registry, self.segments),
                ("**", _) => self.segments.to_owned(),
                ("*", 0) => self.registry.to_owned(),
                (_, 0) => segment
                    .replace(":*", &format!(":{}", self.port))
                    .replace('*', self.host),
                _ => self.segment(segment, &mut stars),
            };
            if !text.is_empty() {
                name.extend((number > 0).then_some('/'));
                name.push_str(&text);
            }
        }
        if parts.below || !name.contains('/') {
            name.push('/');
            name.push_str(self.below);
        }
        name
    }

    fn segment(&self, segment: &str, stars: &mut usize) -> String {
        let (first, step) = self.text;
        let mut filled = String::new();
        for (number, piece) in segment.split('*').enumerate() {
            if number > 0 {
                let place = (first + *stars * step) % TEXTS.len();
                filled.push_str(TEXTS.get(place).copied().unwrap_or_default());
                *stars += 1;
            }
            filled.push_str(piece);
        }
        // A segment of a name is never empty.
        if filled.is_empty() { "a".to_owned() } else { filled }
    }
}

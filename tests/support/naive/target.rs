//! Targets, their results, and their own images.

use imageswap_engine::reference::Reference;

use super::image::{Image, compared};
use super::split::{Split, split};

/// A target after the expansion of its constants.
#[derive(Clone, Debug)]
pub(super) struct Target {
    registry: String,
    path: Vec<String>,
    below: bool,
    tag: Option<String>,
    digest: Option<String>,
    /// Source of each capture of the pattern.
    kinds: Vec<Kind>,
}

/// The source of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Registry,
    /// A `**`; in first place it has the registry.
    Segments {
        first: bool,
    },
    Written,
    Other,
}

/// A piece of a template.
#[derive(Debug)]
enum Piece {
    Literal(char),
    Placeholder(String),
}

fn pieces(template: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(character) = rest.chars().next() {
        if character == '{' {
            let end = rest.find('}').unwrap();
            pieces.push(Piece::Placeholder(rest[1..end].to_owned()));
            rest = &rest[end + 1..];
        } else {
            pieces.push(Piece::Literal(character));
            rest = &rest[character.len_utf8()..];
        }
    }
    pieces
}

fn is_all_placeholders(template: &str) -> bool {
    pieces(template)
        .iter()
        .all(|piece| matches!(piece, Piece::Placeholder(_)))
}

impl Target {
    pub(super) fn read(text: &str, kinds: Vec<Kind>) -> Self {
        let Split {
            segments,
            below,
            tag,
            digest,
        } = split(text);
        let (registry, path) = segments.split_first().unwrap();
        Self {
            registry: if registry.contains('{') {
                // The braces hold numbers.
                registry.to_lowercase()
            } else {
                compared(registry)
            },
            path: path.to_vec(),
            below,
            tag,
            digest,
            kinds,
        }
    }

    /// Returns its registry; `None` if it has a capture.
    pub(super) fn one_registry(&self) -> Option<&str> {
        (!self.registry.contains('{')).then_some(&*self.registry)
    }

    /// Returns the result; `None` if it is not a valid image of the registry that the target names.
    pub(super) fn result(&self, image: &Image, taken: &[String]) -> Option<String> {
        let registry = self.filled(&self.registry, image, taken, true);
        let mut path = Vec::new();
        for template in &self.path {
            let segment = self.filled(template, image, taken, false);
            if !(segment.is_empty() && is_all_placeholders(template)) {
                path.push(segment);
            }
        }
        if self.below {
            path.push(taken.last().unwrap().clone());
        }
        let mut path = path.join("/");
        if registry == "docker.io" && !path.contains('/') {
            path = format!("library/{path}");
        }
        // The text of a capture is part of the name, and not a tag or a digest.
        if path.contains([':', '@']) {
            return None;
        }
        let part = |template: &Option<String>| {
            let template = template.as_ref()?;
            let text = self.filled(template, image, taken, false);
            (!(text.is_empty() && is_all_placeholders(template))).then_some(text)
        };
        let (tag, digest) = if self.tag.is_some() || self.digest.is_some() {
            (part(&self.tag), part(&self.digest))
        } else {
            (image.tag.clone(), image.digest.clone())
        };
        let mut result = format!("{registry}/{path}");
        if let Some(tag) = &tag {
            result += &format!(":{tag}");
        }
        if let Some(digest) = &digest {
            result += &format!("@{digest}");
        }
        let reference = Reference::parse(&result).ok()?;
        let is_right = reference.domain == Some(&registry)
            && reference.tag == tag.as_deref()
            && reference.digest == digest.as_deref()
            && !(self.registry.contains('{') && compared(&registry) == "docker.io");
        is_right.then_some(result)
    }

    fn filled(&self, template: &str, image: &Image, taken: &[String], in_registry: bool) -> String {
        let mut text = String::new();
        for piece in pieces(template) {
            match piece {
                Piece::Literal(character) => text.push(character),
                Piece::Placeholder(name) => text += &self.value(&name, image, taken, in_registry),
            }
        }
        text
    }

    fn value(&self, name: &str, image: &Image, taken: &[String], in_registry: bool) -> String {
        // The colons of an IPv6 address in brackets begin no port.
        let (host, port) = match image.registry.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (&*image.registry, ""),
        };
        match name {
            "domain" => image.registry.replace(':', "_"),
            "host" => host.to_owned(),
            "port" => port.to_owned(),
            "path" => image.path.join("/"),
            "name" => image.path.last().unwrap().clone(),
            "tag" => image.tag.clone().unwrap_or_default(),
            "digest" => image.digest.clone().unwrap_or_default(),
            "written" => image.written.clone(),
            number => {
                let number = number.parse::<usize>().unwrap() - 1;
                match self.kinds[number] {
                    Kind::Registry | Kind::Segments { first: true } if !in_registry => {
                        taken[number].replace(':', "_")
                    }
                    _ => taken[number].clone(),
                }
            }
        }
    }

    /// Returns true if an image is one of the target's own images.
    pub(super) fn has_shape_of(&self, image: &Image) -> bool {
        if !self.fits(&self.registry, &image.registry) {
            return false;
        }
        let path: Vec<&str> = image.path.iter().map(String::as_str).collect();
        // On Docker Hub, a result of one segment gets `library/`.
        let is_completed = self.registry == "docker.io" && path.len() == 2 && path[0] == "library";
        if !(self.fits_path(&self.path, &path) || is_completed && self.fits_path(&self.path, &path[1..])) {
            return false;
        }
        if self.tag.is_none() && self.digest.is_none() {
            return true;
        }
        self.fits_part(self.tag.as_deref(), image.tag.as_deref())
            && self.fits_part(self.digest.as_deref(), image.digest.as_deref())
    }

    fn fits_part(&self, template: Option<&str>, given: Option<&str>) -> bool {
        match (template, given) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(template), None) => self.may_be_missing(template),
            (Some(template), Some(given)) => self.fits(template, given),
        }
    }

    fn fits_path(&self, templates: &[String], path: &[&str]) -> bool {
        let Some((template, behind)) = templates.split_first() else {
            return self.below != path.is_empty();
        };
        if self.may_be_missing(template) && self.fits_path(behind, path) {
            return true;
        }
        // A template may match several segments.
        (1..=path.len()).any(|length| {
            let (own, rest) = path.split_at(length);
            let is_alone = template == "{path}" || template == "{written}";
            (is_alone || self.fits(template, &own.join("/"))) && self.fits_path(behind, rest)
        })
    }

    /// Returns true if a template can produce a text.
    fn fits(&self, template: &str, text: &str) -> bool {
        self.fits_pieces(&pieces(template), text)
    }

    fn fits_pieces(&self, pieces: &[Piece], text: &str) -> bool {
        match pieces.split_first() {
            None => text.is_empty(),
            Some((Piece::Literal(character), behind)) => text
                .strip_prefix(*character)
                .is_some_and(|rest| self.fits_pieces(behind, rest)),
            Some((Piece::Placeholder(name), behind)) => text
                .char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .take_while(|at| self.is_any_text(name) || !text[..*at].contains('/'))
                .any(|at| self.fits_pieces(behind, &text[at..])),
        }
    }

    /// Returns true if a placeholder can be any text, including `/`.
    fn is_any_text(&self, name: &str) -> bool {
        match self.kind(name) {
            Some(kind) => matches!(kind, Kind::Segments { .. } | Kind::Written),
            None => name == "path" || name == "written",
        }
    }

    fn may_be_missing(&self, template: &str) -> bool {
        pieces(template).iter().all(|piece| match piece {
            Piece::Literal(_) => false,
            Piece::Placeholder(name) => {
                self.kind(name).is_some() || matches!(name.as_str(), "port" | "tag" | "digest")
            }
        })
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        let number = name.parse::<usize>().ok()?;
        Some(self.kinds[number - 1])
    }
}

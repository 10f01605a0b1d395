//! Images in fields of custom resources, which only their users know.

use std::fmt;
use std::str::FromStr;

use imageswap_engine::reference::Reference;
use serde_json::Value;

/// A field with an image: `KIND.GROUP:PATH`, or `:PATH` for every kind. A path is that of `kubectl`:
/// `.spec.imageName`, `.spec.containers[*].image`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageField {
    kind: Option<ObjectKind>,
    path: Vec<FieldStep>,
}

/// Kind and API group of an object, written `KIND.GROUP`; the core group has no name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKind {
    kind: String,
    group: String,
}

/// An image in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldImage {
    /// The image string of the object.
    pub image: String,
    /// The path of its field in this object: `.spec.containers[0].image`.
    pub path: String,
}

/// The error of a text that is not an [`ImageField`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidImageField {
    /// There is no `:`.
    NoColon,
    /// The kind is empty, or its group is.
    Kind,
    /// The path does not begin with `.`, or a name in it is empty.
    Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FieldStep {
    /// The value of a key: `.spec`.
    Key(String),
    /// Each item of a list: `[*]`.
    Items,
}

impl ImageField {
    /// Returns the images in this field of an object. Values that are not strings, and empty ones, are left out.
    #[must_use]
    pub fn images(&self, object: &Value) -> Vec<FieldImage> {
        let is_for_it = self
            .kind
            .as_ref()
            .is_none_or(|kind| *kind == ObjectKind::new(object));
        let mut found = Vec::new();
        if is_for_it {
            collect(object, &self.path, String::new(), &mut found);
        }
        found
    }
}

fn collect(value: &Value, steps: &[FieldStep], path: String, found: &mut Vec<FieldImage>) {
    let Some((step, rest)) = steps.split_first() else {
        if let Some(image) = value.as_str().filter(|image| !image.is_empty()) {
            found.push(FieldImage {
                image: image.to_owned(),
                path,
            });
        }
        return;
    };
    match (step, value) {
        (FieldStep::Key(key), Value::Object(fields)) => {
            if let Some(value) = fields.get(key) {
                collect(value, rest, format!("{path}.{key}"), found);
            }
        }
        (FieldStep::Items, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, rest, format!("{path}[{index}]"), found);
            }
        }
        (FieldStep::Key(_) | FieldStep::Items, _) => {}
    }
}

/// Returns the first field of a custom resource that looks like an image: `image`, `imageName` or `sidecarImage` with
/// the text of one. The `metadata` has none, and the `status` repeats others.
///
/// Kinds of Kubernetes itself have images in Pods only.
#[must_use]
pub fn likely_image_field(object: &Value) -> Option<ImageField> {
    let kind = ObjectKind::new(object);
    let is_custom = kind.group.contains('.') && !kind.group.ends_with(".k8s.io");
    let fields = object.as_object().filter(|_| is_custom)?;
    let mut path = Vec::new();
    let is_found = fields
        .iter()
        .filter(|(key, _)| !["metadata", "status"].contains(&key.as_str()))
        .any(|(key, value)| find(key, value, &mut path));
    is_found.then_some(ImageField {
        kind: Some(kind),
        path,
    })
}

/// Extends the path to the first field below a key that looks like an image; returns false if there is none.
fn find(key: &str, value: &Value, path: &mut Vec<FieldStep>) -> bool {
    let is_named = key == "image" || key == "imageName" || key.ends_with("Image");
    if !is_name(key) {
        return false;
    }
    path.push(FieldStep::Key(key.to_owned()));
    let length = path.len();
    let is_found = match value {
        Value::String(text) => is_named && Reference::parse(text).is_ok(),
        Value::Object(fields) => fields.iter().any(|(key, value)| find(key, value, path)),
        Value::Array(items) => {
            path.push(FieldStep::Items);
            let mut fields = items.iter().filter_map(Value::as_object).flatten();
            fields.any(|(key, value)| find(key, value, path))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    };
    if !is_found {
        path.truncate(length - 1);
    }
    is_found
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(['.', '[', ']'])
}

impl ObjectKind {
    /// Returns the kind of an object.
    #[must_use]
    pub fn new(object: &Value) -> Self {
        let version = object["apiVersion"].as_str().unwrap_or_default();
        let (group, _) = version.split_once('/').unwrap_or(("", version));
        Self {
            kind: object["kind"].as_str().unwrap_or_default().to_owned(),
            group: group.to_owned(),
        }
    }
}

impl FromStr for ImageField {
    type Err = InvalidImageField;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, path) = text.split_once(':').ok_or(InvalidImageField::NoColon)?;
        let kind = match kind {
            "" => None,
            kind => Some(kind.parse()?),
        };
        let names = path.strip_prefix('.').ok_or(InvalidImageField::Path)?;
        let mut steps = Vec::new();
        for name in names.split('.') {
            let key = name.trim_end_matches("[*]");
            if !is_name(key) {
                return Err(InvalidImageField::Path);
            }
            steps.push(FieldStep::Key(key.to_owned()));
            steps.extend(name[key.len()..].split_terminator(']').map(|_| FieldStep::Items));
        }
        Ok(Self { kind, path: steps })
    }
}

impl FromStr for ObjectKind {
    type Err = InvalidImageField;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, group) = match text.split_once('.') {
            Some((_, "")) => return Err(InvalidImageField::Kind),
            Some(parts) => parts,
            None => (text, ""),
        };
        if kind.is_empty() {
            return Err(InvalidImageField::Kind);
        }
        Ok(Self {
            kind: kind.to_owned(),
            group: group.to_owned(),
        })
    }
}

impl fmt::Display for ImageField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = &self.kind {
            kind.fmt(f)?;
        }
        f.write_str(":")?;
        self.path.iter().try_for_each(|step| match step {
            FieldStep::Key(key) => write!(f, ".{key}"),
            FieldStep::Items => f.write_str("[*]"),
        })
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        match self.group.as_str() {
            "" => Ok(()),
            group => write!(f, ".{group}"),
        }
    }
}

impl fmt::Display for InvalidImageField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoColon => "expected KIND.GROUP:PATH, or :PATH for every kind",
            Self::Kind => "expected a kind before the `:`, such as `Cluster.postgresql.cnpg.io`",
            Self::Path => "expected a path after the `:`, such as `.spec.containers[*].image`",
        })
    }
}

impl std::error::Error for InvalidImageField {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn images(field: &str, object: &Value) -> Vec<String> {
        let field: ImageField = field.parse().unwrap();
        let found = field.images(object).into_iter();
        found
            .map(|found| format!("{} {}", found.path, found.image))
            .collect()
    }

    #[test]
    fn field_is_written_as_it_is_parsed() {
        for text in [
            "Cluster.postgresql.cnpg.io:.spec.imageName",
            ":.spec.containers[*].image",
            "ConfigMap:.data.image",
            ":.a[*][*]",
        ] {
            assert_eq!(text.parse::<ImageField>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn invalid_field_is_rejected() {
        for (text, error) in [
            ("", InvalidImageField::NoColon),
            ("Cluster", InvalidImageField::NoColon),
            (".a:.b", InvalidImageField::Kind),
            ("Cluster.:.b", InvalidImageField::Kind),
            (":", InvalidImageField::Path),
            (":spec", InvalidImageField::Path),
            (":.", InvalidImageField::Path),
            (":.a..b", InvalidImageField::Path),
            (":.a[0]", InvalidImageField::Path),
            (":.[*]", InvalidImageField::Path),
            (":.a[*]b", InvalidImageField::Path),
        ] {
            assert_eq!(text.parse::<ImageField>(), Err(error), "{text}");
        }
    }

    #[test]
    fn images_of_a_field_have_their_own_paths() {
        let object = json!({
            "apiVersion": "example.com/v1", "kind": "Fleet",
            "spec": {"image": "a", "empty": "", "count": 1, "jobs": [{"image": "b"}, {}, {"image": "c"}]}
        });
        assert_eq!(
            images("Fleet.example.com:.spec.image", &object),
            [".spec.image a"]
        );
        assert_eq!(
            images(":.spec.jobs[*].image", &object),
            [".spec.jobs[0].image b", ".spec.jobs[2].image c"]
        );
        for none in [
            "Fleet:.spec.image",
            ":.spec.empty",
            ":.spec.count",
            ":.spec.jobs",
            ":.spec.image.x",
            ":.spec[*]",
        ] {
            assert_eq!(images(none, &object), Vec::<String>::new(), "{none}");
        }
    }

    #[test]
    fn likely_field_is_the_first_text_with_the_name_of_an_image() {
        let of = |group: &str, spec: Value| {
            let object = json!({
                "apiVersion": format!("{group}/v1"), "kind": "Fleet", "metadata": {"image": "no"}, "spec": spec,
                "status": {"image": "no"}
            });
            let field = likely_image_field(&object);
            let field = field.map(|field| {
                assert_eq!(field.images(&object).len(), 1);
                field.to_string()
            });
            field.unwrap_or_default()
        };
        let nested = json!({"items": [{"other": [1]}, {"sidecarImage": "quay.io/a/b:1"}]});
        assert_eq!(
            of("example.com", nested.clone()),
            "Fleet.example.com:.spec.items[*].sidecarImage"
        );
        assert_eq!(
            of("a.x-k8s.io", json!({"imageName": "a"})),
            "Fleet.a.x-k8s.io:.spec.imageName"
        );
        for (group, spec) in [
            ("apps", nested.clone()),
            ("networking.k8s.io", nested),
            (
                "example.com",
                json!({"image": {"repository": "a"}, "a.b": {"image": "a"}}),
            ),
            ("example.com", json!({"image": "not an image", "reimage": "a"})),
        ] {
            assert_eq!(of(group, spec.clone()), "", "{group} {spec}");
        }
    }
}

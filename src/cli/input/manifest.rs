//! Manifests: their objects, the fields that a user names, and the kinds that the webhook does not evaluate.

use std::collections::BTreeMap;
use std::path::Path;

use imageswap_engine::admission::images_of;
use imageswap_files::{
    FieldImage, ImageField, MAX_INPUT, ObjectKind, display_name, likely_image_field, objects, read_once,
};
use serde_json::Value;

use crate::cli::error::CommandError;
use crate::findings::counted;

/// Reads the objects of a file, or of stdin.
pub(crate) fn read_objects(file: &Path) -> Result<Vec<Value>, CommandError> {
    let text = read_once(file, MAX_INPUT)?;
    objects(&text).map_err(|error| CommandError::Yaml {
        file: display_name(file),
        error,
    })
}

/// Fields that a user names, for all objects of a command.
pub(crate) struct NamedFields<'f> {
    fields: Vec<(&'f ImageField, bool)>,
    skipped: BTreeMap<ObjectKind, SkippedKind>,
}

/// Kind that the webhook does not evaluate.
struct SkippedKind {
    objects: usize,
    /// First field that looks like an image.
    likely: ImageField,
}

impl<'f> NamedFields<'f> {
    pub(crate) fn new(fields: &'f [ImageField]) -> Self {
        Self {
            fields: fields.iter().map(|field| (field, false)).collect(),
            skipped: BTreeMap::new(),
        }
    }

    /// Returns the images in the named fields of an object. If none is named and the object has none that the webhook
    /// reads, the kind is reported.
    pub(crate) fn images(&mut self, object: &Value) -> Vec<FieldImage> {
        let mut found = Vec::new();
        for (field, is_used) in &mut self.fields {
            let images = field.images(object);
            *is_used |= !images.is_empty();
            found.extend(images);
        }
        if found.is_empty()
            && let Some(likely) = likely_image_field(object)
            && !has_pod_images(object)
        {
            let kind = self.skipped.entry(ObjectKind::new(object));
            kind.or_insert(SkippedKind { objects: 0, likely }).objects += 1;
        }
        found
    }

    /// Returns a notice for each kind that was skipped, and for each field that no object has.
    pub(crate) fn notices(&self) -> Vec<String> {
        let skipped = self.skipped.iter().map(|(kind, skipped)| {
            format!(
                "{kind} is skipped ({}), because the webhook does not evaluate this kind; if it has an image, name the \
                 field: --image-field '{}'",
                counted(skipped.objects, "object"),
                skipped.likely
            )
        });
        let unused = self.fields.iter().filter(|(_, is_used)| !is_used);
        let unused = unused.map(|(field, _)| format!("no object has an image in --image-field '{field}'"));
        skipped.chain(unused).collect()
    }
}

/// Returns true if the object has images that the webhook reads, even if it skips the object for its label.
fn has_pod_images(object: &Value) -> bool {
    images_of(&object.to_string()).is_ok_and(|images| !images.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn skipped_kind_is_reported_once_with_the_field_to_name() {
        let object = json!({"apiVersion": "a.example.com/v1", "kind": "Fleet", "spec": {"image": "nginx"}});
        let mut none = NamedFields::new(&[]);
        assert_eq!(none.images(&object), []);
        assert_eq!(none.images(&object), []);
        let notices = none.notices();
        assert_eq!(notices.len(), 1);
        assert!(
            notices[0].starts_with("Fleet.a.example.com is skipped (2 objects)")
                && notices[0].ends_with("--image-field 'Fleet.a.example.com:.spec.image'"),
            "{notices:?}"
        );
        let fields = ["Fleet.a.example.com:.spec.image", ":.spec.imageName"];
        let fields = fields.map(|field| field.parse().unwrap());
        let mut named = NamedFields::new(&fields);
        assert_eq!(named.images(&object).len(), 1);
        assert_eq!(
            named.notices(),
            ["no object has an image in --image-field ':.spec.imageName'"]
        );
    }

    #[test]
    fn kind_with_a_pod_template_is_not_reported_if_the_object_is_skipped() {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"labels": {"k8s.twr.io/imageswap": "disabled"}},
            "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "nginx"}]}}},
        });
        let mut none = NamedFields::new(&[]);
        assert_eq!(none.images(&object), []);
        assert!(none.notices().is_empty());
    }
}

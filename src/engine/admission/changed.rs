//! The images that an UPDATE changes. The webhook evaluates only those, so that an edit of a label never restarts a
//! container.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::pod::{ImageField, ImageList, Pod};

/// The images of the old object.
pub(super) struct OldImages<'p, 'r, 'a> {
    old: &'p Pod<'r, 'a>,
    // Built only if a container has moved, because most updates change no container.
    by_name: OnceCell<HashMap<(ImageList, &'r str), &'r str>>,
}

impl<'p, 'r, 'a> OldImages<'p, 'r, 'a> {
    pub(super) fn new(old: &'p Pod<'r, 'a>) -> Self {
        Self {
            old,
            by_name: OnceCell::new(),
        }
    }

    /// Returns true if the container of this name in the same list had the same image.
    ///
    /// Containers rarely move, so it tries the same index first, and builds a map of names only if one has moved.
    pub(super) fn has(&self, field: &ImageField<'_, '_>) -> bool {
        let ImageField {
            pointer,
            container,
            image,
            ..
        } = *field;
        let image = image.map(AsRef::as_ref);
        match self.old.image_at(pointer.list, pointer.index) {
            Some(old) if old.container == container => old.image.map(AsRef::as_ref) == image,
            _ => match (container, image) {
                // Kubernetes requires unique names within a list, so the name identifies the container.
                (Some(name), Some(image)) => self.named().get(&(pointer.list, name.as_ref())) == Some(&image),
                _ => false,
            },
        }
    }

    fn named(&self) -> &HashMap<(ImageList, &'r str), &'r str> {
        self.by_name.get_or_init(|| {
            let images = self.old.images();
            images
                .filter_map(|old| Some(((old.pointer.list, old.container?.as_ref()), old.image?.as_ref())))
                .collect()
        })
    }
}

//! The images that an UPDATE changes. The webhook evaluates only those, so that an edit of a label never restarts a
//! container.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::pod::{ImageField, ImageList, JsonPointer, Pod};

/// The images of the old object.
pub(super) struct OldImages<'p, 'r, 'a> {
    old: &'p Pod<'r, 'a>,
    // Built only if a container has moved or changed, because most updates change no container.
    all: OnceCell<HashSet<OldImage<'r>>>,
}

/// An image in the container of a name in a list. The API server rejects repeated and missing names only after it has
/// called webhooks, so they are possible.
type OldImage<'r> = (ImageList, Option<&'r str>, &'r str);

impl<'p, 'r, 'a> OldImages<'p, 'r, 'a> {
    pub(super) fn new(old: &'p Pod<'r, 'a>) -> Self {
        Self {
            old,
            all: OnceCell::new(),
        }
    }

    /// Returns true if a container of this name in the same list had the same image.
    ///
    /// Containers rarely move, so it tries the same index first, and collects all images only if one has moved.
    pub(super) fn has(&self, field: &ImageField<'_, '_>) -> bool {
        let (Some(image), JsonPointer { list, index, .. }) = (field.image, field.pointer) else {
            return false;
        };
        let at_same_place = self.old.image_at(list, index);
        if at_same_place.is_some_and(|old| old.container == field.container && old.image == Some(image)) {
            return true;
        }
        let name = field.container.map(AsRef::as_ref);
        self.all().contains(&(list, name, image.as_ref()))
    }

    fn all(&self) -> &HashSet<OldImage<'r>> {
        self.all.get_or_init(|| {
            let images = self.old.images();
            let names = |old: ImageField<'r, 'a>| {
                let name = old.container.map(AsRef::as_ref);
                Some((old.pointer.list, name, old.image?.as_ref()))
            };
            images.filter_map(names).collect()
        })
    }
}

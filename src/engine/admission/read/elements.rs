//! Lists of a Pod, without the elements that make no difference.
//!
//! A body of 8 MiB has room for four million elements such as `0`, and each would take 56 bytes.

use super::json::{Fields, Json, Malformed};

/// Maximum number of elements of a list without an image that are kept, for `imageswap explain`.
const MAX_WITHOUT_IMAGE: usize = 1000;

/// An element of a list that can have an image.
pub(super) trait Element<'a>: Fields<'a> {
    /// Returns the kind of the element.
    fn kind(&self) -> ElementKind;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementKind {
    /// It has an image.
    Image,
    /// It should have an image and has none.
    NoImage,
    /// It has nothing to do with images.
    Other,
}

/// The elements of a list, each with its index.
#[derive(Debug)]
pub(in crate::admission) struct Elements<T> {
    kept: Vec<(u32, T)>,
    /// Number of elements that should have an image, and are not kept.
    without_image: usize,
}

impl<T> Default for Elements<T> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            without_image: 0,
        }
    }
}

impl<T> Elements<T> {
    /// Reads a list; an empty one if the value has another type.
    pub(super) fn read<'a>(json: &mut Json<'a>) -> Result<Self, Malformed>
    where
        T: Element<'a>,
    {
        let mut elements = Self::default();
        let mut more = MAX_WITHOUT_IMAGE;
        json.each(|index, element: T| {
            let is_kept = match element.kind() {
                ElementKind::Image => true,
                ElementKind::NoImage if more > 0 => {
                    more -= 1;
                    true
                }
                ElementKind::NoImage => {
                    elements.without_image += 1;
                    false
                }
                ElementKind::Other => false,
            };
            if is_kept {
                // A body is limited far below 4 GiB.
                elements
                    .kept
                    .push((u32::try_from(index).unwrap_or(u32::MAX), element));
            }
        })?;
        Ok(elements)
    }

    /// Returns the elements with their indexes.
    pub(in crate::admission) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.kept
            .iter()
            .map(|(index, element)| (*index as usize, element))
    }

    /// Returns the element at an index, if it is kept.
    pub(in crate::admission) fn get(&self, index: usize) -> Option<&T> {
        // Nearly always, all elements are kept.
        match self.kept.get(index) {
            Some((at, element)) if *at as usize == index => Some(element),
            _ => {
                let found = self.kept.binary_search_by_key(&index, |(at, _)| *at as usize);
                found
                    .ok()
                    .and_then(|at| self.kept.get(at))
                    .map(|(_, element)| element)
            }
        }
    }

    /// Returns the number of kept elements.
    pub(in crate::admission) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Returns the number of elements that should have an image, and are not kept.
    pub(in crate::admission) fn without_image(&self) -> usize {
        self.without_image
    }
}

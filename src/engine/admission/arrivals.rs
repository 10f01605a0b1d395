//! The original images of a review that came to a place of a Pod, and are swapped there.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::fights::{Arrival, Arrivals, MAX_ARRIVALS, PodOwner};
use super::outcome::{ImageDecision, ImageEffect};
use super::pod::Pod;
use super::read::{AdmissionRequest, Object};
use super::workload::Workload;
use crate::context::Operation;

/// Arrivals by CREATE that make a fight. A Pod that moves to another node comes back once.
const CREATES: u8 = 3;
/// The same for Pods of a StatefulSet, which come back by the same name after each restart, eviction and scale-up. Its
/// controller itself never compares images, so only another one can put them back.
const STATEFUL_SET_CREATES: u8 = 20;
/// Arrivals by UPDATE that make a fight, in a Pod with an owner. Nobody changes the image of such a Pod but a controller.
const OWNED_UPDATES: u8 = 1;
/// The same in a Pod without an owner, whose manifest a user may apply again.
const UPDATES: u8 = 2;

/// Label of the template from which a StatefulSet makes a Pod. A Pod of another template is another place.
const REVISION: &str = "controller-revision-hash";

/// Returns the arrivals of a request whose object gets a patch; `None` if there are none. `updated` is the Pod before an
/// UPDATE.
pub(super) fn arrivals<'a>(
    request: &AdmissionRequest<'a>,
    pod: Pod<'_, '_>,
    updated: Option<Pod<'_, '_>>,
    images: &[ImageDecision<'_>],
) -> Option<Arrivals<'a>> {
    let object = request.object.as_deref()?;
    // Only a Pod is created again by its owner. A template is one of a user, who may apply it again.
    if request.dry_run || !pod.is_pod() {
        return None;
    }
    let name = object.metadata.name.as_deref().filter(|name| !name.is_empty())?;
    let owner = object.metadata.controller.as_ref().map(PodOwner::new);
    let is_update = match request.operation? {
        Operation::Create if owner.is_some() => false,
        Operation::Update if updated.is_some() => true,
        _ => return None,
    };
    let threshold = threshold(owner.as_ref(), is_update);
    let mut of_pod = DefaultHasher::new();
    (&request.namespace, name, is_update).hash(&mut of_pod);
    hash_owner(object, &mut of_pod);
    let swapped = images
        .iter()
        .enumerate()
        .filter_map(|(index, image)| match &image.effect {
            ImageEffect::Swap(result) => Some((index, image, result)),
            _ => None,
        });
    let places: Vec<Arrival> = swapped
        .take(MAX_ARRIVALS)
        .filter(|(_, image, result)| updated.is_none_or(|old| had(old, image, result)))
        .map(|(index, image, _)| {
            let mut place = of_pod.clone();
            (image.pointer.list, &image.container, &image.image).hash(&mut place);
            Arrival {
                image: index,
                place: place.finish(),
                threshold,
            }
        })
        .collect();
    (!places.is_empty()).then_some(Arrivals { owner, places })
}

/// Returns the number of arrivals that make a fight.
fn threshold(owner: Option<&PodOwner<'_>>, is_update: bool) -> u8 {
    match owner.map(PodOwner::workload) {
        None => UPDATES,
        Some(_) if is_update => OWNED_UPDATES,
        Some(Workload::StatefulSet) => STATEFUL_SET_CREATES,
        Some(_) => CREATES,
    }
}

fn hash_owner(object: &Object<'_>, hasher: &mut DefaultHasher) {
    if let Some(owner) = &object.metadata.controller {
        (&owner.api_version, &owner.kind, &owner.name, &owner.uid).hash(hasher);
    }
    object.metadata.label(REVISION).hash(hasher);
}

/// Returns true if the container of an image had this result before.
fn had(old: Pod<'_, '_>, image: &ImageDecision<'_>, result: &str) -> bool {
    old.images().any(|old| {
        old.pointer.list == image.pointer.list
            && old.container == image.container.as_ref()
            && old.image.is_some_and(|old| old == result)
    })
}

//! The original images of a review that came to a place of a Pod, and are swapped there.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::evaluate::{EvaluatedPod, Verdict};
use super::fights::{Arrival, Arrivals, MAX_ARRIVALS, PodOwner};
use super::pod::{ImageField, Pod};
use super::read::{AdmissionRequest, Object, OwnerReference, group_of};
use super::workload::Workload;
use crate::context::Operation;
use crate::rules::{Decision, Effect};

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

/// Returns the arrivals of a request whose object gets a patch; `None` if there are none.
pub(super) fn arrivals<'a>(
    request: &AdmissionRequest<'a>,
    evaluated: &EvaluatedPod<'_, 'a, Decision<'_>>,
) -> Option<Arrivals<'a>> {
    let object = request.object.as_deref()?;
    // Only a Pod is created again by its owner. A template is one of a user, who may apply it again.
    if request.dry_run || !evaluated.pod.is_pod() {
        return None;
    }
    let name = object.metadata.name.as_deref().filter(|name| !name.is_empty())?;
    let owner = object.metadata.controller.as_ref();
    let old = match request.operation? {
        Operation::Create if owner.is_some() => None,
        Operation::Update => Some(Pod::find(&request.kind, request.old_object.as_deref()?)?),
        _ => return None,
    };
    let threshold = threshold(owner, old.is_some());
    let mut of_pod = DefaultHasher::new();
    (&request.namespace, name, old.is_some()).hash(&mut of_pod);
    hash_owner(object, &mut of_pod);
    let swapped = evaluated
        .images
        .iter()
        .enumerate()
        .filter_map(|(image, (field, verdict))| {
            let Verdict::Evaluated(decision) = verdict else {
                return None;
            };
            match decision.effect() {
                // A result that is the image itself, as in the patch, swaps nothing.
                Effect::Swap(result) if field.image.is_some_and(|image| image != result) => {
                    Some((image, field, result))
                }
                Effect::Swap(_) | Effect::Keep | Effect::Deny | Effect::Invalid(_) => None,
            }
        });
    let places: Vec<Arrival> = swapped
        .take(MAX_ARRIVALS)
        .filter(|(_, field, result)| old.as_ref().is_none_or(|old| had(old, field, result)))
        .map(|(image, field, _)| {
            let mut place = of_pod.clone();
            (field.pointer.list, field.container, field.image).hash(&mut place);
            Arrival {
                image,
                place: place.finish(),
                threshold,
            }
        })
        .collect();
    let owner = owner.map(|owner| PodOwner {
        api_version: owner.api_version.clone().unwrap_or_default(),
        kind: owner.kind.clone().unwrap_or_default(),
        name: owner.name.clone().unwrap_or_default(),
    });
    (!places.is_empty()).then_some(Arrivals { owner, places })
}

/// Returns the number of arrivals that make a fight.
fn threshold(owner: Option<&OwnerReference<'_>>, is_update: bool) -> u8 {
    let workload = owner.map(|owner| {
        let group = group_of(owner.api_version.as_deref().unwrap_or_default());
        Workload::from_kind(group, owner.kind.as_deref().unwrap_or_default())
    });
    match workload {
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

/// Returns true if the container of an image had this image before.
fn had(old: &Pod<'_, '_>, field: &ImageField<'_, '_>, image: &str) -> bool {
    old.images().any(|old| {
        old.pointer.list == field.pointer.list
            && old.container == field.container
            && old.image.is_some_and(|old| old == image)
    })
}

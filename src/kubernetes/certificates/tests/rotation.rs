//! Renewals of certificates and CAs, by the clock.

use time::Duration;

use super::replica::{Replica, settle, settle_for_long};
use super::world::{DAY, World};
use crate::kubernetes::certificates::certificate::certificates;
use crate::kubernetes::certificates::moment::Moment;
use crate::kubernetes::certificates::plan::{PlanInputs, SecretPlan, plan};
use crate::kubernetes::certificates::seen::{Knowledge, SeenTrust};
use crate::kubernetes::certificates::stored::SecretKey;

fn running() -> (World, Vec<Replica>) {
    let mut world = World::new();
    let mut replicas: Vec<_> = (0..3).map(|_| Replica::started()).collect();
    settle_for_long(&mut world, &mut replicas);
    (world, replicas)
}

#[test]
fn leaf_is_renewed_after_two_thirds_of_its_lifetime() {
    let (mut world, mut replicas) = running();
    world.seconds += 59 * DAY;
    assert_eq!(settle(&mut world, &mut replicas), [""; 0]);
    world.seconds += 2 * DAY;
    assert_eq!(settle(&mut world, &mut replicas), ["new certificate"]);
    assert_eq!(settle_for_long(&mut world, &mut replicas), [""; 0]);
}

#[test]
fn ca_is_rotated_after_two_thirds_of_its_lifetime_with_both_side_by_side() {
    let (mut world, mut replicas) = running();
    let first = world.get(SecretKey::Authorities);
    let mut rotated = None;
    for period in 0..250 {
        world.seconds += 10 * DAY;
        let writes = settle_for_long(&mut world, &mut replicas);
        if writes.contains(&"new CA") {
            assert_eq!(writes, ["new CA", "new certificate"]);
            rotated = Some(period);
            break;
        }
    }
    // Two thirds of 3,650 days are 2,433.
    assert!((242..=245).contains(&rotated.expect("a rotation")), "{rotated:?}");
    let both = world.get(SecretKey::Authorities);
    assert_eq!(certificates(&both).len(), 2);
    assert!(both.ends_with(&first), "the former CA is last");
    // The former one leaves with the next renewal of a leaf.
    for _ in 0..6 {
        world.seconds += 10 * DAY;
        settle_for_long(&mut world, &mut replicas);
    }
    let last = world.get(SecretKey::Authorities);
    assert_eq!(certificates(&last).len(), 1);
    assert!(both.starts_with(&last));
}

#[test]
fn ca_key_that_is_removed_rotates_the_ca() {
    let (mut world, mut replicas) = running();
    let first = world.get(SecretKey::Authorities);
    world.set(&[(SecretKey::AuthorityKey, None)]);
    assert_eq!(settle(&mut world, &mut replicas), ["new CA"]);
    assert!(world.bundle().unwrap().ends_with(&first));
    world.seconds += 9;
    assert_eq!(settle(&mut world, &mut replicas), [""; 0]);
    world.seconds += 1;
    assert_eq!(settle(&mut world, &mut replicas), ["new certificate"]);
}

#[test]
fn renewal_on_demand_waits_for_api_servers_that_may_not_trust_the_ca() {
    let mut world = World::new();
    let mut replicas = vec![Replica::started(), Replica::started()];
    settle(&mut world, &mut replicas);
    let first = world.read().pair().unwrap();
    world.set(&[(SecretKey::Chain, None), (SecretKey::Key, None)]);
    assert_eq!(settle(&mut world, &mut replicas), [""; 0]);
    world.seconds += 10;
    assert_eq!(settle(&mut world, &mut replicas), ["new certificate"]);
    assert!(world.read().pair().unwrap() != first);
}

#[test]
fn renewal_on_demand_ends_the_trust_in_the_former_ca_later() {
    let (mut world, mut replicas) = running();
    world.set(&[(SecretKey::AuthorityKey, None)]);
    settle_for_long(&mut world, &mut replicas);
    let remove_key = |world: &mut World, replicas: &mut [Replica]| {
        world.set(&[(SecretKey::Key, None)]);
        assert_eq!(settle_for_long(world, replicas), ["new certificate"]);
        certificates(&world.get(SecretKey::Authorities)).len()
    };
    // Another replica may still serve the leaf of the former CA.
    assert_eq!(remove_key(&mut world, &mut replicas), 2);
    world.seconds += 601;
    assert_eq!(remove_key(&mut world, &mut replicas), 1);
}

#[test]
fn replica_that_dies_in_a_rotation_is_continued() {
    let (mut world, mut replicas) = running();
    world.set(&[(SecretKey::AuthorityKey, None)]);
    replicas[0].read(&world);
    assert_eq!(replicas[0].write(&mut world), Some("new CA"));
    replicas[0] = Replica::default();
    assert_eq!(settle_for_long(&mut world, &mut replicas), ["new certificate"]);
    assert!(replicas.iter().all(|replica| replica.is_ready));
}

#[test]
fn ca_that_leaves_no_api_server_without_trust_is_awaited() {
    let (mut world, mut replicas) = running();
    let bundle = world.bundle().unwrap().to_owned();
    world.set(&[(SecretKey::AuthorityKey, None)]);
    settle(&mut world, &mut replicas);
    // A third party puts the old value back, again and again.
    for _ in 0..5 {
        world.arm(&bundle);
        world.seconds += 8;
        for replica in &mut replicas {
            replica.read(&world);
            assert_eq!(replica.write(&mut world), None);
        }
    }
    assert_eq!(settle_for_long(&mut world, &mut replicas), ["new certificate"]);
}

/// Returns the plan of a replica that runs, if the clocks differ from that of the world.
fn plan_at(world: &World, server: Duration, local: Duration, knowledge: Knowledge) -> (SecretPlan, Moment) {
    let moment = Moment::new(world.now() + server, world.now() + local);
    let stored = world.read();
    let plan = plan(PlanInputs {
        stored: &stored,
        active: stored.pair(),
        remembered: None,
        seen: &SeenTrust::of_bundles(world.seen(), knowledge, world.instant()),
        hosts: &world.hosts,
        moment,
    });
    (plan, moment)
}

#[test]
fn jump_of_the_local_clock_renews_nothing() {
    let (world, _) = running();
    for days in [-40_000, -3_650, -90, -1, 1, 61, 91, 3_650, 40_000] {
        let (plan, _) = plan_at(&world, Duration::ZERO, Duration::days(days), Knowledge::Complete);
        assert!(plan.write.is_none(), "{days} days");
    }
}

#[test]
fn certificate_is_valid_by_both_clocks() {
    for (server, local) in [
        (0, 100),
        (0, -100),
        (100, 0),
        (-100, 0),
        (0, 40_000),
        (0, -40_000),
    ] {
        let (mut world, _) = running();
        world.empty();
        let (server, local) = (Duration::days(server), Duration::days(local));
        let (plan, moment) = plan_at(&world, server, local, Knowledge::Complete);
        let Some(step) = plan.write else { panic!("no step") };
        let changes = step.changes(&world.hosts, moment).unwrap();
        let patch = world.read().patch(&changes);
        assert!(world.patch(&patch));
        // No clock finds another step to take.
        let clocks = if local.abs() > Duration::days(365) {
            [server; 2]
        } else {
            [server, local]
        };
        for clock in clocks {
            let (plan, _) = plan_at(&world, clock, clock, Knowledge::Complete);
            assert!(plan.write.is_none(), "{server} {local}");
        }
    }
}

#[test]
fn unknown_trust_keeps_the_pair_as_long_as_it_is_valid() {
    let (mut world, mut replicas) = running();
    world.set(&[(SecretKey::AuthorityKey, None)]);
    replicas[0].read(&world);
    assert_eq!(replicas[0].write(&mut world), Some("new CA"));
    world.arm(&world.get(SecretKey::Authorities));
    world.seconds += 60;
    for (days, step) in [
        (0, None),
        (70, None),
        (76, Some("new certificate")),
        (91, Some("new certificate")),
    ] {
        let days = Duration::days(days);
        let (plan, _) = plan_at(&world, days, days, Knowledge::Incomplete);
        assert_eq!(plan.write.map(|step| step.describe()), step, "{days}");
    }
}

#[test]
fn nothing_is_made_before_the_trust_is_known() {
    let world = World::new();
    let (plan, _) = plan_at(&world, Duration::ZERO, Duration::ZERO, Knowledge::Awaited);
    assert!(plan.write.is_none() && plan.serve.is_none() && plan.want.is_none());
    let (plan, _) = plan_at(&world, Duration::ZERO, Duration::ZERO, Knowledge::Incomplete);
    assert_eq!(
        plan.write.map(|step| step.describe()),
        Some("new CA and new certificate")
    );
}

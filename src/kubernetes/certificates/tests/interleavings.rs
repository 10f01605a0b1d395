//! Replicas whose reads and writes interleave in every order, while others change the Secret.

use proptest::prelude::*;

use super::replica::{Replica, check, settle_for_long};
use super::world::{DAY, World};
use crate::kubernetes::certificates::stored::SecretKey;

/// An event of the simulated cluster. A number is that of a replica.
#[derive(Clone, Debug)]
enum Event {
    Read(usize),
    Write(usize),
    Arm(usize),
    Restart(usize),
    /// Some seconds pass.
    Wait(u64),
    /// Days pass, in which all replicas look at the Secret again and again.
    Age(u64),
    Remove(SecretKey),
    Garbage(SecretKey),
    Empty,
}

fn event() -> impl Strategy<Value = Event> {
    let replica = 0..3_usize;
    let key = prop_oneof![
        Just(SecretKey::Chain),
        Just(SecretKey::Key),
        Just(SecretKey::Authorities),
        Just(SecretKey::AuthorityKey),
    ];
    prop_oneof![
        6 => replica.clone().prop_map(Event::Read),
        6 => replica.clone().prop_map(Event::Write),
        4 => replica.clone().prop_map(Event::Arm),
        1 => replica.prop_map(Event::Restart),
        3 => (1..12_u64).prop_map(Event::Wait),
        1 => (1..25_u64).prop_map(Event::Age),
        1 => key.clone().prop_map(Event::Remove),
        1 => key.prop_map(Event::Garbage),
        1 => Just(Event::Empty),
    ]
}

fn happen(event: Event, world: &mut World, replicas: &mut [Replica]) {
    // Before the webhook is armed, no API server calls it. If the Secret is lost in that second, a replica that has not
    // read it again may arm with the lost CA; the others follow within a second.
    let is_armed = world.bundle().is_some();
    match event {
        Event::Remove(_) | Event::Garbage(_) | Event::Empty if !is_armed => {}
        Event::Read(replica) => replicas[replica].read(world),
        Event::Write(replica) => {
            replicas[replica].write(world);
        }
        Event::Arm(replica) => {
            // It reads the Secret again before it changes a webhook configuration.
            replicas[replica].read(world);
            replicas[replica].arm(world);
        }
        Event::Restart(replica) => replicas[replica] = Replica::default(),
        Event::Wait(seconds) => world.seconds += seconds,
        Event::Age(days) => {
            settle_for_long(world, replicas);
            world.seconds += days * DAY;
            settle_for_long(world, replicas);
        }
        Event::Remove(key) => world.set(&[(key, None)]),
        Event::Garbage(key) => world.set(&[(key, Some("garbage"))]),
        Event::Empty => world.empty(),
    }
}

proptest! {
    // Other sequences in each run: a failure prints the shortest one that fails.
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn replicas_agree_and_none_is_cut_off(events in prop::collection::vec(event(), 0..120)) {
        let mut world = World::new();
        let mut replicas: Vec<_> = (0..3).map(|_| Replica::default()).collect();
        for event in events {
            happen(event, &mut world, &mut replicas);
            check(&world, &replicas);
        }
        settle_for_long(&mut world, &mut replicas);
        let pair = world.read().pair();
        prop_assert!(pair.is_some());
        for replica in &replicas {
            prop_assert!(replica.is_ready && replica.active == pair);
        }
        let listed = world.get(SecretKey::Authorities);
        prop_assert_eq!(world.bundle(), Some(listed.as_str()));
    }
}

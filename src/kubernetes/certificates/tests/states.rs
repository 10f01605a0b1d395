//! Each state that the Secret can be in, and its repair.

use super::replica::{Replica, check, settle, settle_for_long};
use super::world::{DAY, World};
use crate::kubernetes::certificates::authority::{Authority, ServiceHosts};
use crate::kubernetes::certificates::moment::Moment;
use crate::kubernetes::certificates::stored::SecretKey;

const NEW: &str = "new CA and new certificate";
const ALL: [SecretKey; 4] = [
    SecretKey::Chain,
    SecretKey::Key,
    SecretKey::Authorities,
    SecretKey::AuthorityKey,
];

/// Returns a world whose replicas serve, and are armed.
fn running() -> (World, Vec<Replica>) {
    let mut world = World::new();
    let mut replicas = vec![Replica::started(), Replica::started()];
    assert_eq!(settle_for_long(&mut world, &mut replicas), [NEW]);
    assert!(replicas.iter().all(|replica| replica.is_ready));
    (world, replicas)
}

/// Checks that all replicas serve the pair of the Secret, and that API servers accept it.
fn check_repaired(world: &World, replicas: &[Replica]) {
    let pair = world.read().pair().expect("a pair");
    for replica in replicas {
        assert!(replica.is_ready && replica.active.as_ref() == Some(&pair));
    }
    let current = world.get(SecretKey::Authorities);
    let first = current
        .split_inclusive("-----END CERTIFICATE-----\n")
        .next()
        .unwrap();
    assert!(
        world.accepts(first, &pair),
        "the current CA has not signed the pair"
    );
    assert_eq!(world.bundle(), Some(current.as_str()));
}

#[test]
fn first_replica_makes_all_in_one_write() {
    let (world, replicas) = running();
    check_repaired(&world, &replicas);
}

#[test]
fn running_replicas_repair_each_loss_without_a_cut() {
    // Every subset of the four values is lost.
    for lost in 1..16_u32 {
        let (mut world, mut replicas) = running();
        let before = replicas[0].active.clone();
        let removed: Vec<_> = ALL
            .iter()
            .enumerate()
            .filter(|(bit, _)| lost & (1 << bit) != 0)
            .map(|(_, key)| (*key, None))
            .collect();
        world.set(&removed);
        let writes = settle_for_long(&mut world, &mut replicas);
        check_repaired(&world, &replicas);
        let is_lost = |key| removed.contains(&(key, None));
        let expected: &[&str] = match (
            is_lost(SecretKey::Authorities) || is_lost(SecretKey::AuthorityKey),
            is_lost(SecretKey::Chain) || is_lost(SecretKey::Key),
        ) {
            (true, true) => &["new CA, and the active pair", "new certificate"],
            (true, false) => &["new CA", "new certificate"],
            (false, _) => &["new certificate"],
        };
        assert_eq!(writes, expected, "{lost:04b}");
        assert!(replicas[0].active != before);
    }
}

#[test]
fn running_replicas_repair_each_value_that_is_garbage() {
    let huge = "-----BEGIN CERTIFICATE-----\n".repeat(100_000);
    let (_, other) = World::new().foreign_pair();
    for key in ALL {
        for garbage in [
            "",
            "x",
            "-----BEGIN CERTIFICATE-----",
            &huge,
            &other.chain,
            &other.key,
        ] {
            let (mut world, mut replicas) = running();
            world.set(&[(key, Some(garbage))]);
            settle_for_long(&mut world, &mut replicas);
            check_repaired(&world, &replicas);
        }
    }
}

#[test]
fn new_replica_repairs_each_state_that_others_left() {
    let mut world = World::new();
    let (authority, pair) = world.foreign_pair();
    let another = world.foreign_pair().1;
    let of_authority = Authority::generate(world.moment()).unwrap();
    let issue = |hosts: &ServiceHosts, moment| of_authority.issue(hosts, moment).unwrap();
    let at = |days: i64| {
        let now = world.now() + time::Duration::days(days);
        Moment::new(now, now)
    };
    let elsewhere = issue(&ServiceHosts::new("another", "imageswap-system"), world.moment());
    let (expired, early) = (issue(&world.hosts, at(-91)), issue(&world.hosts, at(2)));
    let (authority_of_issued, key_of_issued) = (of_authority.certificate.to_pem(), of_authority.key_pem());
    let expired_authority = Authority::generate(at(-3651)).unwrap();
    let early_authority = Authority::generate(at(2)).unwrap();
    type Values<'a> = [Option<&'a str>; 4];
    let states: [(Values<'_>, &str); 12] = [
        ([None, None, None, None], NEW),
        ([Some(&pair.chain), None, None, None], NEW),
        ([None, Some(&pair.key), None, None], NEW),
        ([Some(&pair.chain), Some(&pair.key), None, None], NEW),
        (
            [Some(&pair.chain), Some(&another.key), Some(&authority), None],
            NEW,
        ),
        ([None, None, Some(&authority), None], NEW),
        ([None, None, None, Some(&key_of_issued)], NEW),
        (
            [
                Some(&elsewhere.chain),
                Some(&elsewhere.key),
                Some(&authority_of_issued),
                Some(&key_of_issued),
            ],
            "new certificate",
        ),
        (
            [
                Some(&expired.chain),
                Some(&expired.key),
                Some(&authority_of_issued),
                Some(&key_of_issued),
            ],
            "new certificate",
        ),
        (
            [
                Some(&early.chain),
                Some(&early.key),
                Some(&authority_of_issued),
                Some(&key_of_issued),
            ],
            "new certificate",
        ),
        (
            [
                None,
                None,
                Some(&expired_authority.certificate.to_pem()),
                Some(&expired_authority.key_pem()),
            ],
            NEW,
        ),
        (
            [
                None,
                None,
                Some(&early_authority.certificate.to_pem()),
                Some(&early_authority.key_pem()),
            ],
            NEW,
        ),
    ];
    for (index, (values, write)) in states.into_iter().enumerate() {
        world.empty();
        let values: Vec<_> = ALL.into_iter().zip(values).collect();
        world.set(&values);
        let mut replica = Replica::started();
        replica.read(&world);
        assert_eq!(replica.write(&mut world), Some(write), "state {index}");
        replica.read(&world);
        assert_eq!(replica.write(&mut world), None, "state {index}");
        let first = world.get(SecretKey::Authorities);
        assert!(
            world.accepts(&first, replica.active.as_ref().expect("a pair")),
            "state {index}"
        );
    }
}

#[test]
fn certificate_that_cannot_sign_is_not_a_ca() {
    let world = World::new();
    let (_, pair) = world.foreign_pair();
    let listed = crate::kubernetes::certificates::certificate::certificates(&pair.chain);
    assert_eq!(listed.len(), 1);
    assert!(Authority::find(&pair.key, &listed, world.now()).is_none());
}

#[test]
fn pair_of_another_installation_serves_until_the_new_ca_is_trusted() {
    let mut world = World::new();
    let (authority, pair) = world.foreign_pair();
    world.arm(&authority);
    world.set_pair(&pair);
    world.seconds += 60;
    let mut replicas = vec![Replica::started(), Replica::started()];
    assert_eq!(settle(&mut world, &mut replicas), ["new CA"]);
    for replica in &replicas {
        assert!(replica.is_ready && replica.active.as_ref() == Some(&pair));
    }
    assert!(
        world.bundle().unwrap().contains(&authority),
        "the former CA stays"
    );
    world.seconds += 9;
    assert_eq!(settle(&mut world, &mut replicas), [""; 0]);
    world.seconds += 1;
    assert_eq!(settle(&mut world, &mut replicas), ["new certificate"]);
    settle_for_long(&mut world, &mut replicas);
    check_repaired(&world, &replicas);
}

#[test]
fn pair_that_is_nowhere_in_the_secret_is_not_cut_off() {
    // The replicas of another installation serve, as those of v1.5.3 do, and the Secret is empty.
    let mut world = World::new();
    let (authority, pair) = world.foreign_pair();
    world.arm(&authority);
    let mut others = vec![Replica::started()];
    others[0].active = Some(pair);
    others[0].is_ready = true;
    let mut replicas = vec![Replica::started()];
    assert_eq!(settle(&mut world, &mut replicas), [NEW]);
    assert!(!replicas[0].is_ready, "no API server trusts its CA");
    check(&world, &others);
    settle_for_long(&mut world, &mut replicas);
    check(&world, &others);
    check_repaired(&world, &replicas);
}

#[test]
fn backup_of_the_secret_does_not_cut_off_running_replicas() {
    let (mut world, mut replicas) = running();
    let backup = world.backup();
    world.set(&[(SecretKey::AuthorityKey, None)]);
    settle_for_long(&mut world, &mut replicas);
    // Two months later, the CA of the backup has left `caBundle`.
    for _ in 0..7 {
        world.seconds += 10 * DAY;
        settle_for_long(&mut world, &mut replicas);
    }
    let mut other = World::new();
    settle_for_long(&mut other, &mut [Replica::started()]);
    for backup in [backup, other.backup()] {
        world.restore(backup);
        settle_for_long(&mut world, &mut replicas);
        check_repaired(&world, &replicas);
    }
}

//! A replica of the simulated cluster.

use serde_json::Value;

use super::world::World;
use crate::kubernetes::certificates::authority::PemPair;
use crate::kubernetes::certificates::plan::{PlanInputs, plan};
use crate::kubernetes::certificates::seen::{Knowledge, SeenTrust};

/// A replica. It has written nothing as long as its `pending` write has not arrived.
#[derive(Default)]
pub(super) struct Replica {
    pub(super) active: Option<PemPair>,
    wanted: Option<String>,
    pending: Option<(Value, &'static str)>,
    has_read_configuration: bool,
    pub(super) is_ready: bool,
}

impl Replica {
    /// Returns a replica that has read the webhook configuration.
    pub(super) fn started() -> Self {
        Self {
            has_read_configuration: true,
            ..Self::default()
        }
    }

    /// Reads the Secret, and does what its plan says, except the write.
    pub(super) fn read(&mut self, world: &World) {
        let knowledge = if self.has_read_configuration {
            Knowledge::Complete
        } else {
            Knowledge::Awaited
        };
        let seen = SeenTrust::of_bundles(world.seen(), knowledge, world.instant());
        let stored = world.read();
        let next = plan(PlanInputs {
            stored: &stored,
            active: self.active.clone(),
            remembered: self.wanted.as_deref(),
            seen: &seen,
            hosts: &world.hosts,
            moment: world.moment(),
        });
        if let Some(pair) = next.serve {
            self.active = Some(pair);
        }
        if let Some(wanted) = next.want {
            self.wanted = Some(wanted);
        }
        self.pending = next.write.map(|step| {
            let changes = step.changes(&world.hosts, world.moment()).unwrap();
            (stored.patch(&changes), step.describe())
        });
        self.is_ready |= self.has_read_configuration
            && self
                .active
                .as_ref()
                .is_some_and(|active| world.bundles_in_use().all(|bundle| world.accepts(bundle, active)));
    }

    /// Sends the write. Returns its description if no other replica was faster.
    pub(super) fn write(&mut self, world: &mut World) -> Option<&'static str> {
        let (patch, description) = self.pending.take()?;
        world.patch(&patch).then_some(description)
    }

    /// Arms, or restores `caBundle`, as the task of arming does.
    pub(super) fn arm(&mut self, world: &mut World) {
        self.has_read_configuration = true;
        if let (Some(wanted), Some(active)) = (&self.wanted, &self.active)
            && (world.bundle().is_some() || world.accepts(wanted, active))
        {
            world.arm(wanted);
        } else if let Some(wanted) = &self.wanted
            && world.bundle().is_some()
        {
            world.arm(wanted);
        }
    }
}

/// Lets all replicas do what they can without a change of the time. Returns the writes.
pub(super) fn settle(world: &mut World, replicas: &mut [Replica]) -> Vec<&'static str> {
    let mut writes = Vec::new();
    for _ in 0..20 {
        let before = writes.len();
        for replica in &mut *replicas {
            replica.read(world);
            writes.extend(replica.write(world));
        }
        for replica in &mut *replicas {
            replica.read(world);
            replica.arm(world);
        }
        if writes.len() == before {
            return writes;
        }
    }
    panic!("the replicas write without end: {writes:?}");
}

/// Lets all replicas do what they can until all API servers have every change. Returns the writes.
pub(super) fn settle_for_long(world: &mut World, replicas: &mut [Replica]) -> Vec<&'static str> {
    let mut writes = Vec::new();
    for _ in 0..6 {
        writes.extend(settle(world, replicas));
        check(world, replicas);
        world.seconds += 10;
    }
    writes
}

/// Checks that no API server rejects a replica that is ready.
pub(super) fn check(world: &World, replicas: &[Replica]) {
    for replica in replicas.iter().filter(|replica| replica.is_ready) {
        let active = replica.active.as_ref().expect("a pair");
        for bundle in world.bundles_in_use() {
            assert!(
                world.accepts(bundle, active),
                "an API server rejects the active pair"
            );
        }
    }
}

//! Contexts of images.

use std::borrow::Cow;

use imageswap_engine::context::{Context, Operation, Owner, Place};

use super::choices::Choices;

impl Choices<'_> {
    /// The context of an image.
    pub fn setting(&mut self) -> Setting {
        Setting {
            namespace: [
                Some("default"),
                Some("prod-eu"),
                Some("dev-a"),
                Some("prod-a"),
                None,
            ][self.below(5)],
            labels: self.pair("team", &["core", "payments", "", "x"]),
            annotations: self.pair("example.com/swap", &["off", "on"]),
            owner: [
                None,
                Some(("Cluster", "postgresql.cnpg.io")),
                Some(("ReplicaSet", "apps")),
                Some(("Job", "batch")),
                Some(("ReplicationController", "")),
                Some(("Cluster", "x.io")),
            ][self.below(6)],
            container: [Some("main"), Some("istio-proxy"), None][self.below(3)],
            place: Place::ALL[self.below(Place::ALL.len())],
            kind: [Some("Pod"), Some("CronJob"), None][self.below(3)],
            operation: [Some(Operation::Create), Some(Operation::Update), None][self.below(3)],
            user: [None, Some("system:admin"), Some("jane")][self.below(3)],
            hook: [None, Some("canary"), Some("other")][self.below(3)],
        }
    }

    fn pair(
        &mut self,
        key: &'static str,
        values: &[&'static str],
    ) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
        match self.one_in(2) {
            true => vec![(key.into(), self.of(values).into())],
            false => Vec::new(),
        }
    }
}

/// The context of an image.
#[derive(Clone, Debug)]
pub struct Setting {
    namespace: Option<&'static str>,
    labels: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    annotations: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    owner: Option<(&'static str, &'static str)>,
    container: Option<&'static str>,
    place: Place,
    kind: Option<&'static str>,
    operation: Option<Operation>,
    user: Option<&'static str>,
    hook: Option<&'static str>,
}

impl Setting {
    /// The default context of a test without a setting.
    pub fn of_a_test() -> Self {
        Self {
            namespace: Some("default"),
            labels: Vec::new(),
            annotations: Vec::new(),
            owner: None,
            container: Some("main"),
            place: Place::Main,
            kind: Some("Pod"),
            operation: Some(Operation::Create),
            user: None,
            hook: None,
        }
    }

    /// Returns the context that an evaluation reads.
    pub fn context(&self) -> Context<'_> {
        Context {
            namespace: self.namespace,
            labels: &self.labels,
            annotations: &self.annotations,
            owner: self.owner.map(|(kind, group)| Owner { kind, group }),
            container: self.container,
            place: self.place,
            kind: self.kind,
            operation: self.operation,
            user: self.user,
            hook: self.hook,
        }
    }
}

//! The certificates of the webhook, in the modes that get them from the cluster.

mod authority;
mod certificate;
mod moment;
mod pair;
mod plan;
mod report;
mod seen;
mod self_managed;
mod stored;
mod task;
#[cfg(test)]
mod tests;

pub(super) use task::run;

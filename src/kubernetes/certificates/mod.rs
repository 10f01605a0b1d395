//! The certificates of the webhook, in the modes that get them from the cluster.

mod authority;
mod ca_file;
mod certificate;
mod context;
mod csr;
mod csr_request;
mod moment;
mod own;
mod own_authority;
mod pair;
mod plan;
mod report;
mod secret_task;
mod seen;
mod self_managed;
mod step;
mod stored;
mod task;
#[cfg(test)]
mod tests;

pub(super) use task::run;

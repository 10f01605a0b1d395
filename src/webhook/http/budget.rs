//! The memory that the bodies of all requests may use together.
//!
//! A body is charged as it arrives, so a client that announces a long body and sends little holds little memory. If the
//! budget has no room, one body at a time continues with a reserve that has room for any body, so some body always
//! makes progress, even if all of them began together. Almost all bodies are short; they have a share of their own, so
//! long bodies never delay them.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};

/// The longest body, in bytes. etcd limits an object to 1.5 MiB by default, and the review of an update has it twice.
pub(crate) const MAX_BODY: usize = 8 << 20;

/// The longest body that may use the share for short ones, in bytes.
pub(super) const SHORT: usize = 256 << 10;

/// The memory for all bodies, with one permit for each byte.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    short: Semaphore,
    shared: Semaphore,
    reserve: Mutex<()>,
}

/// The charge of one body on the budget. Dropping it releases the memory.
#[derive(Debug)]
pub(super) struct BodyCharge<'b> {
    budget: &'b BodyBudget,
    is_short: bool,
    from_short: Option<SemaphorePermit<'b>>,
    from_shared: Option<SemaphorePermit<'b>>,
    reserve: Option<MutexGuard<'b, ()>>,
}

impl BodyBudget {
    /// Returns a budget of `bytes`, of which [`MAX_BODY`] are the reserve.
    pub(crate) fn new(bytes: usize) -> Self {
        // The reserve is one body of maximum length, and is not part of the semaphores.
        let bytes = bytes.saturating_sub(MAX_BODY).min(Semaphore::MAX_PERMITS);
        let short = bytes / 8;
        Self {
            short: Semaphore::new(short),
            shared: Semaphore::new(bytes - short),
            reserve: Mutex::new(()),
        }
    }
}

impl<'b> BodyCharge<'b> {
    /// Returns a charge of zero bytes for a body of this length. `None` if the client does not send the length.
    pub(super) fn new(budget: &'b BodyBudget, length: Option<usize>) -> Self {
        Self {
            budget,
            is_short: length.is_some_and(|length| length <= SHORT),
            from_short: None,
            from_shared: None,
            reserve: None,
        }
    }

    /// Charges `bytes` more as soon as the budget has room. Sets `waits` while it has none.
    pub(super) async fn add(&mut self, bytes: usize, waits: &AtomicBool) {
        if self.reserve.is_some() {
            // The reserve has room for the rest of any body.
            return;
        }
        let count = u32::try_from(bytes).unwrap_or(u32::MAX);
        // Short bodies have memory of their own, so that a few large ones cannot delay all Pods.
        if self.is_short
            && let Ok(permit) = self.budget.short.try_acquire_many(count)
        {
            merge(&mut self.from_short, permit);
            return;
        }
        if let Ok(permit) = self.budget.shared.try_acquire_many(count) {
            merge(&mut self.from_shared, permit);
            return;
        }
        waits.store(true, Ordering::Relaxed);
        // Either is enough: room in the budget, or the reserve, which one body at a time may use.
        tokio::select! {
            // The semaphore is never closed, so the pattern always matches.
            Ok(permit) = self.budget.shared.acquire_many(count) => merge(&mut self.from_shared, permit),
            reserve = self.budget.reserve.lock() => self.reserve = Some(reserve),
        }
        waits.store(false, Ordering::Relaxed);
    }
}

fn merge<'b>(charged: &mut Option<SemaphorePermit<'b>>, permit: SemaphorePermit<'b>) {
    match charged {
        Some(charged) => charged.merge(permit),
        None => *charged = Some(permit),
    }
}

//! The memory that the bodies of all requests, and their answers, may use together.
//!
//! A body is charged as it arrives, so a client that announces a long body and sends little holds little memory. If the
//! budget has no room, one body at a time continues with a reserve that has room for any body, so some body always
//! makes progress, even if all of them began together. Almost all bodies are short; they have a share of their own, so
//! long bodies never delay them.
//!
//! An answer replaces its body, and is charged until it is written. It never waits for room: its request already holds
//! memory, and two such requests could wait for one another. It overdraws the budget instead. Bodies then wait until the
//! debt is paid, and each answer that is written, or that its client does not read in time, pays a part. A large review
//! also waits for that, and for nothing else: many could be complete already, and each answer would add to the debt.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

use crate::webhook::metrics::BodyMemory;
use crate::webhook::os;

/// The longest body, in bytes. etcd limits an object to 1.5 MiB by default, and the review of an update has it twice.
pub(crate) const MAX_BODY: usize = 8 << 20;

/// The longest body that may use the share for short ones, in bytes.
pub(super) const SHORT: usize = 256 << 10;

/// The memory for all bodies and answers, with one permit for each byte.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    short: Semaphore,
    shared: Semaphore,
    /// One permit: the right to use the reserve.
    reserve: Semaphore,
    /// Bytes of answers beyond the shared part. While there are any, bodies take nothing, even if it has permits again.
    debt: AtomicUsize,
    paid: Notify,
    /// Notified at the end of each large request.
    ended: Notify,
    /// Requests that wait for memory.
    waiting: AtomicUsize,
    /// Sizes of the two parts, in bytes.
    sizes: BudgetSizes,
}

/// Sizes of the parts of a budget, in bytes, without the reserve.
#[derive(Clone, Copy, Debug)]
struct BudgetSizes {
    short: usize,
    shared: usize,
}

/// One of the requests that wait for memory, until it is dropped.
struct WaitingRequest<'b>(&'b AtomicUsize);

/// The longest answer that is charged before it is known, in bytes: a patch of as many images as are evaluated, with
/// targets of about 450 bytes. A longer one overdraws the budget by the rest.
const MAX_ANSWER: usize = 7 << 20;
/// Maximum ratio of an answer to its body: for the shortest images and the longest targets.
const GROWTH: usize = 32;

/// Fewest bytes of a body or an answer whose end may leave much free memory behind.
const LARGE: usize = 256 << 10;
/// Minimum interval between two releases of free memory.
const RELEASE_INTERVAL: Duration = Duration::from_secs(5);

/// The charge of one body, and then of its answer, on the budget. Dropping it releases the memory.
#[derive(Debug)]
pub(super) struct BodyCharge {
    budget: Arc<BodyBudget>,
    is_short: bool,
    from_short: usize,
    from_shared: usize,
    has_reserve: bool,
    /// True if the body was large, once there is an answer.
    was_large: bool,
}

impl BodyBudget {
    /// Returns a budget of `bytes`, of which [`MAX_BODY`] are the reserve.
    pub(crate) fn new(bytes: usize) -> Self {
        // The reserve is one body of maximum length, and is not part of the semaphores.
        let bytes = bytes.saturating_sub(MAX_BODY).min(Semaphore::MAX_PERMITS);
        let short = bytes / 8;
        let sizes = BudgetSizes {
            short,
            shared: bytes - short,
        };
        Self {
            short: Semaphore::new(sizes.short),
            shared: Semaphore::new(sizes.shared),
            reserve: Semaphore::new(1),
            debt: AtomicUsize::new(0),
            paid: Notify::new(),
            ended: Notify::new(),
            waiting: AtomicUsize::new(0),
            sizes,
        }
    }

    /// Returns how much of it is used.
    pub(crate) fn usage(&self) -> BodyMemory {
        let charged = |size: usize, part: &Semaphore| size.saturating_sub(part.available_permits());
        let reserve = match self.reserve.available_permits() {
            0 => MAX_BODY,
            _ => 0,
        };
        let in_parts = charged(self.sizes.short, &self.short) + charged(self.sizes.shared, &self.shared);
        BodyMemory {
            in_use: in_parts + reserve + self.debt.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// Returns free memory to the system a moment after large requests. The allocator would keep what is between blocks in
    /// use. Never returns.
    pub(crate) async fn release_free_memory(self: Arc<Self>) {
        loop {
            self.ended.notified().await;
            // A burst is over once no large request ends for a while; a longer one is interrupted now and then.
            sleep(RELEASE_INTERVAL).await;
            os::unblock(os::release_free_memory).await;
        }
    }

    /// Waits until there is no debt. Only answers that are being written have debts, and each of them ends, since its client
    /// has a deadline.
    async fn wait_for_payment(&self) {
        loop {
            let mut paid = pin!(self.paid.notified());
            // From here on a payment is not missed.
            paid.as_mut().enable();
            if !self.has_debt() {
                return;
            }
            paid.await;
        }
    }

    fn has_debt(&self) -> bool {
        self.debt.load(Ordering::Acquire) > 0
    }

    /// Takes bytes of the shared part without waiting. What it does not have becomes a debt.
    fn overdraw(&self, bytes: usize) {
        let missing = bytes - self.shared.forget_permits(bytes);
        // A review of a Pod never has a debt, and need not write to memory that all workers share.
        if missing > 0 {
            self.debt.fetch_add(missing, Ordering::AcqRel);
        }
    }

    /// Gives bytes back to the shared part. They pay the debt first.
    fn give_back(&self, bytes: usize) {
        let mut paid = 0;
        if self.has_debt() {
            let pay = |debt: usize| {
                paid = debt.min(bytes);
                Some(debt - paid)
            };
            let before = self.debt.fetch_update(Ordering::AcqRel, Ordering::Acquire, pay);
            if before == Ok(paid) {
                self.paid.notify_waiters();
            }
        }
        self.shared.add_permits(bytes - paid);
    }

    /// Waits for the reserve, and for the end of the debt: the answer of each body on the reserve could add to it.
    async fn take_reserve(&self) {
        loop {
            self.wait_for_payment().await;
            // The semaphore is never closed.
            if let Ok(permit) = self.reserve.acquire().await
                && !self.has_debt()
            {
                return permit.forget();
            }
        }
    }
}

impl<'b> WaitingRequest<'b> {
    fn new(waiting: &'b AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for WaitingRequest<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl BodyCharge {
    /// Returns a charge of zero bytes for a body of this length. `None` if the client does not send the length.
    pub(super) fn new(budget: &Arc<BodyBudget>, length: Option<usize>) -> Self {
        Self {
            budget: Arc::clone(budget),
            is_short: length.is_some_and(|length| length <= SHORT),
            from_short: 0,
            from_shared: 0,
            has_reserve: false,
            was_large: false,
        }
    }

    /// Charges `bytes` more as soon as the budget has room. Sets `waits` while it has none.
    pub(super) async fn add(&mut self, bytes: usize, waits: &AtomicBool) {
        if self.has_reserve {
            // The reserve has room for the rest of any body.
            return;
        }
        let count = u32::try_from(bytes).unwrap_or(u32::MAX);
        let budget = self.budget.as_ref();
        // Short bodies have memory of their own, so that a few large ones cannot delay all Pods.
        if self.is_short
            && !budget.has_debt()
            && let Ok(permit) = budget.short.try_acquire_many(count)
        {
            permit.forget();
            self.from_short += bytes;
            return;
        }
        if let Ok(permit) = budget.shared.try_acquire_many(count) {
            permit.forget();
            self.from_shared += bytes;
            return;
        }
        waits.store(true, Ordering::Relaxed);
        let _waiting = WaitingRequest::new(&budget.waiting);
        // Either is enough: room in the budget, or the reserve, which one body at a time may use.
        tokio::select! {
            // The semaphore is never closed, so the pattern always matches.
            Ok(permit) = budget.shared.acquire_many(count) => {
                permit.forget();
                self.from_shared += bytes;
            }
            () = budget.take_reserve() => self.has_reserve = true,
        }
        waits.store(false, Ordering::Relaxed);
    }

    /// Charges the longest answer that the body can have, once there is no debt.
    pub(super) async fn expect_answer(&mut self) {
        if self.budget.has_debt() {
            let _waiting = WaitingRequest::new(&self.budget.waiting);
            self.budget.wait_for_payment().await;
        }
        let body = self.from_short + self.from_shared;
        let answer = match self.has_reserve {
            true => MAX_ANSWER,
            false => body.saturating_mul(GROWTH).min(MAX_ANSWER),
        };
        self.budget.overdraw(answer);
        self.from_shared += answer;
    }

    /// Replaces the charge of the body by that of its answer.
    pub(super) fn change_to_answer(&mut self, bytes: usize) {
        self.was_large |= self.is_large();
        // A client that reads slowly must not keep what is there for other bodies.
        self.release_shares();
        match self.from_shared.checked_sub(bytes) {
            Some(rest) => self.budget.give_back(rest),
            None => self.budget.overdraw(bytes - self.from_shared),
        }
        self.from_shared = bytes;
    }

    fn is_large(&self) -> bool {
        self.has_reserve || self.from_short + self.from_shared >= LARGE
    }

    /// Releases the share for short bodies, and the reserve.
    fn release_shares(&mut self) {
        self.budget
            .short
            .add_permits(std::mem::take(&mut self.from_short));
        if std::mem::take(&mut self.has_reserve) {
            self.budget.reserve.add_permits(1);
        }
    }
}

impl Drop for BodyCharge {
    fn drop(&mut self) {
        let is_large = self.was_large || self.is_large();
        self.release_shares();
        self.budget.give_back(self.from_shared);
        if is_large {
            self.budget.ended.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1 << 10;

    async fn charged(budget: &Arc<BodyBudget>, bytes: usize) -> BodyCharge {
        let mut charge = BodyCharge::new(budget, Some(bytes));
        charge.add(bytes, &AtomicBool::new(false)).await;
        charge
    }

    /// Returns the charge of a body, if the budget has room for it now.
    async fn charged_now(budget: &Arc<BodyBudget>, bytes: usize) -> Option<BodyCharge> {
        let charge = charged(budget, bytes);
        tokio::time::timeout(Duration::from_millis(50), charge).await.ok()
    }

    #[tokio::test]
    async fn bodies_wait_until_the_debt_of_answers_is_paid() {
        let budget = Arc::new(BodyBudget::new(2 * MAX_BODY));
        let mut answers = Vec::new();
        for _ in 0..4 {
            let mut charge = charged(&budget, KIB).await;
            charge.change_to_answer(3 << 20);
            answers.push(charge);
            if budget.has_debt() {
                break;
            }
        }
        assert_eq!(answers.len(), 3);
        // Neither the share for short bodies nor the reserve has room while there is a debt.
        for bytes in [KIB, 2 * SHORT] {
            assert!(charged_now(&budget, bytes).await.is_none());
        }
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { charged(&budget, 2 * SHORT).await }
        });
        answers.pop();
        assert!(!budget.has_debt());
        assert!(charged_now(&budget, KIB).await.is_some());
        tokio::time::timeout(Duration::from_secs(10), waiting)
            .await
            .unwrap()
            .unwrap();
    }

    #[tokio::test]
    async fn body_on_the_reserve_continues_once_the_debt_is_paid() {
        // A budget of nothing but the reserve.
        let budget = Arc::new(BodyBudget::new(MAX_BODY));
        let mut answer = charged(&budget, SHORT).await;
        assert!(answer.has_reserve);
        answer.change_to_answer(KIB);
        assert!(charged_now(&budget, KIB).await.is_none());
        drop(answer);
        assert!(charged_now(&budget, KIB).await.unwrap().has_reserve);
    }

    #[tokio::test]
    async fn everything_is_given_back() {
        let budget = Arc::new(BodyBudget::new(64 << 20));
        let before = (
            budget.short.available_permits(),
            budget.shared.available_permits(),
        );
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..64 {
            let budget = Arc::clone(&budget);
            tasks.spawn(async move {
                let mut charge = charged(&budget, (number % 9) << 20).await;
                tokio::task::yield_now().await;
                charge.change_to_answer((number % 7) << 20);
                tokio::task::yield_now().await;
            });
        }
        tasks.join_all().await;
        assert_eq!(
            (
                budget.short.available_permits(),
                budget.shared.available_permits()
            ),
            before
        );
        assert!(!budget.has_debt());
        assert_eq!(budget.reserve.available_permits(), 1);
    }
}

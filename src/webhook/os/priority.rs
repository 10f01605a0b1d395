//! Work with a lower priority than requests.

use std::panic;
use std::thread;

/// Runs `work` on a new thread with a low priority, which the threads that it starts inherit.
///
/// Compilation of a large set takes a second, and requests in that second must not wait for it. A new thread is needed
/// because a thread without privileges cannot raise its priority again.
pub(crate) fn with_low_priority<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            lower_priority();
            work()
        });
        working.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })
}

/// Lets this thread run only while no other thread wants the processor.
///
/// A nice value is not enough: a thread that wakes up for a request would wait until the slice of this one ends, which is
/// some milliseconds.
pub(crate) fn leave_processors_to_others() {
    #[cfg(target_os = "linux")]
    #[expect(
        unsafe_code,
        reason = "the functions have no safe wrappers, and their caller has no obligations"
    )]
    // SAFETY: the calls take numbers, and a number that lives until they return. On Linux they change only the
    // calling thread; musl's own `sched_setscheduler` always fails, because POSIX means the whole process. If a sandbox
    // forbids the calls, the thread has a higher priority.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, LOWEST);
        // `struct sched_param` of the kernel.
        let priority: libc::c_int = 0;
        libc::syscall(
            libc::SYS_sched_setscheduler,
            0,
            libc::SCHED_IDLE,
            &raw const priority,
        );
    }
}

/// Lowers the priority of this thread.
///
/// On a single processor the nice value is 19: if requests use all of it, the thread gets about a seventieth. On
/// several processors one of them is reserved for requests, and a set must not take minutes to become active because
/// another process is busy. There the nice value is 5, which is about a third of the share of a request.
fn lower_priority() {
    let has_one = thread::available_parallelism().is_ok_and(|count| count.get() == 1);
    let nice = if has_one { LOWEST } else { LOW };
    #[cfg(target_os = "linux")]
    #[expect(
        unsafe_code,
        reason = "the function has no safe wrapper, and its caller has no obligations"
    )]
    // SAFETY: `setpriority` takes only numbers. On Linux it changes only the calling thread. If a sandbox forbids the
    // call, the work runs with the normal priority.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, nice);
    }
}

#[cfg(target_os = "linux")]
const LOWEST: libc::c_int = 19;
#[cfg(target_os = "linux")]
const LOW: libc::c_int = 5;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Returns the nice value of this thread: field 19, of which the first two end with the name in parentheses.
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn only_the_work_and_its_threads_have_a_low_priority() {
        let before = niceness();
        let (own, started) = with_low_priority(|| (niceness(), thread::spawn(niceness).join().unwrap()));
        assert!(own == LOWEST || own == LOW, "{own}");
        assert_eq!(own, started);
        assert_eq!(niceness(), before);
    }

    #[test]
    fn thread_that_leaves_processors_to_others_has_the_idle_policy() {
        let policy = thread::spawn(|| {
            leave_processors_to_others();
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let (_, fields) = stat.rsplit_once(") ").unwrap();
            // Field 41.
            fields.split(' ').nth(38).unwrap().parse::<i32>().unwrap()
        });
        assert_eq!(policy.join().unwrap(), libc::SCHED_IDLE);
    }

    #[test]
    fn panic_of_the_work_is_propagated() {
        let panicked = panic::catch_unwind(|| with_low_priority(|| panic!("expected panic")));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"expected panic"));
    }
}

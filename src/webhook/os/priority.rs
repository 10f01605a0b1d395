//! Work that requests need not wait for.

use std::panic;
use std::thread;

/// Does some work on a thread of its own, which with all threads that it starts gets the processor only as far as
/// requests leave it: to compile a large set takes a second, and a request comes in the middle of it.
///
/// It is a thread of its own since without a privilege no thread can take back what it gave up.
pub(crate) fn with_low_priority<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            lower_priority();
            work()
        });
        working.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })
}

/// Gives this thread a lower priority. On a single processor it is the lowest that still has a share where requests
/// take all that there is: a seventieth. Where there are more, one is left to requests anyway, and a set must not take
/// minutes to be in force because something else is busy: there it has a third of the share of a request.
fn lower_priority() {
    let has_one = thread::available_parallelism().is_ok_and(|count| count.get() == 1);
    let nice = if has_one { LOWEST } else { LOW };
    #[cfg(target_os = "linux")]
    #[expect(
        unsafe_code,
        reason = "there is no safe way to call it, and nothing that a caller has to see to"
    )]
    // SAFETY: `setpriority` takes numbers only. On Linux it is about the calling thread alone, and where a sandbox
    // forbids it, the work is done as any other.
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

    /// The nice value of this thread: the nineteenth field, of which two stand before the name's end.
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn only_the_work_and_what_it_starts_steps_back() {
        let before = niceness();
        let (own, started) = with_low_priority(|| (niceness(), thread::spawn(niceness).join().unwrap()));
        assert!(own == LOWEST || own == LOW, "{own}");
        assert_eq!(own, started);
        assert_eq!(niceness(), before);
    }

    #[test]
    fn a_panic_of_the_work_is_a_panic_here() {
        let panicked = panic::catch_unwind(|| with_low_priority(|| panic!("as it comes")));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"as it comes"));
    }
}

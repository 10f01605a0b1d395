//! Freed memory that the allocator would keep.
//!
//! glibc has several arenas. By default it keeps the free end of each, and raises its thresholds up to 64 MiB if large
//! buffers are freed, so that the memory of a burst stays for weeks.

/// Makes the allocator return free memory to the system once an arena ends with more than 1 MiB of it. Called once, at
/// the start.
///
/// Buffers of 1 MiB and more have a mapping of their own, which ends with them: a review has such a buffer only if it is
/// far larger than those of real Pods.
pub(crate) fn limit_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "the function has no safe wrapper, and its caller has no obligations"
    )]
    // SAFETY: `mallopt` takes only numbers. A setting that the allocator does not accept has no effect.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE);
        // Small blocks are merged when they are freed. If they were merged later, `malloc_trim` would add them to the end
        // of an arena that it does not trim. (Each thread has a cache for its most recent small blocks in any case.)
        libc::mallopt(libc::M_MXFAST, 0);
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 1 << 20;

/// Returns freed memory between blocks that are in use to the system. Only a call can do that.
///
/// The call locks each arena of the allocator for a while, so it is made after the load of a set and a moment after large
/// requests, never within a request.
pub(crate) fn release_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "the function has no safe wrapper, and its caller has no obligations"
    )]
    // SAFETY: `malloc_trim` touches only memory that is free, and takes the locks that it needs.
    unsafe {
        libc::malloc_trim(0);
    }
}

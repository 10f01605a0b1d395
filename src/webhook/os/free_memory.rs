//! Freed memory that the allocator still holds.

/// Returns freed memory to the system. glibc would keep it, possibly for weeks, until a set of that size is loaded
/// again.
///
/// The call locks each arena of the allocator for a while, so it is made after the load of a set, never for a request.
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

//! Memory that is free and still held.

/// Gives memory that was freed back to the system: glibc keeps it for later, and later may be the next release.
///
/// It locks each of the allocator's arenas for a while: for the time after a large set, not for the path of a request.
pub(crate) fn release_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "there is no safe way to call it, and nothing that a caller has to see to"
    )]
    // SAFETY: `malloc_trim` touches only memory that is free, and takes the locks that it needs.
    unsafe {
        libc::malloc_trim(0);
    }
}

//! The limit of open files, which connections count against.

use std::io;

/// Raises the soft limit of open files to the hard limit, and returns it. `u64::MAX` means no limit.
///
/// Systems keep the soft limit at 1,024 for programs that use `select`, and this one does not.
///
/// # Errors
///
/// Returns an error if the system does not tell the limit, or does not raise it.
pub(crate) fn raise_open_files() -> io::Result<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    #[expect(unsafe_code, reason = "the functions have no safe wrapper")]
    // SAFETY: each call gets a valid pointer to a struct of this frame, and keeps none.
    let is_raised = unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 && {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) == 0
        }
    };
    if !is_raised {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_max)
}

//! The number of connections that the limit of open files allows.

use std::io;

/// Files that the process needs for everything but connections, with room for connections that are being closed.
const OTHER_FILES: u64 = 64;

/// Returns the number of connections that each port can have, at most `wanted`, and warns if it is lower. `open_files` is
/// the limit of open files.
///
/// Without a lower number, the connections of one port could use up the files that the other one needs.
pub(crate) fn connections_within(open_files: io::Result<u64>, wanted: usize) -> usize {
    let open_files = match open_files {
        Ok(open_files) => open_files,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            return wanted;
        }
    };
    let connections = number(open_files, wanted);
    if connections < wanted {
        tracing::warn!(
            open_files,
            max_connections = wanted,
            connections,
            "the limit of open files is too low for the connections of both ports"
        );
    }
    connections
}

fn number(open_files: u64, wanted: usize) -> usize {
    let of_port = open_files.saturating_sub(OTHER_FILES) / 2;
    // A port without connections cannot answer.
    wanted.min(usize::try_from(of_port).unwrap_or(usize::MAX).max(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_port_has_half_of_the_files() {
        assert_eq!(number(1024, 2000), 480);
        assert_eq!(number(4064, 2000), 2000);
        assert_eq!(number(4063, 2000), 1999);
        assert_eq!(number(u64::MAX, 2000), 2000);
        assert_eq!(number(20, 2000), 8);
        assert_eq!(number(20, 2), 2);
    }
}

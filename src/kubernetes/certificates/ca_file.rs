//! The file with the CA certificates for `caBundle`, in the modes in which the Secret does not have them.

use std::fmt;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use imageswap_files::{MAX_READ, ReadError};
use tokio::time::{sleep, timeout};

use super::certificate::{MAX_TEXT, all_authorities, bundle};
use super::report::CertificateReport;
use crate::kubernetes::trust::Trust;
use crate::webhook::unblock;

/// Time between two reads of the file.
const INTERVAL: Duration = Duration::from_secs(5);

/// A file has no CA certificates.
#[derive(Debug)]
enum CaFileProblem {
    Read(ReadError),
    Empty,
    /// Some part of it is not a certificate.
    Invalid,
}

/// Keeps what `caBundle` must have as the file says. Never returns.
pub(super) async fn keep(path: &Path, trust: &Trust, report: &CertificateReport<'_>) {
    loop {
        let file = path.to_owned();
        let mut reading = pin!(unblock(move || read(&file)));
        let read = match timeout(MAX_READ, &mut reading).await {
            Ok(read) => read,
            Err(_) => {
                let problem = CaFileProblem::Read(ReadError::no_answer(path.display()));
                report.bundle(Some(describe(path, &problem, trust)));
                // One thread that never ends is enough.
                reading.await
            }
        };
        if let Ok(bundle) = &read {
            trust.want(bundle);
        }
        report.bundle(read.err().map(|problem| describe(path, &problem, trust)));
        sleep(INTERVAL).await;
    }
}

fn describe(path: &Path, problem: &CaFileProblem, trust: &Trust) -> String {
    let stays = match trust.wanted().borrow().as_ref() {
        Some(_) => "; the previous certificates stay in caBundle",
        None => "",
    };
    format!("--ca-file {}: {problem}{stays}", path.display())
}

/// Returns the certificates of the file, in PEM, and nothing else that it has, such as a key.
fn read(path: &Path) -> Result<String, CaFileProblem> {
    let text = imageswap_files::read(path, MAX_TEXT as u64).map_err(CaFileProblem::Read)?;
    match all_authorities(&text) {
        Some(found) if found.is_empty() => Err(CaFileProblem::Empty),
        Some(found) => Ok(bundle(&found)),
        None => Err(CaFileProblem::Invalid),
    }
}

impl fmt::Display for CaFileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "{error}"),
            Self::Empty => f.write_str("no certificate in PEM format"),
            Self::Invalid => f.write_str(
                "a part is not a certificate, or there are too many; give at most 32 CA certificates",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use time::OffsetDateTime;

    use super::*;
    use crate::kubernetes::certificates::authority::Authority;
    use crate::kubernetes::certificates::moment::Moment;

    #[test]
    fn file_gives_its_certificates_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.crt");
        let read = |text: &[u8]| {
            fs::write(&path, text).unwrap();
            read(&path).map_err(|problem| problem.to_string())
        };
        let now = OffsetDateTime::now_utc();
        let [first, second] = [(), ()].map(|()| Authority::generate(Moment::new(now, now)).unwrap());
        let both = first.certificate.to_pem() + &second.certificate.to_pem();
        let with_key = format!("# ours\n{}{both}", first.key_pem());
        assert_eq!(read(with_key.as_bytes()), Ok(both.clone()));
        assert_eq!(read(b"# later\n"), Err("no certificate in PEM format".to_owned()));
        assert!(read(&[0xff]).is_err() && read(&vec![b'a'; MAX_TEXT + 1]).is_err());
        let garbage = both.replace("MII", "MIJ");
        for invalid in [garbage, first.certificate.to_pem().repeat(33)] {
            assert!(
                read(invalid.as_bytes())
                    .unwrap_err()
                    .starts_with("a part is not a certificate")
            );
        }
    }
}

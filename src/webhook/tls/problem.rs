//! Problems of a certificate that can be served: clients reject it, or soon will.

use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A problem of a certificate. A place is that in the chain, from 1 for the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CertificateProblem {
    /// The certificate has expired.
    Expired { place: usize, not_after: OffsetDateTime },
    /// The certificate expires soon.
    ExpiresSoon { place: usize, not_after: OffsetDateTime },
    /// The certificate is not yet valid.
    NotYetValid {
        place: usize,
        not_before: OffsetDateTime,
    },
    /// The leaf has no DNS name and no IP address.
    NoName,
}

/// The result of a check of dates, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// The time is between the dates.
    Valid,
    /// Clients will accept the certificate.
    NotYetValid,
    /// Clients never accept the certificate again.
    Expired,
}

impl CertificateProblem {
    /// Returns what the problem means for the dates.
    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::Expired { .. } => Standing::Expired,
            Self::NotYetValid { .. } => Standing::NotYetValid,
            Self::ExpiresSoon { .. } | Self::NoName => Standing::Valid,
        }
    }

    /// Returns the text that says what to do. `is_own` is true if the webhook renews the pair by itself.
    pub(crate) const fn help(self, is_own: bool) -> &'static str {
        match self {
            Self::Expired { .. } | Self::ExpiresSoon { .. } if is_own => {
                "the webhook renews the key pair; if it cannot, another line has the reason"
            }
            Self::Expired { .. } | Self::ExpiresSoon { .. } => "renew the key pair",
            Self::NotYetValid { .. } => "check the clocks of the issuer and of this node",
            Self::NoName => "issue a certificate with the DNS name SERVICE.NAMESPACE.svc",
        }
    }

    /// Logs the problem as a warning about the pair of a directory, or of the webhook itself.
    pub(super) fn log(self, directory: Option<&str>) {
        let help = self.help(directory.is_none());
        match self {
            Self::Expired { place, not_after } => {
                let not_after = rfc_3339(not_after);
                tracing::warn!(directory, place, not_after, help, "certificate has expired");
            }
            Self::ExpiresSoon { place, not_after } => {
                let not_after = rfc_3339(not_after);
                tracing::warn!(directory, place, not_after, help, "certificate expires soon");
            }
            Self::NotYetValid { place, not_before } => {
                let not_before = rfc_3339(not_before);
                tracing::warn!(directory, place, not_before, help, "certificate is not yet valid");
            }
            Self::NoName => {
                tracing::warn!(directory, help, "certificate has no subject alternative name");
            }
        }
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Expired { place, not_after } => {
                write!(f, "{} expired at {}", subject(place), rfc_3339(not_after))
            }
            Self::ExpiresSoon { place, not_after } => {
                write!(f, "{} expires soon, at {}", subject(place), rfc_3339(not_after))
            }
            Self::NotYetValid { place, not_before } => {
                write!(
                    f,
                    "{} is not valid before {}",
                    subject(place),
                    rfc_3339(not_before)
                )
            }
            Self::NoName => write!(f, "{} has no subject alternative name", subject(1)),
        }
    }
}

/// Returns a date in the form of RFC 3339.
pub(super) fn rfc_3339(date: OffsetDateTime) -> String {
    // It has the years 0 to 9999, as certificates do.
    date.format(&Rfc3339).unwrap_or_default()
}

fn subject(place: usize) -> String {
    match place {
        1 => "the certificate".to_owned(),
        place => format!("certificate {place} of the chain"),
    }
}

//! Dates and names of a certificate chain, which a client checks whatever CA it trusts.

use std::cmp::Reverse;
use std::iter::once;
use std::mem::discriminant;

use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::x509::X509Version;

use super::error::UnreadableChain;
use super::problem::{CertificateProblem, Standing};

/// Maximum time before the end of a certificate at which it expires soon. Issuers renew earlier: cert-manager, by
/// default, after two thirds of the lifetime.
const SOON: Duration = Duration::days(14);
/// Part of the lifetime that applies if it is shorter than [`SOON`]. A certificate that lasts a week would otherwise
/// expire soon from its first day.
const SOON_PART: i32 = 6;

/// The dates and names of a chain.
#[derive(Debug)]
pub(super) struct ChainValidity {
    leaf: Dates,
    /// The other certificates, in the order of the chain.
    intermediates: Vec<Dates>,
    has_name: bool,
}

/// The time in which a certificate is valid, both ends included.
#[derive(Clone, Copy, Debug)]
struct Dates {
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl ChainValidity {
    /// Reads the certificates of a chain.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them is not a certificate, or if the leaf cannot have names.
    pub(super) fn read(chain: &[CertificateDer<'_>]) -> Result<Self, UnreadableChain> {
        let mut certificates = (1..).zip(chain).map(|(place, der)| {
            match parse_x509_certificate(der) {
                Ok((&[], certificate)) => Ok(certificate),
                // Bytes after the certificate, or another error.
                Ok(_) | Err(_) => Err(UnreadableChain::NotX509 { place }),
            }
        });
        let leaf = certificates
            .next()
            .unwrap_or(Err(UnreadableChain::NotX509 { place: 1 }))?;
        // Clients do not use the common name as a host name, and only version 3 has other names.
        if leaf.version() != X509Version::V3 {
            // The encoding of version 1 is 0.
            let version = leaf.version().0.saturating_add(1);
            return Err(UnreadableChain::OldVersion { version });
        }
        Ok(Self {
            leaf: Dates::of(&leaf),
            intermediates: certificates
                .map(|certificate| Ok(Dates::of(&certificate?)))
                .collect::<Result<_, _>>()?,
            has_name: has_name(&leaf),
        })
    }

    /// Returns the problems at a time. If several certificates have the same problem, the list has the first one.
    pub(super) fn problems(&self, now: OffsetDateTime) -> Vec<CertificateProblem> {
        let mut problems: Vec<CertificateProblem> = Vec::new();
        for problem in self.problems_of_dates(now) {
            let kind = discriminant(&problem);
            if problems.iter().all(|other| discriminant(other) != kind) {
                problems.push(problem);
            }
        }
        if !self.has_name {
            problems.push(CertificateProblem::NoName);
        }
        problems
    }

    /// Returns the problem of the dates that makes every client reject the chain at a time.
    pub(super) fn invalid_at(&self, now: OffsetDateTime) -> Option<CertificateProblem> {
        self.worst(now)
            .filter(|problem| problem.standing() > Standing::Valid)
    }

    /// Returns the problem because of which the chain must not replace the active one. `None` if it is at least as
    /// good: valid is better than not yet valid, which is better than expired.
    pub(super) fn worse_than(&self, active: &Self, now: OffsetDateTime) -> Option<CertificateProblem> {
        let of_active = active
            .worst(now)
            .map_or(Standing::Valid, CertificateProblem::standing);
        self.worst(now).filter(|problem| problem.standing() > of_active)
    }

    /// Returns true if the leaf has a DNS name or an IP address as subject alternative name.
    pub(super) fn has_name(&self) -> bool {
        self.has_name
    }

    /// Returns the last second of the leaf.
    pub(super) fn leaf_expiry(&self) -> OffsetDateTime {
        self.leaf.not_after
    }

    /// Returns the problem of the dates that matters most. Of several, it is the first one.
    fn worst(&self, now: OffsetDateTime) -> Option<CertificateProblem> {
        self.problems_of_dates(now)
            .min_by_key(|problem| Reverse(problem.standing()))
    }

    fn problems_of_dates(&self, now: OffsetDateTime) -> impl Iterator<Item = CertificateProblem> {
        let certificates = (1..).zip(once(&self.leaf).chain(&self.intermediates));
        certificates.filter_map(move |(place, dates)| dates.problem(place, now))
    }
}

impl Dates {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        Self {
            not_before: certificate.validity.not_before.to_datetime(),
            not_after: certificate.validity.not_after.to_datetime(),
        }
    }

    fn problem(self, place: usize, now: OffsetDateTime) -> Option<CertificateProblem> {
        let Self {
            not_before,
            not_after,
        } = self;
        let soon = SOON.min((not_after - not_before) / SOON_PART);
        if now > not_after {
            Some(CertificateProblem::Expired { place, not_after })
        } else if now < not_before {
            Some(CertificateProblem::NotYetValid { place, not_before })
        } else if not_after - now <= soon {
            Some(CertificateProblem::ExpiresSoon { place, not_after })
        } else {
            None
        }
    }
}

/// Returns true if the certificate has a name of a kind that clients compare with the host of a URL.
fn has_name(certificate: &X509Certificate<'_>) -> bool {
    let is_name =
        |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_));
    // Clients cannot read an invalid extension either.
    let names = certificate.subject_alternative_name().ok().flatten();
    names.is_some_and(|names| names.value.general_names.iter().any(is_name))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-01-01 00:00:00 UTC);
    const END: OffsetDateTime = datetime!(2026-03-02 00:00:00 UTC);

    fn chain(dates: &[(OffsetDateTime, OffsetDateTime)]) -> ChainValidity {
        let mut dates = dates.iter().map(|&(not_before, not_after)| Dates {
            not_before,
            not_after,
        });
        ChainValidity {
            leaf: dates.next().unwrap(),
            intermediates: dates.collect(),
            has_name: true,
        }
    }

    #[test]
    fn certificate_is_valid_at_both_of_its_ends() {
        let chain = chain(&[(START, END)]);
        // 60 days: a sixth is ten days.
        let soon = END - Duration::days(10);
        let second = Duration::SECOND;
        let expires_soon = CertificateProblem::ExpiresSoon {
            place: 1,
            not_after: END,
        };
        for (now, problem) in [
            (
                START - second,
                Some(CertificateProblem::NotYetValid {
                    place: 1,
                    not_before: START,
                }),
            ),
            (START, None),
            (soon - second, None),
            (soon, Some(expires_soon)),
            (END, Some(expires_soon)),
            (
                END + second,
                Some(CertificateProblem::Expired {
                    place: 1,
                    not_after: END,
                }),
            ),
        ] {
            assert_eq!(chain.problems(now), Vec::from_iter(problem), "{now}");
        }
    }

    #[test]
    fn worse_chain_does_not_replace_a_better_one() {
        let now = START;
        let day = Duration::DAY;
        let valid = chain(&[(now - day, END)]);
        let expires_soon = chain(&[(now - 9 * day, now + day)]);
        let early = chain(&[(now + day, END)]);
        let expired = chain(&[(now - 2 * day, now - day)]);
        let of_intermediate = chain(&[(now - day, END), (now - 2 * day, now - day)]);
        let ranks = [
            (2, &valid),
            (2, &expires_soon),
            (1, &early),
            (0, &expired),
            (0, &of_intermediate),
        ];
        for (rank, new) in ranks {
            for (of_active, active) in ranks {
                let is_worse = new.worse_than(active, now).is_some();
                assert_eq!(is_worse, rank < of_active, "{new:?} for {active:?}");
            }
        }
    }

    #[test]
    fn first_certificate_stands_for_all_with_the_same_problem() {
        let day = Duration::DAY;
        let expired = (START, END - day);
        let chain = chain(&[
            (START, END),
            expired,
            (START, END - 2 * day),
            (END + day, END + 2 * day),
        ]);
        assert_eq!(
            chain.problems(END),
            [
                CertificateProblem::ExpiresSoon {
                    place: 1,
                    not_after: END
                },
                CertificateProblem::Expired {
                    place: 2,
                    not_after: END - day
                },
                CertificateProblem::NotYetValid {
                    place: 4,
                    not_before: END + day
                },
            ]
        );
        assert_eq!(
            chain.invalid_at(END),
            Some(CertificateProblem::Expired {
                place: 2,
                not_after: END - day
            })
        );
    }
}

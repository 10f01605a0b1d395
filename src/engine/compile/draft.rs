//! A compiled set that nothing has verified yet, and its verification.

use super::preview::Preview;
use super::rule_set::RuleSet;
use crate::analysis::{lints, termination};
use crate::diagnostic::Findings;
use crate::lower::Constants;
use crate::rules::Compiled;
use crate::suite::Test;

/// A compiled set that nothing has verified.
#[derive(Debug)]
pub struct Draft {
    /// `None` if a statement has an error.
    compiled: Option<Compiled>,
    tests: Vec<Test>,
    constants: Constants,
    findings: Findings,
}

/// A set that passed every check, with the parts that requests do not need.
#[derive(Debug)]
pub struct Verified {
    /// The verified set.
    pub rules: RuleSet,
    /// Tests of the set.
    pub tests: Vec<Test>,
    /// Constants of the set.
    pub constants: Constants,
    /// Warnings and notices about statements and about the set.
    pub findings: Findings,
}

/// A set that failed a check. It contains the draft, so that the caller can show a preview.
#[derive(Debug)]
pub struct Rejected {
    /// The rejected set.
    pub draft: Draft,
    /// Findings about statements and about the set, at least one of them an error.
    pub findings: Findings,
}

/// A check that [`Draft::verify`] passes to its caller to run.
pub type Check<'c> = &'c (dyn Fn() -> Findings + Sync);

impl Draft {
    pub(super) fn new(
        compiled: Option<Compiled>,
        tests: Vec<Test>,
        constants: Constants,
        findings: Findings,
    ) -> Self {
        Self {
            compiled,
            tests,
            constants,
            findings,
        }
    }

    /// Returns the findings about single statements.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Returns the tests of the set.
    #[must_use]
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// Returns the constants of the set.
    #[must_use]
    pub fn constants(&self) -> &Constants {
        &self.constants
    }

    /// Returns a preview of the set; `None` if a statement has an error.
    #[must_use]
    pub fn preview(&self) -> Option<Preview<'_>> {
        self.compiled.as_ref().map(Preview::new)
    }

    /// Removes the tests of the set, so that a failed test does not reject it.
    #[must_use]
    pub fn without_tests(self) -> Self {
        Self {
            tests: Vec::new(),
            ..self
        }
    }

    /// Verifies the set: the termination check, then its tests, and the lints.
    ///
    /// `run` executes two checks and returns their findings in the same order. They are independent of one another, so
    /// the caller can run them on two threads. Without threads `run` is `|a, b| (a(), b())`.
    ///
    /// # Errors
    ///
    /// Returns the draft if a statement has an error, if an evaluation might not settle, or if a test fails.
    #[expect(
        clippy::result_large_err,
        reason = "a set is verified once, and both sides carry the set"
    )]
    pub fn verify(
        self,
        run: impl FnOnce(Check<'_>, Check<'_>) -> (Findings, Findings),
    ) -> Result<Verified, Rejected> {
        // A set with missing rules would evaluate differently, so its tests and lints would mislead.
        let Some(compiled) = self.compiled.as_ref().filter(|_| !self.findings.has_errors()) else {
            return Err(self.reject());
        };
        // The caller has two threads: one for these two, the other for the lints.
        let settle_and_test = || {
            let mut findings = termination::check(compiled);
            findings.append(compiled.test_findings(&self.tests));
            findings
        };
        let (checked, linted) = run(&settle_and_test, &|| lints::lint(compiled));
        let mut findings = self.findings;
        findings.append(checked);
        findings.append(linted);
        findings.sort();
        match self.compiled {
            Some(compiled) if !findings.has_errors() => Ok(Verified {
                rules: RuleSet::new(compiled),
                tests: self.tests,
                constants: self.constants,
                findings,
            }),
            compiled => Err(Rejected {
                draft: Self {
                    compiled,
                    // The findings move to the result, so that nobody reports them twice.
                    findings: Findings::default(),
                    ..self
                },
                findings,
            }),
        }
    }

    /// Rejects the set without verifying it, because of a fault outside of its statements.
    #[must_use]
    pub fn reject(mut self) -> Rejected {
        Rejected {
            findings: std::mem::take(&mut self.findings),
            draft: self,
        }
    }
}

//! The lints: warnings about meaning that `allow` excuses, each by its name.

use super::code::Code;

/// A warning about meaning that `allow` can excuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lint {
    /// No image reaches the rule.
    NeverFires,
    /// Different images get the same name.
    SharedTarget,
    /// No image can match the pattern.
    MatchesNothing,
    /// Every result of the swap is denied.
    AlwaysRefused,
    /// The wildcard for the hosts below a registry leaves out the registry itself.
    BareRegistry,
    /// The test passes without any rule.
    IdleTest,
    /// The target repeats the image's tag, which drops its digest.
    StaysAnyway,
}

/// A set of lints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lints(u32);

// Each lint has a bit in the set.
const _: () = assert!(Lint::ALL.len() <= u32::BITS as usize);

impl Lint {
    /// Every lint, in the order of the registry of codes, which a test compares with this list.
    pub const ALL: [Self; 7] = [
        Self::NeverFires,
        Self::SharedTarget,
        Self::MatchesNothing,
        Self::AlwaysRefused,
        Self::BareRegistry,
        Self::IdleTest,
        Self::StaysAnyway,
    ];

    /// Returns the code of its findings, which is also its name.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::NeverFires => Code::NEVER_FIRES,
            Self::SharedTarget => Code::SHARED_TARGET,
            Self::MatchesNothing => Code::MATCHES_NOTHING,
            Self::AlwaysRefused => Code::ALWAYS_REFUSED,
            Self::BareRegistry => Code::BARE_REGISTRY,
            Self::IdleTest => Code::IDLE_TEST,
            Self::StaysAnyway => Code::STAYS_ANYWAY,
        }
    }

    /// Returns the lint of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lint| lint.code().as_str() == name)
    }

    /// Returns the lint whose findings have this code.
    #[must_use]
    pub fn of_code(code: Code) -> Option<Self> {
        Self::ALL.into_iter().find(|lint| lint.code() == code)
    }

    /// Returns true if its findings are about rules, so that the `allow` of a rule has an effect.
    #[must_use]
    pub const fn is_about_rules(self) -> bool {
        match self {
            Self::NeverFires
            | Self::SharedTarget
            | Self::MatchesNothing
            | Self::AlwaysRefused
            | Self::BareRegistry
            | Self::StaysAnyway => true,
            Self::IdleTest => false,
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl Lints {
    pub(crate) fn insert(&mut self, lint: Lint) {
        self.0 |= lint.bit();
    }

    pub(crate) fn contains(self, lint: Lint) -> bool {
        self.0 & lint.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_has_every_lint_of_the_registry_once() {
        let named: Vec<Code> = Code::ALL
            .iter()
            .copied()
            .filter(|code| !code.as_str().ends_with(|last: char| last.is_ascii_digit()))
            .collect();
        assert_eq!(Lint::ALL.map(Lint::code).as_slice(), named);
    }

    #[test]
    fn lint_set_distinguishes_all_lints() {
        for lint in Lint::ALL {
            let mut lints = Lints::default();
            lints.insert(lint);
            let contained: Vec<Lint> = Lint::ALL
                .into_iter()
                .filter(|other| lints.contains(*other))
                .collect();
            assert_eq!(contained, [lint]);
        }
    }
}

//! The statements of a rules file, as places in its text.

use crate::context::Subject;
use crate::diagnostic::{SourceId, Span};

/// A rules file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The text that all words point into.
    pub source: SourceId,
    /// The statements in the order of the text, without those that have an error.
    pub statements: Vec<Statement>,
    /// The statements that have an error: what they would have defined is not unknown.
    pub broken: Vec<Word>,
}

/// A run of bytes in the text of a [`File`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From its first word to its last.
    pub word: Word,
    /// What it says.
    pub kind: StatementKind,
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `rules VERSION when CONDITION`
    Rules {
        /// The version, `v1`.
        version: Word,
        /// The condition of all rules of the file.
        when: Option<Vec<Condition>>,
    },
    /// `let NAME = VALUE`
    Let {
        /// The name.
        name: Word,
        /// The value.
        value: Value,
    },
    /// `home PREFIX, ...`
    Home {
        /// The prefixes.
        prefixes: Vec<Word>,
    },
    /// `swap`, `keep`, `deny` or `warn`
    Rule(Box<Rule>),
    /// `off NAME`
    Off {
        /// The name of the rule.
        name: Word,
        /// The text in quotes that says why.
        because: Option<Word>,
    },
    /// `test IMAGE OUTCOME`
    Test {
        /// The image.
        image: Word,
        /// What must come out.
        outcome: Outcome,
        /// Its setting.
        when: Option<Vec<Condition>>,
    },
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Puts the image elsewhere.
    Swap,
    /// Leaves it.
    Keep,
    /// Refuses the object.
    Deny,
    /// Warns, and goes on to the next rule.
    Warn,
}

/// A value of `let`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// One word.
    Word(Word),
    /// A text, with its quotes.
    Text(Word),
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// Whether the pattern is a glob over the image as it is spelled.
    pub written: bool,
    /// The pattern, or the glob.
    pub pattern: Word,
    /// The target; of a swap alone.
    pub target: Option<Word>,
    /// What follows, in the order of the text: each may stand there once.
    pub modifiers: Vec<Modifier>,
}

/// What follows a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    /// Its keyword.
    pub keyword: Word,
    /// What it says.
    pub kind: ModifierKind,
}

/// What a [`Modifier`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModifierKind {
    /// `when CONDITION`
    When(Vec<Condition>),
    /// `as NAME`
    As(Word),
    /// `because "TEXT"`, with its quotes.
    Because(Word),
    /// `pull-secret SECRET`
    PullSecret(Word),
    /// `allow LINT, ...`
    Allow(Vec<Word>),
}

/// What must come out of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This image.
    Image(Word),
    /// It stays.
    Keep,
    /// It is refused.
    Deny,
    /// A warn rule speaks.
    Warn,
}

/// One condition of a list that `and` joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// From `not`, or from its name, to its last value.
    pub word: Word,
    /// Whether `not` stands before it.
    pub negated: bool,
    /// What it asks about.
    pub subject: Subject,
    /// The values; none for [`Subject::Unqualified`].
    pub values: Vec<Word>,
}

impl Word {
    /// The place in the text of a file.
    #[must_use]
    pub fn span(self, source: SourceId) -> Span {
        Span {
            source,
            start: self.start,
            end: self.end,
        }
    }

    /// What stands there.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

impl Action {
    /// The keyword of its statement.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Swap => "swap",
            Self::Keep => "keep",
            Self::Deny => "deny",
            Self::Warn => "warn",
        }
    }
}

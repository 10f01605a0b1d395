//! The statements of a rules file, as ranges of its text.

use crate::context::Subject;
use crate::diagnostic::{SourceId, Span};

/// A rules file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The text that all words refer to.
    pub source: SourceId,
    /// Statements in the order of the text, without those that have an error.
    pub statements: Vec<Statement>,
    /// Statements with an error, so that the names that they define are not unknown.
    pub broken: Vec<Word>,
}

/// A range of bytes in the text of a [`File`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Index of the first byte.
    pub start: u32,
    /// Index after the last byte.
    pub end: u32,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From its first word to its last.
    pub word: Word,
    /// Its kind and its parts.
    pub kind: StatementKind,
}

/// Kind of a statement, with its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `rules VERSION when CONDITION`
    Rules {
        /// Version, such as `v1`.
        version: Word,
        /// Condition of all rules of the file.
        when: Option<Vec<Condition>>,
    },
    /// `let NAME = VALUE`
    Let {
        /// Name of the constant.
        name: Word,
        /// Value of the constant.
        value: Value,
    },
    /// `home PREFIX, ...`
    Home {
        /// Prefixes.
        prefixes: Vec<Word>,
    },
    /// `swap`, `keep`, `deny` or `warn`
    Rule(Box<Rule>),
    /// `off NAME`
    Off {
        /// Name of the rule.
        name: Word,
        /// Quoted reason.
        because: Option<Word>,
    },
    /// `test IMAGE OUTCOME`
    Test {
        /// Image.
        image: Word,
        /// Expected outcome.
        outcome: Outcome,
        /// Its setting.
        when: Option<Vec<Condition>>,
    },
}

/// Effect of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Replaces the image.
    Swap,
    /// Keeps the image.
    Keep,
    /// Denies the object.
    Deny,
    /// Warns; the evaluation continues with the next rule.
    Warn,
}

/// Value of a `let`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// One word.
    Word(Word),
    /// A quoted text, with its quotes.
    Text(Word),
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its effect.
    pub action: Action,
    /// True if the pattern is a glob over the original image.
    pub written: bool,
    /// Its pattern, or its glob.
    pub pattern: Word,
    /// Its target, if it is a swap.
    pub target: Option<Word>,
    /// Its modifiers in the order of the text, each at most once.
    pub modifiers: Vec<Modifier>,
}

/// A modifier of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    /// Its keyword.
    pub keyword: Word,
    /// Its kind and its parts.
    pub kind: ModifierKind,
}

/// Kind of a [`Modifier`], with its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModifierKind {
    /// `when CONDITION`
    When(Vec<Condition>),
    /// `as NAME`
    As(Word),
    /// `because "TEXT"`, quotes included.
    Because(Word),
    /// `pull-secret SECRET`
    PullSecret(Word),
    /// `allow LINT, ...`
    Allow(Vec<Word>),
}

/// Expected outcome of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This image.
    Image(Word),
    /// The image is kept.
    Keep,
    /// The object is denied.
    Deny,
    /// A `warn` rule matches.
    Warn,
}

/// A condition of a list that `and` joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The range from `not`, or from its subject, to its last value.
    pub word: Word,
    /// True if `not` is before it.
    pub negated: bool,
    /// Its subject.
    pub subject: Subject,
    /// Its values; none for [`Subject::Unqualified`].
    pub values: Vec<Word>,
}

impl Word {
    /// Returns the place in the text of a file.
    #[must_use]
    pub fn span(self, source: SourceId) -> Span {
        Span {
            source,
            start: self.start,
            end: self.end,
        }
    }

    /// Returns the text.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

impl Action {
    /// Returns the keyword of its statement.
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

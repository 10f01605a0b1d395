//! The registry of codes. A code keeps its meaning for ever, and each has a heading in `docs/errors.md`.

use std::fmt;

use super::severity::Severity;

/// Kind of a finding: a letter and four digits for errors and for findings about files, a name for lints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    code: &'static str,
    severity: Severity,
    summary: &'static str,
}

macro_rules! codes {
    ($(#[doc = $summary:literal] $name:ident = $severity:ident $code:literal;)*) => {
        impl Code {
            $(
                #[doc = $summary]
                pub const $name: Self = Self {
                    code: $code,
                    severity: Severity::$severity,
                    summary: $summary,
                };
            )*

            /// All codes, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    // E01: the text of a rules file.

    /// A rules file does not begin with `rules v1`.
    MISSING_HEADER = Error "E0101";
    /// This release does not read the version after `rules`.
    UNKNOWN_VERSION = Error "E0102";
    /// A line begins with a word that begins no statement.
    UNKNOWN_STATEMENT = Error "E0103";
    /// Braces contain a name that is not a constant, a capture or a part of the image.
    UNKNOWN_PLACEHOLDER = Error "E0104";
    /// A statement is indented.
    INDENT = Error "E0105";
    /// A word is of another kind than the statement needs at this point.
    SYNTAX = Error "E0106";
    /// A control character, or unusual white space.
    CHARACTER = Error "E0107";
    /// A quote is not allowed here, or is not closed.
    QUOTES = Error "E0108";
    /// An unknown escape in a quoted text.
    ESCAPE = Error "E0109";
    /// A rule repeats a modifier.
    TWICE = Error "E0110";
    /// A statement continues after its end.
    UNEXPECTED = Error "E0111";
    /// A second `rules` statement, or one that is not the first.
    HEADER_AGAIN = Error "E0112";
    /// A statement is longer than 4,096 bytes.
    STATEMENT_TOO_LONG = Error "E0113";
    /// A set has more rules than allowed.
    TOO_MANY_RULES = Error "E0114";
    /// A brace does not open or close a placeholder.
    BRACE = Error "E0115";
    /// A file is not UTF-8.
    NOT_UTF8 = Error "E0116";
    /// A file is longer than allowed.
    FILE_TOO_LONG = Error "E0117";
    /// A second map file.
    SECOND_MAP = Error "E0118";
    /// A directory contains directories, but no rules files.
    ONLY_DIRECTORIES = Error "E0119";
    /// A set has more files than allowed.
    TOO_MANY_FILES = Error "E0120";

    // E02: names and constants.

    /// A name is not valid.
    BAD_NAME = Error "E0201";
    /// A name has another meaning in the language.
    RESERVED_NAME = Error "E0202";
    /// Two rules have the same name.
    NAME_TWICE = Error "E0203";
    /// Two constants have the same name.
    CONSTANT_TWICE = Error "E0204";
    /// The value of a constant is not allowed where the constant is used.
    CONSTANT_VALUE = Error "E0205";
    /// A word is too long after its constants are expanded.
    CONSTANT_TOO_LONG = Error "E0206";
    /// `allow` names an unknown lint.
    UNKNOWN_LINT = Error "E0207";
    /// `off` names an unknown rule.
    UNKNOWN_RULE = Error "E0208";
    /// `off` in a file with a condition names a rule of another file.
    FOREIGN_RULE = Error "E0209";
    /// A file with a condition has a `home` line.
    CONFINED_HOME = Error "E0210";

    // E03: patterns.

    /// A pattern has a character that no image has.
    PATTERN_CHARACTER = Error "E0301";
    /// A pattern is a registry without a `/` after it.
    BARE_REGISTRY_PATTERN = Error "E0302";
    /// A pattern is a single `*`.
    STAR_ALONE = Error "E0303";
    /// A tag or a digest follows a `/`.
    TAG_AFTER_SLASH = Error "E0304";
    /// A segment has other characters than `**`.
    STARS_IN_SEGMENT = Error "E0305";
    /// A pattern or a target has an empty segment.
    EMPTY_SEGMENT = Error "E0306";
    /// A pattern or a target ends in `:` or `@`.
    EMPTY_TAG = Error "E0307";
    /// A pattern or a target has two tags, two digests, or a tag after the digest.
    TWO_TAGS = Error "E0308";
    /// The registry of a pattern is not valid.
    PATTERN_REGISTRY = Error "E0309";
    /// A glob after `written` is not valid.
    WRITTEN_GLOB = Error "E0310";
    /// A prefix after `home` is not valid.
    HOME_PREFIX = Error "E0311";

    // E04: targets.

    /// A target without a registry.
    NO_REGISTRY = Error "E0401";
    /// The registry of a target is not valid.
    TARGET_REGISTRY = Error "E0402";
    /// The registry of a target has a placeholder.
    REGISTRY_PLACEHOLDER = Error "E0403";
    /// A target ends in `/`, but the pattern does not.
    NOTHING_BELOW = Error "E0404";
    /// A target gives all images below the pattern the same name.
    ALL_BECOME_ONE = Error "E0405";
    /// A target has a wildcard.
    TARGET_WILDCARD = Error "E0406";
    /// A target, or a part of it, cannot be an image.
    TARGET_CHARACTER = Error "E0407";
    /// A target is a registry without a path.
    NO_PATH = Error "E0408";
    /// A target has a digest as its tag.
    DIGEST_AS_TAG = Error "E0409";

    // E05: conditions.

    /// An unknown condition.
    UNKNOWN_CONDITION = Error "E0501";
    /// No object has this value.
    UNKNOWN_VALUE = Error "E0502";
    /// The key of a label or an annotation is missing, or there are several.
    KEY = Error "E0503";

    // E06: the set as a whole.

    /// Rules form a cycle.
    CYCLE = Error "E0601";
    /// The set needs a `home` line.
    NO_HOME = Error "E0602";
    /// The set has too many pairs of swaps to check that every evaluation settles.
    UNPROVEN = Error "E0603";

    // E07: tests.

    /// A test of the set failed.
    TEST_FAILED = Error "E0701";
    /// The image of a test is not valid.
    TEST_IMAGE = Error "E0702";
    /// The setting of a test is not valid.
    TEST_SETTING = Error "E0703";

    // Lints, by the names that `allow` accepts.

    /// No image reaches the rule.
    NEVER_FIRES = Warning "never-fires";
    /// Different images get the same name.
    SHARED_TARGET = Warning "shared-target";
    /// No image can match the pattern.
    MATCHES_NOTHING = Warning "matches-nothing";
    /// Every result of the swap is denied.
    ALWAYS_REFUSED = Warning "always-refused";
    /// The wildcard for the hosts below a registry does not match the registry itself.
    BARE_REGISTRY = Warning "bare-registry";
    /// No rule matches in the test.
    IDLE_TEST = Warning "idle-test";
    /// The target repeats the image's tag, which drops the digest.
    STAYS_ANYWAY = Warning "stays-anyway";

    // N01: notices about a set.

    /// A rule is off.
    RULE_OFF = Notice "N0101";
    /// The `allow` of a rule names a lint that is not about rules.
    ALLOW_WITHOUT_EFFECT = Notice "N0102";
    /// The termination check compares very many pairs of swaps, so the set is slow to load.
    SLOW = Notice "N0103";

    // N09: notices about map files.

    /// A line of a map file gives images of several registries the same name.
    MAP_ONE_NAME = Notice "N0901";
    /// A line of a map file for a glob keeps only the last segment of an image.
    MAP_NAME_ALONE = Notice "N0902";
    /// An entry of `noswap_wildcards` matches anywhere in an image.
    MAP_ANYWHERE = Notice "N0903";
    /// A map file has a line for Docker Hub's official images, but none for its other images.
    MAP_OFFICIAL_ALONE = Notice "N0904";
    /// A line of a map file passes the port of an image on to its target.
    MAP_PORT_HANDED_ON = Notice "N0905";
    /// The value of a line of a map file becomes part of the registry.
    MAP_PREFIX_ON_REGISTRY = Notice "N0906";

    // W09: warnings about map files.

    /// A line of a map file is neither `KEY::VALUE` nor `KEY:VALUE`, so it is ignored.
    MAP_LINE_SKIPPED = Warning "W0901";
    /// A line of a map file is split at a single colon.
    MAP_SINGLE_COLON = Warning "W0902";
    /// A line of a map file has no effect, because a later line has the same key.
    MAP_KEY_REPLACED = Warning "W0903";
    /// The value of a line of a map file never produces a valid image.
    MAP_UNUSABLE_VALUE = Warning "W0904";
    /// The result of a line of a map file is swapped again at the next admission.
    MAP_MOVED_AGAIN = Warning "W0905";
    /// A line of a map file has no effect, because there is no line `default`.
    MAP_NO_DEFAULT = Warning "W0906";
    /// An empty entry of `noswap_wildcards` keeps all images that no line names.
    MAP_EMPTY_ENTRY = Warning "W0907";
    /// A `default` that ends in `-` repeats the registry in the result.
    MAP_REGISTRY_TWICE = Warning "W0908";
    /// The key of a registry has a path, so it matches nothing.
    MAP_PATH_IN_KEY = Warning "W0909";
    /// No image can match a key of a map file or an entry of `noswap_wildcards`.
    MAP_MATCHES_NOTHING = Warning "W0910";
}

impl Code {
    /// Returns the code as users see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.code
    }

    /// Returns the severity of its findings.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.severity
    }

    /// Returns its meaning, in one sentence.
    #[must_use]
    pub fn summary(self) -> &'static str {
        // A doc comment begins with a space.
        self.summary.trim_ascii_start()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

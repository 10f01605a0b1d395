//! The registry of codes. A code is never used again for something else, and each has a heading in
//! `docs/errors.md`.

use std::fmt;

/// What kind of finding it is: a letter and four digits for errors and notes on files, a name for lints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    code: &'static str,
    summary: &'static str,
}

macro_rules! codes {
    ($(#[doc = $summary:literal] $name:ident = $code:literal;)*) => {
        impl Code {
            $(
                #[doc = $summary]
                pub const $name: Self = Self {
                    code: $code,
                    summary: $summary,
                };
            )*

            /// Every code there is, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    // E01: the text of a rules file.

    /// A file of rules does not begin with `rules v1`.
    MISSING_HEADER = "E0101";
    /// The version behind `rules` is none that this release reads.
    UNKNOWN_VERSION = "E0102";
    /// A line begins with a word that begins no statement.
    UNKNOWN_STATEMENT = "E0103";
    /// Braces hold a name that is no constant, capture or part of the image.
    UNKNOWN_PLACEHOLDER = "E0104";
    /// A statement is indented.
    INDENT = "E0105";
    /// Something else stands where a word of a certain kind has to.
    SYNTAX = "E0106";
    /// A control character, or white space of an unusual kind.
    CHARACTER = "E0107";
    /// A quote stands where none may, or is not closed.
    QUOTES = "E0108";
    /// An unknown escape in a text in quotes.
    ESCAPE = "E0109";
    /// The same thing is said twice of a rule.
    TWICE = "E0110";
    /// A statement goes on behind its end.
    UNEXPECTED = "E0111";
    /// A second `rules` statement, or one that is not the first.
    HEADER_AGAIN = "E0112";
    /// A statement is longer than 4,096 bytes.
    STATEMENT_TOO_LONG = "E0113";
    /// A set has more rules than allowed.
    TOO_MANY_RULES = "E0114";
    /// A brace that does not open or close a placeholder.
    BRACE = "E0115";
    /// A file is not UTF-8.
    NOT_UTF8 = "E0116";
    /// A file is longer than allowed.
    FILE_TOO_LONG = "E0117";
    /// A second map file.
    SECOND_MAP = "E0118";
    /// A directory holds directories, and no rules itself.
    ONLY_DIRECTORIES = "E0119";
    /// A set has more files than allowed.
    TOO_MANY_FILES = "E0120";

    // E02: names and constants.

    /// A name that may not be one.
    BAD_NAME = "E0201";
    /// A name that means something else.
    RESERVED_NAME = "E0202";
    /// Two rules have one name.
    NAME_TWICE = "E0203";
    /// A constant is defined twice.
    CONSTANT_TWICE = "E0204";
    /// A constant holds what can't stand where it is used.
    CONSTANT_VALUE = "E0205";
    /// With its constants put in, a word is too long.
    CONSTANT_TOO_LONG = "E0206";
    /// `allow` names no lint.
    UNKNOWN_LINT = "E0207";
    /// `off` names no rule.
    UNKNOWN_RULE = "E0208";
    /// `off` in a file with a condition names a rule of another file.
    FOREIGN_RULE = "E0209";
    /// `home` in a file with a condition.
    CONFINED_HOME = "E0210";

    // E03: patterns.

    /// A pattern holds a character that no image has.
    PATTERN_CHARACTER = "E0301";
    /// A pattern is a registry without a `/` behind it.
    BARE_REGISTRY_PATTERN = "E0302";
    /// A pattern is `*` alone.
    STAR_ALONE = "E0303";
    /// A tag or a digest stands right behind a `/`.
    TAG_AFTER_SLASH = "E0304";
    /// `**` stands beside something else in a segment.
    STARS_IN_SEGMENT = "E0305";
    /// A pattern or a target has an empty segment.
    EMPTY_SEGMENT = "E0306";
    /// A pattern or a target ends in `:` or `@`.
    EMPTY_TAG = "E0307";
    /// A pattern or a target has two tags, two digests, or a tag behind the digest.
    TWO_TAGS = "E0308";
    /// The registry of a pattern can be none.
    PATTERN_REGISTRY = "E0309";
    /// A glob behind `written` is broken.
    WRITTEN_GLOB = "E0310";
    /// A prefix behind `home` is none.
    HOME_PREFIX = "E0311";

    // E04: targets.

    /// A target without a registry.
    NO_REGISTRY = "E0401";
    /// The registry of a target can be none.
    TARGET_REGISTRY = "E0402";
    /// A placeholder stands in the registry of a target.
    REGISTRY_PLACEHOLDER = "E0403";
    /// A target ends in `/`, but the pattern does not.
    NOTHING_BELOW = "E0404";
    /// A target gives all images below the pattern one name.
    ALL_BECOME_ONE = "E0405";
    /// A target holds a wildcard.
    TARGET_WILDCARD = "E0406";
    /// A target, or a part of it, can be no image.
    TARGET_CHARACTER = "E0407";
    /// A target is a registry alone.
    NO_PATH = "E0408";
    /// A target puts a digest where the tag stands.
    DIGEST_AS_TAG = "E0409";

    // E05: conditions.

    /// An unknown condition.
    UNKNOWN_CONDITION = "E0501";
    /// A value that the thing asked about never has.
    UNKNOWN_VALUE = "E0502";
    /// The key of a label or an annotation is missing, or there are several.
    KEY = "E0503";

    // E06: the set as a whole.

    /// Rules lead back to themselves.
    CIRCLE = "E0601";
    /// A `home` line is needed.
    NO_HOME = "E0602";
    /// There are too many ways from rule to rule to show that deciding ends.
    UNPROVEN = "E0603";

    // E07: tests.

    /// A test of the set fails.
    TEST_FAILED = "E0701";
    /// The image of a test can't be read.
    TEST_IMAGE = "E0702";
    /// The setting of a test is not plain.
    TEST_SETTING = "E0703";

    // Lints, by the name that `allow` knows them by.

    /// A rule that no image reaches.
    NEVER_FIRES = "never-fires";
    /// Different images get one name.
    SHARED_TARGET = "shared-target";
    /// A pattern that no image can match.
    MATCHES_NOTHING = "matches-nothing";
    /// A swap whose every result is refused.
    ALWAYS_REFUSED = "always-refused";
    /// A wildcard for the hosts below a registry that leaves out the registry itself.
    BARE_REGISTRY = "bare-registry";
    /// A test in which no rule has a part.
    IDLE_TEST = "idle-test";
    /// A target that repeats the image's tag, and drops its digest by that.
    STAYS_ANYWAY = "stays-anyway";

    // N: what is worth knowing.

    /// A rule is off.
    RULE_OFF = "N0101";
    /// A rule's `allow` names a lint that is not about rules.
    ALLOW_WITHOUT_EFFECT = "N0102";

    // N09: map files.

    /// Images of several registries get one name by a line of a map file.
    MAP_ONE_NAME = "N0901";
    /// A line of a map file for a glob keeps the last segment of an image alone.
    MAP_NAME_ALONE = "N0902";
    /// An entry of `noswap_wildcards` counts wherever it occurs in an image.
    MAP_ANYWHERE = "N0903";
    /// A map file has a line for Docker Hub's official images and none for the others.
    MAP_OFFICIAL_ALONE = "N0904";
    /// A line of a map file hands the port of an image on to its target.
    MAP_PORT_HANDED_ON = "N0905";
    /// The value of a line of a map file becomes a part of the registry.
    MAP_PREFIX_ON_REGISTRY = "N0906";

    // W09: map files.

    /// A line of a map file is neither `KEY::VALUE` nor `KEY:VALUE` and is skipped.
    MAP_LINE_SKIPPED = "W0901";
    /// A line of a map file is split at a single colon.
    MAP_SINGLE_COLON = "W0902";
    /// A line of a map file has no effect, since a later one has the same key.
    MAP_KEY_REPLACED = "W0903";
    /// No valid image can come of the value of a line of a map file.
    MAP_UNUSABLE_VALUE = "W0904";
    /// What a line of a map file makes of an image is moved on at the next admission.
    MAP_MOVED_AGAIN = "W0905";
    /// A line of a map file does nothing, since there is no line `default`.
    MAP_NO_DEFAULT = "W0906";
    /// An empty entry of `noswap_wildcards` keeps all images that no line names.
    MAP_EMPTY_ENTRY = "W0907";
    /// A `default` that ends in `-` puts the registry in twice.
    MAP_REGISTRY_TWICE = "W0908";
    /// The key of a registry has a path, and matches nothing.
    MAP_PATH_IN_KEY = "W0909";
    /// A key of a map file that no image can have, or an entry of `noswap_wildcards` that none holds.
    MAP_MATCHES_NOTHING = "W0910";
}

impl Code {
    /// The code as it is shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.code
    }

    /// What kind of finding it is, in a sentence.
    #[must_use]
    pub fn summary(self) -> &'static str {
        // A comment begins with a space.
        self.summary.trim_ascii_start()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

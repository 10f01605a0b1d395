//! The form of each statement, as help shows it.

/// Returns the form of a statement, for help.
pub(super) fn form_of(keyword: &str) -> &'static str {
    match keyword {
        "rules" => "write `rules v1`, or `rules v1 when CONDITION`",
        "let" => "write `let NAME = VALUE`, with a space on both sides of `=`",
        "home" => "write `home PREFIX/, PREFIX/`",
        "swap" => "write `swap PATTERN -> TARGET`, with a space on both sides of `->`",
        "off" => "write `off NAME`, or `off NAME because \"TEXT\"`",
        "test" => {
            "write `test IMAGE -> IMAGE`, `test IMAGE keep`, `test IMAGE deny` or `test IMAGE warn`, optionally \
             followed by `when` and its setting"
        }
        "keep" => {
            "write `keep PATTERN`, optionally followed by `when CONDITION`, `as NAME`, `because \"TEXT\"`, \
             `pull-secret SECRET`, `allow LINT`"
        }
        "deny" => {
            "write `deny PATTERN`, optionally followed by `when CONDITION`, `as NAME`, `because \"TEXT\"`, `allow \
             LINT`"
        }
        _ => {
            "write `warn PATTERN`, optionally followed by `when CONDITION`, `as NAME`, `because \"TEXT\"`, \
         `allow LINT`"
        }
    }
}

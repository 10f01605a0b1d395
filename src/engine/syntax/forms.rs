//! The form of each statement, as help shows it.

/// Returns the form of a statement, for help.
pub(super) fn form_of(keyword: &str) -> &'static str {
    match keyword {
        "rules" => "the form is `rules v1`, or `rules v1 when CONDITION`",
        "let" => "the form is `let NAME = VALUE`, with white space around the `=`",
        "home" => "the form is `home PREFIX/, PREFIX/`",
        "swap" => "the form is `swap PATTERN -> TARGET`, with white space around the `->`",
        "off" => "the form is `off NAME`, or `off NAME because \"TEXT\"`",
        "test" => {
            "the form is `test IMAGE -> IMAGE`, `test IMAGE keep`, `test IMAGE deny` or `test IMAGE warn`, and `when` with its setting"
        }
        "keep" => {
            "the form is `keep PATTERN`, then `when CONDITION`, `as NAME`, `because \"TEXT\"`, `pull-secret SECRET`, `allow LINT`"
        }
        "deny" => {
            "the form is `deny PATTERN`, then `when CONDITION`, `as NAME`, `because \"TEXT\"`, `allow LINT`"
        }
        _ => "the form is `warn PATTERN`, then `when CONDITION`, `as NAME`, `because \"TEXT\"`, `allow LINT`",
    }
}

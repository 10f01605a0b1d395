//! Points in time, as people read them.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::macros::format_description;

use super::html::Html;
use crate::findings::counted;

/// Adds a time, with its distance from now.
pub(super) fn moment(html: &mut Html, time: impl Into<OffsetDateTime>) {
    let time = time.into().to_offset(time::UtcOffset::UTC);
    let machine = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let people = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    html.raw("<time datetime=\"")
        .text(time.format(machine).unwrap_or_default())
        .raw("\">")
        .text(time.format(people).unwrap_or_default())
        .raw("</time> <span class=\"quiet\">")
        .text(distance(
            (time - OffsetDateTime::from(SystemTime::now())).whole_seconds(),
        ))
        .raw("</span>");
}

/// Returns a number of seconds from now in the largest unit: `in 3 days`, `5 minutes ago`.
fn distance(seconds: i64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let passed = seconds.unsigned_abs();
    let unit = units.into_iter().find(|(length, _)| passed >= *length);
    let Some((length, name)) = unit else {
        return "now".to_owned();
    };
    let count = counted(usize::try_from(passed / length).unwrap_or(usize::MAX), name);
    if seconds < 0 {
        format!("{count} ago")
    } else {
        format!("in {count}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_in_the_largest_unit() {
        let texts = [0, -1, 59, -3_600, 172_799, 864_000].map(distance);
        let expected = [
            "now",
            "1 second ago",
            "in 59 seconds",
            "1 hour ago",
            "in 1 day",
            "in 10 days",
        ];
        assert_eq!(texts, expected);
    }
}

//! Numbers with their nouns.

/// Returns a number with its noun: `1 rule`, `2 rules`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Returns a number with commas between the thousands: `1,048,576`. A number of four digits is easy to read without.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_have_commas() {
        for (count, text) in [
            (0, "0"),
            (9999, "9999"),
            (10_000, "10,000"),
            (123_456, "123,456"),
            (1_047_576, "1,047,576"),
        ] {
            assert_eq!(grouped(count), text);
        }
        assert_eq!(counted(1, "rule"), "1 rule");
        assert_eq!(counted(100_000, "rule"), "100,000 rules");
    }
}

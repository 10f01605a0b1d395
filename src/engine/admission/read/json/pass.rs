//! Skipping values, and the check that they are valid JSON.
//!
//! The inlined functions are a few instructions long and run for every token: without `inline`, a large review took a
//! tenth longer.

use super::reader::{Json, Malformed, Result};

impl Json<'_> {
    /// Skips a value, without recursion, so that its depth costs no stack.
    pub(in crate::admission::read) fn skip(&mut self) -> Result<()> {
        let outside = self.open.len();
        loop {
            match self.next_token() {
                Some(b'"') => {
                    self.pass_string()?;
                }
                Some(opening @ (b'{' | b'[')) => {
                    self.at += 1;
                    let closing = if opening == b'{' { b'}' } else { b']' };
                    if self.next_token() == Some(closing) {
                        self.at += 1;
                    } else {
                        self.open.push(opening);
                        if opening == b'{' {
                            self.pass_key()?;
                        }
                        continue;
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.pass_number()?,
                Some(b't') => self.pass_word("true")?,
                Some(b'f') => self.pass_word("false")?,
                Some(b'n') => self.pass_word("null")?,
                _ => return Err(Malformed),
            }
            // A value has ended, and with it perhaps the values around it.
            loop {
                if self.open.len() == outside {
                    return Ok(());
                }
                let is_object = self.open.last() == Some(&b'{');
                if self.goes_on(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        self.pass_key()?;
                    }
                    break;
                }
                self.open.pop();
            }
        }
    }

    /// Reads what follows a member or an element: a comma or the closing bracket.
    #[inline]
    pub(super) fn goes_on(&mut self, closing: u8) -> Result<bool> {
        let token = self.next_token();
        self.at += 1;
        match token {
            Some(b',') => Ok(true),
            Some(token) if token == closing => Ok(false),
            _ => Err(Malformed),
        }
    }

    fn pass_key(&mut self) -> Result<()> {
        if self.next_token() != Some(b'"') {
            return Err(Malformed);
        }
        self.pass_string()?;
        self.take(b':')
    }

    #[inline]
    pub(super) fn take(&mut self, token: u8) -> Result<()> {
        if self.next_token() != Some(token) {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    /// Skips a string from its first character to its closing quote. Returns true if it has an escape.
    #[inline]
    pub(super) fn pass_string(&mut self) -> Result<bool> {
        let mut has_escape = false;
        self.at += 1;
        loop {
            self.at += plain(self.bytes().get(self.at..).unwrap_or_default());
            match self.bytes().get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(has_escape);
                }
                Some(b'\\') => {
                    has_escape = true;
                    self.at += match self.bytes().get(self.at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') => {
                            let digits = self.bytes().get(self.at + 2..self.at + 6).ok_or(Malformed)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return Err(Malformed);
                            }
                            6
                        }
                        _ => return Err(Malformed),
                    };
                }
                // A control character, or the end of the text.
                _ => return Err(Malformed),
            }
        }
    }

    fn pass_number(&mut self) -> Result<()> {
        if self.bytes().get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match self.bytes().get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.pass_digits()?,
        }
        if self.bytes().get(self.at) == Some(&b'.') {
            self.at += 1;
            self.pass_digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes().get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes().get(self.at) {
                self.at += 1;
            }
            self.pass_digits()?;
        }
        Ok(())
    }

    /// Skips digits, at least one.
    fn pass_digits(&mut self) -> Result<()> {
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(Malformed) } else { Ok(()) }
    }

    fn pass_word(&mut self, word: &str) -> Result<()> {
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Malformed);
        }
        self.at += word.len();
        Ok(())
    }

    /// Returns the first byte after white space.
    #[inline]
    pub(super) fn next_token(&mut self) -> Option<u8> {
        loop {
            match self.bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                token => return token.copied(),
            }
        }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// Returns the number of bytes before the first quote, backslash or control character, eight bytes at a time.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // A zero byte has its high bit set in the result, and no byte before the first zero byte has.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5C)) | controls;
        if found != 0 {
            return index * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let is_special = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    words.len() * 8 + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns true if the reader accepts a text as JSON.
    fn is_json(text: &str) -> bool {
        let mut json = Json::new(text);
        json.skip().and_then(|()| json.end()).is_ok()
    }

    fn oracle(text: &str) -> bool {
        serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    }

    #[test]
    fn reader_accepts_the_same_json_as_the_library() {
        let cases = [
            "",
            " ",
            "1",
            "-",
            "-0",
            "00",
            "01",
            "1.",
            "1.5",
            ".5",
            "1e",
            "1e+",
            "1e+5",
            "1E-05",
            "-1.5e3",
            "tru",
            "true",
            "truex",
            "null",
            "nul",
            "\"",
            "\"a",
            "\"a\"",
            "\"\\\"",
            "\"\\\"\"",
            "\"\\u12\"",
            "\"\\u12aF\"",
            "\"\\x\"",
            "\"\n\"",
            "\"\u{7f}é\"",
            "[",
            "]",
            "[]",
            "[,]",
            "[1,]",
            "[1 2]",
            "[1,2]",
            "[[[]]]",
            "[}",
            "{}",
            "{",
            "{1:2}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1}",
            "{\"a\":1]",
            "{\"a\":[{}, {\"b\":null}]} ",
            "{} {}",
            "\t\r\n{}",
            "\u{a0}1",
            "{\"a\" : 1 , \"b\":2}",
        ];
        for text in cases {
            assert_eq!(is_json(text), oracle(text), "{text:?}");
        }
    }

    #[test]
    fn nesting_takes_no_stack() {
        let deep = "[{\"a\":".repeat(500_000) + "1" + &"}]".repeat(500_000);
        assert!(is_json(&deep));
    }

    const REVIEW: &str = include_str!("../../../../../tests/conformance/reviews/002-create-pods-rich.json");

    proptest! {
        #[test]
        fn reader_agrees_with_the_library_on_damaged_reviews(
            at in 0..REVIEW.len(), length in 0..4usize, put in "[\\[\\]{}:,\"\\\\ 0-9a-z\n]{0,3}",
        ) {
            let (start, end) = (REVIEW.floor_char_boundary(at), REVIEW.ceil_char_boundary(at + length));
            let damaged = [&REVIEW[..start], &put, &REVIEW[end..]].concat();
            prop_assert_eq!(is_json(&damaged), oracle(&damaged));
        }

        #[test]
        fn plain_bytes_end_at_the_first_special_byte(bytes in prop::collection::vec(
            prop_oneof![4 => 0x20..=0xFFu8, 1 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\')], 0..40)) {
            let expected = bytes.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\').unwrap_or(bytes.len());
            prop_assert_eq!(plain(&bytes), expected);
        }

        #[test]
        fn reader_agrees_with_the_library_on_any_json_characters(text in "[\\[\\]{}:,\"\\\\ 019.eE+\\-truefalsn\\n/ué]{0,24}") {
            prop_assert_eq!(is_json(&text), oracle(&text));
        }
    }
}

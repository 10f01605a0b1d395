//! Entries of the page of errors, which a code host shows with a finding.

use imageswap_engine::diagnostic::Code;

const PAGE: &str = include_str!("../../../../docs/errors.md");

/// Entry of a code in the page of errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeEntry {
    code: Code,
    /// Text in Markdown, without the heading.
    pub(super) text: &'static str,
}

impl CodeEntry {
    pub(super) fn new(code: Code) -> Self {
        // A test asserts that each code has a heading.
        let (_, below) = PAGE.split_once(&format!("\n## {code}\n")).unwrap_or_default();
        let text = below.split("\n## ").next().unwrap_or_default().trim();
        Self { code, text }
    }

    /// Returns the address of the entry.
    pub(super) fn uri(self) -> String {
        let heading = self.code.as_str().to_ascii_lowercase();
        format!(
            "{}/blob/main/docs/errors.md#{heading}",
            env!("CARGO_PKG_REPOSITORY")
        )
    }

    /// Returns the first paragraph as one line.
    pub(super) fn first_paragraph(self) -> String {
        let paragraph = self.text.split("\n\n").next().unwrap_or_default();
        paragraph.replace('\n', " ")
    }
}

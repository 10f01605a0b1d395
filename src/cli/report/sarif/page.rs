//! What the page of errors says of a code, so that a code host shows it beside the finding.

use imageswap_engine::diagnostic::Code;

const PAGE: &str = include_str!("../../../../docs/errors.md");

/// The entry of a code.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeEntry {
    code: Code,
    /// In Markdown, without the heading.
    pub(super) text: &'static str,
}

impl CodeEntry {
    pub(super) fn new(code: Code) -> Self {
        // A test holds that each code has a heading.
        let (_, below) = PAGE.split_once(&format!("\n## {code}\n")).unwrap_or_default();
        let text = below.split("\n## ").next().unwrap_or_default().trim();
        Self { code, text }
    }

    /// Where the entry is to be read.
    pub(super) fn uri(self) -> String {
        let heading = self.code.as_str().to_ascii_lowercase();
        format!(
            "{}/blob/main/docs/errors.md#{heading}",
            env!("CARGO_PKG_REPOSITORY")
        )
    }

    /// The first paragraph, as one line.
    pub(super) fn first_paragraph(self) -> String {
        let paragraph = self.text.split("\n\n").next().unwrap_or_default();
        paragraph.replace('\n', " ")
    }
}

//! Formats of a result.

use clap::ValueEnum;
use clap::builder::PossibleValue;

/// Format of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    Human,
    /// One JSON object per line
    Json,
    /// One line of text per result
    Short,
}

/// Format of the findings of a command whose whole result is findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FindingsFormat {
    /// One by one.
    Each(Format),
    /// All in one log, for code hosts.
    Sarif,
}

impl ValueEnum for FindingsFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Each(Format::Human),
            Self::Each(Format::Json),
            Self::Each(Format::Short),
            Self::Sarif,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Each(format) => format.to_possible_value(),
            Self::Sarif => Some(PossibleValue::new("sarif").help("SARIF 2.1.0, for code hosts")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_have_every_format_of_a_result_and_sarif() {
        let forms = Format::value_variants().iter().copied().map(FindingsFormat::Each);
        let forms: Vec<FindingsFormat> = forms.chain([FindingsFormat::Sarif]).collect();
        assert_eq!(FindingsFormat::value_variants(), forms);
    }
}
